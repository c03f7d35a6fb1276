import { enclosing } from '../../../shared/task-path.ts';
import type { CloseFork, StartRun } from '../commands.ts';
import { decide } from '../decide.ts';
import type { RunEvent } from '../events.ts';
import { evolve } from '../evolve.ts';
import { definitionOf, hasEnded, initialState, type RunState } from '../state.ts';

const CONTEXT = { random: () => 0, maxPayloadChars: Number.POSITIVE_INFINITY } as const;

/** What a run that goes on from another one begins with, without there being such a run: its events are folded one by one, then closed. */
export class ForkPreview {
  readonly state: RunState = initialState();

  constructor(start: StartRun) {
    this.#decide(start, 0);
  }

  copy(event: RunEvent): void {
    evolve(this.state, event);
  }

  close(facts: Omit<CloseFork, 'type' | 'commandId' | 'runId'>): RunState {
    const { runId, updatedAt } = this.state;
    this.#decide({ type: 'CloseFork', commandId: '', runId, ...facts }, updatedAt);
    return this.state;
  }

  #decide(command: StartRun | CloseFork, now: number): void {
    for (const event of decide(this.state, command, { ...CONTEXT, now })) evolve(this.state, event);
  }
}

/**
 * Tasks whose attempt may be made only once, that `source` made, and that a run which goes on from it would make again: their paths. What was
 * undone is done again on purpose.
 */
export function madeAgain(source: RunState, fork: RunState, undone: CloseFork['undone']): readonly string[] {
  const again: string[] = [];
  const isUndone = new Set(undone.map(({ taskId, attempt }) => `${taskId}@${attempt}`));
  for (const task of source.tasks.values()) {
    if (task.attempt === 0 || task.undoes !== undefined || isUndone.has(`${task.id}@${task.attempt}`)) continue;
    if (definitionOf(source, task)?.delivery !== 'at-most-once' || task.agent === undefined) continue;
    const there = fork.tasks.get(task.id);
    if (there === undefined ? !endedAround(fork, task.id) : !hasEnded(there)) again.push(task.id);
  }
  return again;
}

/** Whether something that a path is in has ended: nothing in it begins any more. */
function endedAround(state: RunState, path: string): boolean {
  for (let at = enclosing(path); at !== undefined; at = enclosing(at)) {
    const task = state.tasks.get(at);
    if (task !== undefined) return hasEnded(task);
  }
  return false;
}
