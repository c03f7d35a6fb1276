import { type Json, parseWorkflow } from '@reprise/core';
import type { Stage, Work } from './recorder.ts';
import { say } from './say.ts';
import type { Scenario } from './scenario.ts';
import { SCENARIO_OF_ADDED } from './scenarios-added.ts';
import { SCENARIO_OF_AGENTS } from './scenarios-agents.ts';
import { SCENARIOS_OF_BLOCKS } from './scenarios-blocks.ts';
import { SCENARIO_OF_BUDGETS } from './scenarios-budgets.ts';
import { SCENARIO_OF_CHANGES } from './scenarios-changed.ts';
import { SCENARIO_OF_COMMANDS } from './scenarios-commands.ts';
import { SCENARIOS_OF_DIRECTIVES } from './scenarios-directives.ts';
import { SCENARIOS_OF_FORMS } from './scenarios-forms.ts';
import { SCENARIOS_OF_GOING_ON } from './scenarios-going-on.ts';
import { SCENARIO_OF_GOTO } from './scenarios-goto.ts';
import { SCENARIOS_OF_LISTS } from './scenarios-lists.ts';
import { SCENARIO_OF_MESSAGES } from './scenarios-messages.ts';
import { SCENARIO_OF_SHARING } from './scenarios-sharing.ts';
import { SCENARIOS_OF_SOURCES } from './scenarios-sources.ts';
import { SCENARIOS_OF_TEAMS } from './scenarios-teams.ts';
import { SCENARIO_OF_TURNS } from './scenarios-turns.ts';
import { SCENARIOS_OF_UNDOING } from './scenarios-undoing.ts';

const fail = (code: string, retryable = true): never => {
  throw Object.assign(new Error(`${code}, said the agent`), { code, retryable });
};

const echo: Work = ({ input }) => input;

const REPORT = parseWorkflow(`
name: report
version: "2"
description: Every way on that a task can take
tasks:
  list: { agent: lister }
  inspect:
    agent: inspector
    after: list
    forEach: { items: outputs.list.names, concurrency: 2, onItemFailure: continue }
    input: { name: "\${ item }", place: "\${ index }" }
    retry: { maxAttempts: 2, initialDelay: 100ms, jitter: 0.5, nonRetryable: [GONE] }
  audit:
    agent: auditor
    after: inspect
    retry: 1
    fallback: { task: manual }
  manual: { agent: person }
  guess:
    agent: guesser
    after: list
    priority: 5
    retry: 1
    fallback: { value: { guess: none } }
  translate:
    agent: translator
    after: list
    retry: 1
    fallback: { agent: person }
  legal: { agent: lawyer, after: audit, when: "outputs.audit.suspicious", delivery: at-most-once }
  appeal: { agent: lawyer, after: legal }
  court: { agent: lawyer, after: audit, when: "!outputs.audit.suspicious", delivery: at-most-once }
  write: { agent: writer, after: [audit, legal, court, guess, translate] }
  check:
    agent: checker
    after: write
    repeat: { from: write, until: output.complete, max: 3 }
output: { report: "\${ outputs.check.report }", legal: "\${ outputs.legal }" }
`);

const CONTAINED = parseWorkflow(`
name: contained
tasks:
  each:
    agent: lister
    forEach: input
    timeout: { all: 10m }
    fallback: { value: late }
  write: { agent: writer, when: "feedback == null || feedback.round < 2" }
  check: { agent: critic, after: write, repeat: { from: write, until: output.good, max: 5 } }
  call: { agent: busy, timeout: { task: 1m }, fallback: { task: hand } }
  hand: { agent: person }
output: { each: "\${ outputs.each }", draft: "\${ outputs.write.draft }", last: "\${ outputs.check }", hand: "\${ outputs.call.error }" }
`);

const reportWork: Readonly<Record<string, Work>> = {
  lister: () => ({ names: ['ant', 'bee', 'cat', 'dog'] }),
  inspector: ({ input, attempt }: { input: { name: string }; attempt: number }) => {
    if (input.name === 'bee' && attempt === 1) fail('BUSY');
    if (input.name === 'cat') fail('GONE');
    return { ...input, length: input.name.length };
  },
  auditor: () => fail('NO_AUDIT'),
  person: ({ input }: { input: Json }) => ({ suspicious: false, handed: input }),
  guesser: () => fail('NO_IDEA'),
  translator: () => fail('NO_WORDS'),
  lawyer: ({ taskId }) => ({ verdict: taskId }),
  writer: ({ round }) => ({ text: `zażółć, round ${round}` }),
  checker: ({ input, round }: { input: { text: string }; round: number }) => ({
    complete: round === 2,
    report: input.text,
  }),
};

const STEPS = parseWorkflow(`
name: steps
timeout: 1h
tasks:
  first: { agent: worker, timeout: { attempt: 10s }, retry: { maxAttempts: 3, initialDelay: 1s, jitter: 0 } }
  each:
    agent: worker
    after: first
    forEach: { items: "[1, 2, 3]", concurrency: 1 }
    retry: { maxAttempts: 2, initialDelay: 1m, jitter: 0 }
  last: { agent: worker, after: each, timeout: { task: 5m } }
`);

/** A run of STEPS whose second item fails for good. */
async function playFailure(stage: Stage): Promise<string> {
  let mended = false;
  const worker: Work = ({ taskId }) => (taskId === 'each.1' && !mended ? fail('BROKEN', false) : { did: taskId });
  const reprise = await stage.start(STEPS, { worker });
  await reprise.startRun(STEPS, { n: 1 }, { id: 'failed-1' });
  await stage.toEnd('failed-1');
  mended = true;
  await reprise.retryRun('failed-1', { id: 'retried-1' });
  await stage.toEnd('retried-1');
  return 'failed-1';
}

