import type { StartRun } from '../commands.ts';
import type { RunEvent } from '../events.ts';
import { CURRENT_RULES } from '../rules.ts';
import type { RunState } from '../state.ts';
import type { DecisionContext } from './decision-context.ts';
import { reject } from './rejection.ts';

export function startRun(state: RunState, command: StartRun, context: DecisionContext): readonly RunEvent[] {
  if (state.status !== 'none') {
    return [reject(command, 'REPRISE_RUN_EXISTS', `The run '${command.runId}' exists already.`, context)];
  }
  const at = context.now;
  return [
    {
      type: 'RunStarted',
      at,
      runId: command.runId,
      commandId: command.commandId,
      definition: command.definition,
      definitionHash: command.definitionHash,
      input: command.input,
      ...(command.inputFrom === undefined ? {} : { inputFrom: command.inputFrom }),
      ...(command.traceparent === undefined ? {} : { traceparent: command.traceparent }),
      ...(command.tenant === undefined ? {} : { tenant: command.tenant }),
      ...(command.labels === undefined ? {} : { labels: command.labels }),
      ...(command.strategies === undefined ? {} : { strategies: command.strategies }),
      ...(command.budget === undefined ? {} : { budget: command.budget }),
      ...(command.lineage === undefined ? {} : { lineage: command.lineage }),
      ...(command.parent === undefined ? {} : { parent: command.parent }),
      rules: command.rules ?? CURRENT_RULES,
    },
  ];
}
