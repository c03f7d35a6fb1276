import { parseWorkflow } from '@reprise/core';
import type { Scenario } from './scenario.ts';

// By rules 4: what people are asked.

const PUBLISH = parseWorkflow(`
name: publish
tasks:
  draft: { agent: writer }
  approved: { after: draft, wait: { form: approval, assignee: "\${ input.editor }", escalate: [{ after: 1s, to: chief }] } }
  each: { after: approved, forEach: input.readers, wait: { form: { type: boolean }, assignee: "\${ item }", timeout: 1m, default: false } }
output: "\${ outputs }"
`);

export const SCENARIOS_OF_FORMS: Readonly<Record<string, Scenario>> = {
  asked: {
    about:
      'A form that went to another because nobody answered, was given to a third, and answered; a list of forms, of which one was answered and one had its default.',
    async play(stage) {
      const runId = 'asked-1';
      const reprise = await stage.start(PUBLISH, { writer: () => ({ text: 'News' }) });
      const run = await reprise.startRun(PUBLISH, { editor: 'kim', readers: ['ann', 'bob'] }, { id: runId });
      const count = async (type: string): Promise<number> =>
        (await stage.history(runId)).filter((event) => event.type === type).length;
      await stage.until(async () => (await count('FormAssigned')) === 1);
      await run.assign('approved', 'lee', { by: 'chief', requestId: 'assign-1' });
      await run.answer('approved', { decision: 'approve', comment: 'Good' }, { by: 'lee', requestId: 'answer-1' });
      await run.answer('each[1]', true, { requestId: 'answer-2' });
      await stage.toEnd(runId);
      return runId;
    },
  },
};
