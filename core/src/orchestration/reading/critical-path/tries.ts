import { enclosing } from '../../../shared/task-path.ts';
import type { AttemptsByTask, TimelineAttempt } from '../attempts.ts';

/** An attempt with its task; what is not known of its times is what comes next. */
export interface Try {
  readonly taskId: string;
  readonly attempt: number;
  readonly agent: string | undefined;
  readonly status: TimelineAttempt['status'];
  readonly ready: number;
  readonly scheduled: number;
  readonly started: number;
  /** `until`, of one that is under way. */
  readonly ended: number;
  readonly open: boolean;
}

/** The attempts of a run that nothing else is in, for whoever goes back in time. A look costs O(log n). */
export class Tries {
  /** By path of a task and of all that it is in ('' is the run), by when they ended. */
  readonly #byEnd = new Map<string, Try[]>();
  readonly #open: Try[] = [];

  constructor(tasks: AttemptsByTask, until: number) {
    const around = new Set<string>();
    for (const path of Object.keys(tasks))
      for (let at = enclosing(path); at !== undefined; at = enclosing(at)) around.add(at);
    for (const [taskId, attempts] of Object.entries(tasks)) {
      // Of a block or a list, what is in it is what takes the time.
      if (!around.has(taskId))
        for (const one of attempts) {
          const known = tryOf(taskId, one, until);
          if (known !== undefined) this.#add(known);
        }
    }
    // Of those that ended together, the one that took longest is the last.
    for (const all of this.#byEnd.values()) all.sort((a, b) => a.ended - b.ended || b.ready - a.ready);
  }

  /** What ended last in `path` by a time, and is not in `but`. */
  last(path: string, time: number, but: ReadonlySet<Try>): Try | undefined {
    const all = this.#byEnd.get(path) ?? [];
    let [low, high] = [0, all.length];
    while (low < high) {
      const half = (low + high) >> 1;
      if ((all[half]?.ended ?? 0) <= time) low = half + 1;
      else high = half;
    }
    for (let at = low - 1; at >= 0; at -= 1) {
      const one = all[at];
      if (one !== undefined && !one.open && !but.has(one)) return one;
    }
    return undefined;
  }

  /** Of what is under way, what has been for longest. */
  get oldestOpen(): Try | undefined {
    return this.#open.toSorted((a, b) => a.ready - b.ready)[0];
  }

  #add(one: Try): void {
    if (one.open) this.#open.push(one);
    for (let at: string | undefined = one.taskId; at !== undefined; at = enclosing(at)) this.#list(at).push(one);
    this.#list('').push(one);
  }

  #list(path: string): Try[] {
    const all = this.#byEnd.get(path) ?? [];
    this.#byEnd.set(path, all);
    return all;
  }
}

/** Undefined for one that begins later. Times that a clock was set back between are put in order. */
function tryOf(taskId: string, one: TimelineAttempt, until: number): Try | undefined {
  const { attempt, agent, status, ended } = one;
  const known = one.ready ?? one.scheduled ?? one.started ?? ended;
  if (known === undefined || known > until) return undefined;
  const open = ended === undefined || ended > until;
  const end = open ? until : Math.max(known, ended);
  const within = (time: number | undefined, least: number, otherwise: number): number =>
    Math.min(end, Math.max(least, time ?? otherwise));
  // A start that is not on record: it counts as worked on since it was scheduled. One that never began waited until its end.
  const scheduled = within(one.scheduled, known, one.started ?? end);
  const started = within(one.started, scheduled, open || status === 'scheduled' ? end : scheduled);
  return { taskId, attempt, agent, status, ready: known, scheduled, started, ended: end, open };
}
