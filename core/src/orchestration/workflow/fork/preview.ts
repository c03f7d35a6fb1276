import type { CloseFork, StartRun } from '../commands.ts';
import { decide } from '../decide.ts';
import type { RunEvent, TasksReset } from '../events.ts';
import { evolve } from '../evolve.ts';
import { initialState, type RunState } from '../state.ts';

const CONTEXT = { random: () => 0, maxPayloadChars: Number.POSITIVE_INFINITY } as const;

/** What a run that goes on from another one begins with, without there being such a run: its events are folded one by one, then closed. */
export class ForkPreview {
  readonly state: RunState = initialState();
  /** What is done again; once it is closed. */
  reset: TasksReset | undefined;

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
    for (const event of decide(this.state, command, { ...CONTEXT, now })) {
      if (event.type === 'TasksReset') this.reset ??= event;
      evolve(this.state, event);
    }
  }
}