/** By name of the file. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...SCENARIOS_OF_BLOCKS,
  ...SCENARIOS_OF_FORMS,
  ...SCENARIO_OF_ADDED,
  ...SCENARIOS_OF_LISTS,
  ...SCENARIO_OF_CHANGES,
  ...SCENARIO_OF_COMMANDS,
  ...SCENARIOS_OF_DIRECTIVES,
  ...SCENARIO_OF_MESSAGES,
  ...SCENARIO_OF_GOTO,
  ...SCENARIOS_OF_UNDOING,
  ...SCENARIOS_OF_SOURCES,
  ...SCENARIOS_OF_GOING_ON,
  ...SCENARIO_OF_SHARING,
  ...SCENARIO_OF_BUDGETS,
  ...SCENARIOS_OF_TEAMS,
  ...SCENARIO_OF_TURNS,
  ...SCENARIO_OF_AGENTS,
  report: {
    about:
      'Completed: conditions, items with a retry and a gap, the three fallbacks, a repeat, a skip by condition and one by dependencies, at-most-once.',
    async play(stage) {
      const reprise = await stage.start(REPORT, reportWork);
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      await reprise.startRun(REPORT, { folder: '.' }, { id: 'report-1', requestId: 'request-1', traceparent });
      await stage.toEnd('report-1');
      return 'report-1';
    },
  },
  cancelled: {
    about: 'Cancelled by its user while an attempt ran, after a pause, a second pause that was rejected, and a resume.',
    async play(stage) {
      const reprise = await stage.start(STEPS, { worker: async (_task, _context, sleep) => sleep(5000) });
      const run = await reprise.startRun(STEPS, null, { id: 'cancelled-1' });
      await run.pause('lunch');
      await run.pause().catch(() => undefined);
      await run.resume();
      await stage.time.quiet();
      await run.cancel('no longer wanted');
      await stage.toEnd('cancelled-1');
      return 'cancelled-1';
    },
  },
  failed: { about: 'Failed: an item failed for good, so its task did, so the run did.', play: playFailure },
  retried: {
    about:
      'Went on from the results of the run in failed.ndjson: adopted a task, the items of another and those that were done.',
    async play(stage) {
      await playFailure(stage);
      return 'retried-1';
    },
  },
  late: {
    about:
      'An attempt timed out and its result came late; a retry was made at once by hand; then the run took too long.',
    async play(stage) {
      const never = (): Promise<never> => new Promise(() => undefined);
      const worker: Work = ({ taskId, attempt }) => {
        if (taskId === 'first') return attempt === 1 ? never() : { did: taskId };
        if (taskId === 'each.0' && attempt === 1) return fail('BUSY');
        return taskId === 'each.1' ? never() : { did: taskId };
      };
      const reprise = await stage.start(STEPS, { worker });
      const runId = 'late-1';
      await reprise.startRun(STEPS, [1, 2], { id: runId });
      const happened = (type: string, taskId: string) => async (): Promise<boolean> =>
        (await stage.history(runId)).some((event) => event.type === type && event.data['taskId'] === taskId);
      await stage.until(happened('TaskAttemptFailed', 'first'));
      const late = { runId, taskId: 'first', attempt: 1, commandId: 'late-result' };
      await say(stage, { type: 'CompleteTask', ...late, output: { did: 'too late' } });
      await stage.until(happened('TaskAttemptFailed', 'each.0'));
      await reprise.retryRun(runId);
      await stage.toEnd(runId);
      return runId;
    },
  },
  contained: {
    about:
      'By rules 2: parked and resumed; a list whose time was up; a loop whose third round was skipped; a large payload; a failure with status, details and cause.',
    async play(stage) {
      const runId = 'contained-1';
      const never = (): Promise<never> => new Promise(() => undefined);
      const reprise = await stage.start(CONTAINED, {
        lister: ({ taskId }) => (taskId === 'each.0' ? { did: taskId } : never()),
        writer: ({ round }) => ({ draft: round, text: 'long '.repeat(200) }),
        critic: ({ round }) => ({ good: false, round }),
        busy: () => {
          const details = { status: 429, code: 'BUSY', details: { bucket: 'a' }, retryAfterMs: 3_600_000 };
          throw Object.assign(new Error('rate limited'), details);
        },
        person: ({ input }) => input,
      });
      await reprise.startRun(CONTAINED, [1, 2], { id: runId });
      const error = {
        code: 'REPRISE_UNDECIDABLE',
        message: 'FireTimer could not be decided: a fault',
        retryable: false,
      };
      await stage.submit({ type: 'ParkRun', runId, commandId: 'park-1', error, command: 'FireTimer' } as never);
      await stage.until(async () => (await stage.history(runId)).some(({ type }) => type === 'RunParked'));
      await reprise.run(runId).resume();
      await stage.toEnd(runId);
      return runId;
    },
  },
  restarted: {
    about:
      'The process stopped in the middle of an attempt; the next one took it for lost, made it again, and completed the run.',
    async play(stage) {
      const runId = 'restarted-1';
      let reached = false;
      const stuck: Work = ({ taskId, input }) => {
        if (taskId !== 'each.1') return input ?? taskId;
        reached = true;
        return new Promise(() => undefined);
      };
      const before = await stage.start(STEPS, { worker: stuck });
      await before.startRun(STEPS, null, { id: runId });
      await stage.until(async () => reached);
      await stage.start(STEPS, { worker: echo });
      await stage.toEnd(runId);
      return runId;
    },
  },
};
