import { standInOf } from '../../../definition/fallbacks.ts';
import type { AttemptName, CloseFork } from '../commands.ts';
import type { RunEvent, TaskFailed } from '../events.ts';
import { evolve } from '../evolve.ts';
import {
  definitionOf,
  dependenciesOf,
  initialState,
  isTerminal,
  type RunState,
  siblingOf,
  type TaskState,
} from '../state.ts';
import { MadeOnce } from './made-once.ts';

/** Where a run that goes on from another one begins to differ from it. */
export interface Cut {
  /** The last revision that is taken over. */
  readonly revision: number;
  /** Tasks whose failure ended the other run. */
  readonly failed: readonly string[];
}

/** How a task came to fail. */
interface Failing {
  /** The revision before which nothing of the failure had happened. */
  readonly begin: number;
  /** What failed inside of it. */
  readonly inside?: string;
  /** What its join misses. */
  readonly missing?: readonly string[];
}

/**
 * Folds the history of a run that ended, to find where it took the turn to its end: before the first event of the failure that nothing stopped,
 * at the innermost task that failed. A run that goes on from there has all that is around it as it was: rounds, signals, what can be undone.
 */
export class SourceHistory {
  readonly state: RunState = initialState();
  readonly made = new MadeOnce();
  /** Since when something has been closing, because it failed or because its time was up. */
  readonly #closing = new Map<string, number>();
  readonly #expired = new Map<string, number>();
  readonly #failing = new Map<string, Failing>();
  #end: Cut | undefined;

  fold(event: RunEvent): void {
    this.#note(event, this.state.revision + 1);
    this.made.note(this.state, event);
    evolve(this.state, event);
  }

  /** Undefined for a run that has not ended. */
  cut(): Cut | undefined {
    return this.#end;
  }

  #note(event: RunEvent, revision: number): void {
    const { state } = this;
    if (isTerminal(state.status)) return;
    switch (event.type) {
      case 'TaskClosing':
        if (!this.#closing.has(event.taskId)) this.#closing.set(event.taskId, revision);
        return;
      case 'MessagesClosed':
        // The first event of an end that nothing came before.
        if (event.scope === '' && !this.#closing.has('')) this.#closing.set('', revision);
        return;
      case 'ScopeCaught':
        this.#closing.delete(event.scope);
        return;
      case 'TasksReset':
        this.#closing.delete(event.region);
        return;
      case 'TaskFellBack':
        this.#closing.delete(event.taskId);
        return;
      case 'TaskExpired':
        this.#expired.set(event.taskId, revision);
        return;
      case 'TaskFailed':
        this.#failing.set(event.taskId, this.#failure(event, revision));
        this.#closing.delete(event.taskId);
        this.#expired.delete(event.taskId);
        return;
      case 'RunFailed': {
        const begin = this.#closing.get('') ?? revision;
        this.#end = event.taskId === undefined ? { revision: begin - 1, failed: [] } : this.#trace(event.taskId, begin);
        return;
      }
      case 'RunCancelled':
      case 'RunCompleted':
        this.#end = { revision: (this.#closing.get('') ?? revision) - 1, failed: [] };
        return;
      default:
        return;
    }
  }

  #failure({ taskId, error }: TaskFailed, revision: number): Failing {
    const { state } = this;
    const task = state.tasks.get(taskId);
    const begin = this.#expired.get(taskId) ?? this.#closing.get(taskId) ?? revision;
    const own = { begin };
    if (task === undefined || task.closing?.why === 'limit' || this.#expired.has(taskId)) return own;
    const scope = state.scopes.get(taskId);
    const inner = scope?.failure ?? scope?.handling?.taskId;
    if (inner !== undefined) return { begin, inside: inner };
    if (error.code === 'REPRISE_ITEMS_UNMET') return { begin, missing: failedOf(task) };
    const item = this.#firstFailed(task);
    if (item !== undefined) return { begin, inside: item };
    const definition = definitionOf(state, task);
    if (definition === undefined) return own;
    // What stood in failed, too: the task is tried again as a whole.
    const standIn = standInOf(definition);
    const substitute = standIn === undefined ? undefined : siblingOf(state, task, standIn);
    if (task.fallback === 'task' && substitute !== undefined)
      return { begin: this.#trace(substitute.id, begin).revision + 1 };
    if (error.code !== 'REPRISE_JOIN_UNMET') return own;
    const missing = dependenciesOf(state, task)
      .map((id) => siblingOf(state, task, id))
      .filter((one) => one?.status === 'failed');
    return { begin, missing: missing.flatMap((one) => one?.id ?? []) };
  }

  /** Of items that failed in one turn: that of which nothing else had failed before. */
  #firstFailed({ items }: TaskState): string | undefined {
    let first: { readonly id: string; readonly begin: number } | undefined;
    for (const item of items?.instances ?? []) {
      if (item?.status !== 'failed') continue;
      const { begin = 0 } = this.#failing.get(item.id) ?? {};
      if (first === undefined || begin < first.begin) first = { id: item.id, begin };
    }
    return first?.id;
  }

  /** From what failed to what failed inside of it. What a join misses failed long before: it is done again, and the join is asked again. */
  #trace(taskId: string, before: number): Cut {
    const { begin = before, inside, missing = [] } = this.#failing.get(taskId) ?? {};
    if (inside !== undefined) return this.#trace(inside, begin);
    return { revision: Math.min(begin, before) - 1, failed: [taskId, ...missing] };
  }
}

/** Of a list that lacks items: those that failed, which are done again. */
const failedOf = ({ items }: TaskState): readonly string[] =>
  (items?.instances ?? []).flatMap((item) => (item?.status === 'failed' ? [item.id] : []));

/** What happened to a run behind the cut, and is to be taken over all the same. */
export class Tail {
  readonly #undone: AttemptName[] = [];
  readonly #late: CloseFork['late'][number][] = [];
  readonly #signals: CloseFork['signals'][number][] = [];

  note(event: RunEvent): void {
    if (event.type === 'SignalReceived') {
      const { commandId: id, signal, data } = event;
      this.#signals.push({ id, signal, data });
    }
    if (event.type !== 'TaskCompleted') return;
    const { taskId, attempt, via, output } = event;
    const [, undone, of] = /^(.*)@(\d+)$/.exec(taskId) ?? [];
    if (undone !== undefined) this.#undone.push({ taskId: undone, attempt: Number(of) });
    else if ((via === 'agent' || via === 'child') && output !== undefined)
      this.#late.push({ taskId, attempt, via, output });
  }

  /** What was done and undone again was not done. */
  result(): Pick<CloseFork, 'undone' | 'late' | 'signals'> {
    const undone = new Set(this.#undone.map(({ taskId, attempt }) => `${taskId}@${attempt}`));
    const late = this.#late.filter(({ taskId, attempt }) => !undone.has(`${taskId}@${attempt}`));
    return { undone: this.#undone, late, signals: this.#signals };
  }
}
