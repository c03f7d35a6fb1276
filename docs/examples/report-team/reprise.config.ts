import { type AgentTask, defineAgent, defineConfig, parseWorkflow } from '@reprise/core';
import { hierarchicalScheduler, managerAgent, type WorkerTask } from '@reprise/scheduler-hierarchical';
import { critic, type Edition, editor, type Finding, type Verdict } from '@reprise-examples/dependency-dossier';
import { type Survey, survey } from './survey.ts';

// #region workers
const writer = defineAgent({
  name: 'writer',
  handle({ input, ...task }: AgentTask<WorkerTask<{ survey: Survey }, { outDir: string }>>, context) {
    const { folder, material } = input.results.survey;
    const findings = (input.feedback ?? []) as Finding[];
    return editor.handle({ ...task, input: { folder, outDir: input.input.outDir, material, findings } }, context);
  },
});
const checker = defineAgent({
  name: 'checker',
  handle({ input, ...task }: AgentTask<WorkerTask<{ survey: Survey; draft: Edition }>>, context) {
    const { survey: found, draft } = input.results;
    const given = { edition: draft, packages: found.material.packages, review: found.flagged };
    return critic.handle({ ...task, input: given }, context);
  },
});
// #endregion

// #region manager
/** Knows by rules what a model would know by its prompt. */
const lead = managerAgent({
  name: 'lead',
  decide({ ask, input, news: [news] }) {
    const { folder, outDir } = input as { folder: string; outDir: string };
    const plan = [
      { step: 'survey', work: 'Find out what the project depends on.', to: 'survey', input: { folder } },
      { step: 'draft', work: 'Write the report.', to: 'writer', after: ['survey'], input: { outDir } },
      { step: 'check', work: 'Compare the two.', to: 'checker', after: ['survey', 'draft'] },
    ];
    if (ask !== 'next' || news === undefined) return { do: [{ plan }] };
    const { step, status, output } = news;
    const progress = { satisfied: false, progressing: true, looping: false, next: `${step} is ${status}` };
    if (status !== 'completed') return { progress, do: [{ giveUp: `There is no ${step}.` }] };
    if (step === 'draft' && (output as unknown as Edition).edition === 'short')
      return { progress, do: [{ reject: 'draft', feedback: [{ code: 'SHORT', message: 'Not all', paths: [] }] }] };
    if (step !== 'check') return { progress, do: [{ accept: step }] };
    const { complete } = output as unknown as Verdict;
    return { progress, do: [complete ? { finishWith: 'draft' } : { giveUp: 'It does not fit the survey.' }] };
  },
});
// #endregion

// #region team
const report = parseWorkflow(`
name: report
strategy:
  name: hierarchical
  goal: A complete report of what the project depends on
  manager: lead
  workers: [{ workflow: survey }, writer, checker]
budget: { delegations: 20 }
tasks: {}
`);
// #endregion

export default defineConfig({
  workflows: [report, survey],
  agents: [lead, writer, checker],
  plugins: [hierarchicalScheduler()],
});
