import { parseWorkflow, type Workflow } from '@reprise/core';
import type { Scenario } from './scenario.ts';

const SHARED = parseWorkflow(`
name: shared
tasks:
  book: { agent: book, mutex: { key: room, across: workflow }, retry: 1, fallback: [{ agent: other, input: { because: "\${ error.code }" } }, { value: none }] }
  watch: { agent: watch, while: status.book != 'completed' }
  look: { agent: look }
  stop: { cancel: look, after: book }
  after: { agent: book, after: [look, book] }
`) as Workflow;

export const SCENARIO_OF_SHARING: Readonly<Record<string, Scenario>> = {
  shared: {
    about:
      'Waited for a mutex that another run had; two fallbacks one after the other; a task that was cancelled because its while held no longer, and one that a cancel named.',
    async play(stage) {
      const fails = (code: string) => async (): Promise<never> => {
        throw Object.assign(new Error(`${code}!`), { code });
      };
      const forEver = (_task: unknown, { signal }: { readonly signal: AbortSignal }): Promise<never> =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        });
      const reprise = await stage.start(SHARED, {
        book: async ({ taskId }, _context, sleep) => {
          await sleep(1000);
          return taskId === 'after' ? 'after' : await fails('TAKEN')();
        },
        other: fails('FULL'),
        watch: forEver,
        look: forEver,
      });
      await reprise.startRun(SHARED, null, { id: 'shared-1' });
      await reprise.startRun(SHARED, null, { id: 'shared-2' });
      await stage.toEnd('shared-1');
      await stage.toEnd('shared-2');
      return 'shared-2';
    },
  },
};
