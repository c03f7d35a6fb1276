import { teamConformance } from '@reprise/conformance';
import type { AgentTask } from '@reprise/core';
import type { ScriptFunction } from '@reprise/core/testing';
import { createHierarchicalStrategy, type ManagerTask } from '../src/index.ts';
import { progress } from './support.ts';

/** Plans two steps, has the second done again once, and ends with it. */
const editor = (({ input }: AgentTask<ManagerTask>) => {
  const { ask, news } = input;
  if (ask === 'plan')
    return {
      do: [
        {
          plan: [
            { step: 'draft', work: 'write', to: 'writer' },
            { step: 'check', work: 'criticise', to: 'critic', after: ['draft'] },
          ],
        },
      ],
    };
  const said = news.map(({ step, status, attempts = 0 }) =>
    status === 'completed' && step === 'check' && attempts < 2
      ? { reject: step, feedback: 'look again' }
      : { accept: step },
  );
  const isDone = said.some((one) => 'accept' in one && one.accept === 'check');
  return { progress: progress('', { satisfied: isDone }), do: [...said, ...(isDone ? [{ finishWith: 'check' }] : [])] };
}) as unknown as ScriptFunction;

teamConformance('hierarchical', {
  create: () => createHierarchicalStrategy(),
  spec: { goal: 'A report', manager: 'editor', workers: ['writer', 'critic'] },
  agents: { editor, writer: () => 'text', critic: () => 'fine' },
});
