import type { Command } from './commands.ts';
import { decide } from './decide.ts';
import type { DecisionContext } from './decisions/decision-context.ts';
import type { RunEvent } from './events.ts';
import { evolve } from './evolve.ts';
import { settle } from './settle.ts';
import { isTerminal, type RunState } from './state.ts';

/**
 * One command, through to rest: decides, folds, and settles until nothing more follows. Returns the events, which are folded
 * into `state` already. A rejection that no stream may take (no run, or an ended one) is returned and not folded.
 */
export function handle(state: RunState, command: Command, context: DecisionContext): readonly RunEvent[] {
  const decided = decide(state, command, context);
  const closed = state.status === 'none' ? decided[0]?.type === 'CommandRejected' : isTerminal(state.status);
  if (closed || decided.length === 0) return decided;
  const events = [...decided];
  for (const event of decided) evolve(state, event);
  for (let more = settle(state, context); more.length > 0; more = settle(state, context)) {
    for (const event of more) evolve(state, event);
    events.push(...more);
  }
  return events;
}
