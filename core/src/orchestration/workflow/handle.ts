import { type Command, UNRECORDED } from './commands.ts';
import { decide } from './decide.ts';
import type { DecisionContext } from './decisions/decision-context.ts';
import type { RunEvent } from './events.ts';
import { evolve } from './evolve.ts';
import { turnCost } from './payload-size.ts';
import { settle } from './settle.ts';
import { isTerminal, type RunState, type RunStatus, recordsRejections } from './state.ts';

/**
 * One command, through to rest: decides, folds, and settles until nothing more follows (or `context.sliceChars` are used up: the
 * rest is for settleOn). Returns the events, which are folded into `state` already. A rejection that no stream may take (no run,
 * an ended one, or one that is being copied) is returned and not folded.
 */
export function handle(state: RunState, command: Command, context: DecisionContext): readonly RunEvent[] {
  const decided = decide(state, command, context);
  if (isRefused(command, decided, state.status) || isTerminal(state.status) || decided.length === 0) return decided;
  for (const event of decided) fold(state, event, context);
  const noted = noteOn(state, context);
  if (context.settles === false) return noted.length === 0 ? decided : [...decided, ...noted];
  return [...decided, ...noted, ...settleOn(state, context)];
}

function noteOn(state: RunState, context: DecisionContext): readonly RunEvent[] {
  const notes = context.notes?.() ?? NOTHING;
  if (notes.length === 0) return NOTHING;
  const events = notes.flatMap((note) => decide(state, note, context));
  for (const event of events) fold(state, event, context);
  return events;
}

const NOTHING: readonly never[] = [];

/** Whether the command was refused in a way that no stream may take: an agent, or another run, hears of it, and one in a loop would fill the history. What is copied may begin with a refusal of then, which is none of the copy. */
export const isRefused = (command: Command, decided: readonly RunEvent[], status: RunStatus): boolean =>
  command.type !== 'CopyEvents' &&
  decided[0]?.type === 'CommandRejected' &&
  (UNRECORDED.has(command.type) || !recordsRejections(status));

/** Settles and folds until nothing more follows, or `context.sliceChars` are used up. */
export function settleOn(state: RunState, context: DecisionContext): readonly RunEvent[] {
  const events: RunEvent[] = [];
  const { sliceChars = Number.POSITIVE_INFINITY } = context;
  let chars = 0;
  while (chars <= sliceChars) {
    const more = settle(state, context);
    if (more.length === 0) break;
    for (const event of more) {
      fold(state, event, context);
      events.push(event);
      chars += turnCost(event);
    }
  }
  return events;
}

function fold(state: RunState, event: RunEvent, { folded }: DecisionContext): void {
  evolve(state, event);
  folded?.(event);
}
