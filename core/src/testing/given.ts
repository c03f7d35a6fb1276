import type { WorkflowDefinition } from '../definition/definition.ts';
import { hashDefinition } from '../definition/recorded.ts';
import type { Command } from '../orchestration/workflow/commands.ts';
import type { DecisionContext } from '../orchestration/workflow/decisions/decision-context.ts';
import type { RunEvent, RunStarted } from '../orchestration/workflow/events.ts';
import { evolve } from '../orchestration/workflow/evolve.ts';
import { handle } from '../orchestration/workflow/handle.ts';
import { CURRENT_RULES } from '../orchestration/workflow/rules.ts';
import type { RunView } from '../orchestration/workflow/run-view.ts';
import { initialState } from '../orchestration/workflow/state.ts';
import { viewOf } from '../orchestration/workflow/view-of.ts';
import type { Json } from '../shared/json.ts';
import { describeDifference, type Expected } from './difference.ts';
import { DEFAULT_START } from './manual-clock.ts';

type Loose<T, Keys extends PropertyKey> = T extends unknown
  ? Omit<T, Keys & keyof T> & Partial<Pick<T, Keys & keyof T>>
  : never;

/** An event as a test writes it: `at` may be left out. */
export type GivenEvent = Loose<RunEvent, 'at'>;
/** A command as a test writes it: its id and the run's may be left out. */
export type GivenCommand = Loose<Command, 'commandId' | 'runId'>;
/** An event that is expected: only the fields that are named are compared. */
export type ExpectedEvent = Expected<RunEvent>;

/** The id of the run that `given` is about. */
export const TEST_RUN_ID = 'run-1';

/** The first event of a run of `workflow`. */
export function started(workflow: { readonly definition: WorkflowDefinition }, input: Json = null): RunStarted {
  const { definition } = workflow;
  return {
    type: 'RunStarted',
    at: DEFAULT_START,
    runId: TEST_RUN_ID,
    commandId: 'start',
    definition,
    definitionHash: hashDefinition(definition),
    input,
    rules: CURRENT_RULES,
  };
}

/** What a command made of a history. */
export class Then {
  /** What was added, in order. */
  readonly events: readonly RunEvent[];
  /** The state after them. */
  readonly state: RunView;

  constructor(events: readonly RunEvent[], state: RunView) {
    this.events = events;
    this.state = state;
  }

  /**
   * Compares what was added with what is expected: the same number of events in the same order, each with at least the fields
   * that are named. Throws an Error that shows the difference. (Not named `then`: that would make a promise of this object.)
   */
  thenEvents(...expected: readonly ExpectedEvent[]): this {
    const difference = describeDifference(expected, this.events);
    if (difference !== undefined) throw new Error(difference);
    return this;
  }
}

/** A history to which commands can be given. */
export class Given {
  readonly #events: readonly GivenEvent[];

  constructor(events: readonly GivenEvent[]) {
    this.#events = events;
  }

  /** Hands one command, or several in a row, to the run. `context` says what time it is and what chance says. */
  when(command: GivenCommand | readonly GivenCommand[], context: Partial<DecisionContext> = {}): Then {
    const state = initialState();
    let at = DEFAULT_START;
    for (const event of this.#events) {
      at = event.at ?? at;
      evolve(state, { at, ...event } as RunEvent);
    }
    const full = { now: at, random: () => 0.5, maxPayloadChars: 1024 * 1024, ...context };
    const commands = Array.isArray(command) ? (command as readonly GivenCommand[]) : [command as GivenCommand];
    const added = commands.flatMap((one, index) =>
      handle(state, { commandId: `command-${index + 1}`, runId: TEST_RUN_ID, ...one } as Command, full),
    );
    return new Then(added, viewOf(state));
  }
}

/**
 * The history that a test starts from. No engine, no clock, no agent: events in, a command, events out.
 *
 * ```ts
 * given(started(dossier, { folder: '.' }), { type: 'TaskScheduled', taskId: 'inventory', attempt: 1, agent: 'reader' })
 *   .when({ type: 'CompleteTask', taskId: 'inventory', attempt: 1, output: [] })
 *   .thenEvents({ type: 'TaskCompleted', taskId: 'inventory' }, { type: 'TaskSkipped', taskId: 'audit' });
 * ```
 */
export const given = (...events: readonly GivenEvent[]): Given => new Given(events);
