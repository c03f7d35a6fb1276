import { hashDefinition } from '../../../definition/recorded.ts';
import { isRepriseError } from '../../../shared/errors.ts';
import { jsonProblem } from '../../../shared/json.ts';
import { isEnd } from '../end-of-run.ts';
import { decodeEvent, type StoredEvent } from '../event-schema.ts';
import type { RunEvent, RunStarted } from '../events.ts';
import { Replay, type ReplayResult } from '../replay.ts';
import { isTerminal } from '../state.ts';
import { stateOf } from '../view-of.ts';
import { definitionFlaw, MAX_DEFINITION_CHARS } from './definition-shape.ts';
import { EVENT_SHAPES, recordShape } from './event-shapes.ts';
import { followsFlaw } from './follows.ts';
import type { Flaw } from './shape.ts';

/**
 * Checks a history that came from outside, event by event, as if whoever wrote it meant harm: the shape of every field, that
 * each event can follow those before it, that the definition is valid and has its hash, and that the end has the digest that
 * the fold comes to. Nothing is folded that has not been checked. Calls no user code, and holds what the events hold.
 *
 *   add() for each event, in order ──► a flaw: give the whole history up ──► or, after the last one, end()
 */
export class UntrustedHistory {
  readonly #runId: string;
  readonly #replay = new Replay();
  readonly #ids = new Set<string>();
  #events = 0;
  /** The forEach task whose items have come in part. */
  #expanding: string | undefined;

  constructor(runId: string) {
    this.#runId = runId;
  }

  /** Events taken so far: the revision that the next one must have. */
  get events(): number {
    return this.#events;
  }

  /** Takes the next event: `{ revision, id, type, time, data, metadata }` as parsed from JSON. Returns its flaw. Never throws. */
  add(record: unknown): Flaw | undefined {
    try {
      return this.#add(record);
    } catch (error) {
      // Too deep for this process, or a mistake of this build: either way the event cannot be taken.
      return { field: '', problem: `cannot be read: ${error instanceof Error ? error.message : String(error)}` };
    }
  }

  /** After the last event. Returns what is missing. */
  end(): Flaw | undefined {
    if (this.#events === 0) return { field: '', problem: 'there is no event: the first one must be RunStarted' };
    return this.#expanding === undefined ? undefined : this.#incomplete(this.#expanding);
  }

  result(): ReplayResult {
    return this.#replay.result();
  }

  #add(record: unknown): Flaw | undefined {
    const plain = jsonProblem(record);
    if (plain !== undefined) return { field: '', problem: plain };
    const flaw = recordShape(record, '');
    if (flaw !== undefined) return flaw;
    const stored = record as StoredEvent & { readonly revision: number; readonly id: string };
    if (stored.revision !== this.#events) {
      const why = 'a line is missing, doubled or out of order';
      return { field: 'revision', problem: `is ${stored.revision} where ${this.#events} must be: ${why}` };
    }
    const { state } = this.#replay;
    if (isTerminal(state.status))
      return { field: 'type', problem: `cannot come: it follows the end of the run (${state.status})` };
    const id = stored.id.toLowerCase();
    if (this.#ids.has(id)) return { field: 'id', problem: `is ${stored.id}, which an event before it has` };
    const read = decoded(stored);
    if ('problem' in read) return read;
    const { event } = read;
    const wrong = shapeFlaw(event) ?? this.#placeFlaw(stored, event);
    if (wrong !== undefined) return wrong;
    this.#replay.fold(event);
    if (isEnd(event) && this.#replay.result().matches === false) {
      const why = 'it, or an event before it, was changed';
      return { field: 'data.stateDigest', problem: `is not the digest that these events come to: ${why}` };
    }
    this.#ids.add(id);
    this.#events += 1;
    if (state.status === 'forking') {
      // Where the history of another run was cut is not this one's to say.
      this.#expanding = undefined;
    } else if (event.type === 'TaskExpanded') {
      const there = event.items === undefined ? event.total : event.from + event.items.length;
      this.#expanding = there < event.total ? event.taskId : undefined;
    }
    return undefined;
  }

  /** What is wrong with where an event of the right shape stands. */
  #placeFlaw(stored: StoredEvent, event: RunEvent): Flaw | undefined {
    if (this.#events > 0) {
      if (this.#expanding !== undefined && !(event.type === 'TaskExpanded' && event.taskId === this.#expanding))
        return this.#incomplete(this.#expanding);
      return followsFlaw(stateOf(this.#replay.state), event);
    }
    if (event.type !== 'RunStarted')
      return { field: 'type', problem: 'cannot come: the first event must be RunStarted' };
    if (event.runId !== this.#runId)
      return { field: 'data.runId', problem: `is '${event.runId}', but the header says '${this.#runId}'` };
    // As it was recorded: an upcaster would change what was hashed.
    const { definition } = stored.data as unknown as RunStarted;
    return definitionFlaw(event.definition, hashDefinition(definition), event.definitionHash) ?? dottedFlaw(event);
  }

  #incomplete(taskId: string): Flaw {
    const items = stateOf(this.#replay.state).tasks.get(taskId)?.items;
    const count = `${items?.values.length ?? 0} of ${items?.total ?? 0}`;
    return {
      field: 'data.total',
      problem: `only ${count} items of '${taskId}' are there: the next event must bring more`,
    };
  }
}

/** Before rules 3, a dot in an id sets off the place of an item. */
function dottedFlaw({ definition, rules = 1 }: RunStarted): Flaw | undefined {
  const task = rules < 3 ? definition.tasks.find(({ id }) => id.includes('.')) : undefined;
  if (task === undefined) return undefined;
  return {
    field: 'data.definition',
    problem: `has a task '${task.id}', whose dot a history of rules ${rules} cannot have`,
  };
}

function decoded(stored: StoredEvent): { readonly event: RunEvent } | Flaw {
  try {
    return { event: decodeEvent(stored) };
  } catch (error) {
    if (isRepriseError(error)) return { field: 'type', problem: `cannot be read: ${error.message}` };
    return { field: 'data', problem: 'cannot be brought up to the present version of its type' };
  }
}

function shapeFlaw(event: RunEvent): Flaw | undefined {
  const { type, at, ...data } = event;
  if (type === 'RunStarted' && JSON.stringify(event.definition ?? null).length > MAX_DEFINITION_CHARS) {
    return { field: 'data.definition', problem: `is larger than ${MAX_DEFINITION_CHARS} characters of JSON` };
  }
  return EVENT_SHAPES[type](data, 'data');
}
