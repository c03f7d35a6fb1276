import { type RunEvent, RunFold } from '@reprise/core/fold';
import { type Brief, briefly, changesOf, type Path, valueAt } from '../pure/changes.ts';
import { shapeOf } from '../pure/run-shape.ts';

/** What the page asks: what event `revision` of a run changed; or, with `path`, one value of that, whole. */
export interface FoldOrder {
  readonly number: number;
  readonly run: string;
  readonly revision: number;
  readonly path?: Path;
  readonly side?: 'before' | 'after';
}

export interface FoldedChange {
  readonly path: Path;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly before?: Brief;
  readonly after?: Brief;
}

export interface Folded {
  readonly number: number;
  readonly revision: number;
  readonly problem?: string;
  readonly type?: string;
  readonly changes?: readonly FoldedChange[];
  readonly left?: number;
  readonly ms?: number;
  /** Of an order with a path. */
  readonly value?: unknown;
}

type Shape = ReturnType<typeof shapeOf>;

const PAGE = 1000;
/** Further than that, the fold goes on from a keyframe of the server's. */
const FAR = 5000;
/** Events that are kept, so that one step back is no call. */
const KEPT = 12_000;

/** One run: that which is looked at. */
class Folds {
  readonly run: string;
  readonly #events = new Map<number, RunEvent>();
  #fold = RunFold.from();
  /** How the run is where the fold stands. */
  #shape: Shape | undefined;
  #keyframe: { readonly revision: number; readonly state: string } | undefined;
  /** The last that was asked for, and how the run was before and after it. */
  last: { readonly revision: number; readonly before: Shape | undefined; readonly after: Shape } | undefined;

  constructor(run: string) {
    this.run = run;
  }

  async changeAt(revision: number): Promise<Omit<Folded, 'number'>> {
    const begun = performance.now();
    await this.#goTo(revision - 1);
    const before = revision === 0 ? undefined : (this.#shape ?? shapeOf(this.#fold.view));
    const event = await this.#eventAt(revision);
    this.#fold.fold(event);
    const after = shapeOf(this.#fold.view);
    this.#shape = after;
    this.last = { revision, before, after };
    const { changes, left } = changesOf(before ?? {}, after);
    return {
      revision,
      type: event.type,
      changes: changes.map(({ path, kind, ...values }) => ({
        path,
        kind,
        ...('before' in values ? { before: briefly(values.before) } : {}),
        ...('after' in values ? { after: briefly(values.after) } : {}),
      })),
      left,
      ms: performance.now() - begun,
    };
  }

  /** Folds up to a revision; -1: nothing yet. */
  async #goTo(revision: number): Promise<void> {
    if (this.#fold.revision === revision) return;
    const isAhead = this.#fold.revision > revision;
    if (isAhead || revision - this.#fold.revision > FAR) await this.#restart(revision);
    this.#shape = undefined;
    while (this.#fold.revision < revision) this.#fold.fold(await this.#eventAt(this.#fold.revision + 1));
  }

  async #restart(revision: number): Promise<void> {
    if (revision < FAR) {
      this.#fold = RunFold.from();
      return;
    }
    const known = this.#keyframe;
    if (known === undefined || known.revision > revision || revision - known.revision > FAR)
      this.#keyframe = await read<{ readonly revision: number; readonly state: string }>(
        `/runs/${this.run}/keyframe?at=${revision}`,
      );
    this.#fold = RunFold.from(this.#keyframe?.state ?? undefined);
  }

  async #eventAt(revision: number): Promise<RunEvent> {
    const known = this.#events.get(revision);
    if (known !== undefined) return known;
    const { events } = await read<{
      readonly events: readonly { readonly revision: number; readonly event: RunEvent }[];
    }>(`/runs/${this.run}/events?from=${revision}&limit=${PAGE}`);
    for (const one of events) this.#events.set(one.revision, one.event);
    for (const old of this.#events.keys()) {
      if (this.#events.size <= KEPT) break;
      this.#events.delete(old);
    }
    const event = this.#events.get(revision);
    if (event === undefined) throw new Error(`There is no revision ${revision}.`);
    return event;
  }
}

async function read<T>(path: string): Promise<T> {
  const response = await fetch(`/api/v1${path}`);
  const body = (await response.json()) as T & { readonly error?: { readonly message: string } };
  if (!response.ok) throw new Error(body.error?.message ?? `The server answered ${response.status}.`);
  return body;
}

let folds: Folds | undefined;

async function answer(order: FoldOrder): Promise<Folded> {
  const { number, run, revision, path, side } = order;
  if (folds?.run !== run) folds = new Folds(run);
  try {
    if (path === undefined || folds.last?.revision !== revision) {
      const changed = await folds.changeAt(revision);
      if (path === undefined) return { number, ...changed };
    }
    return {
      number,
      revision,
      value: valueAt(side === 'before' ? folds.last?.before : folds.last?.after, path) ?? null,
    };
  } catch (error) {
    folds = undefined;
    return { number, revision, problem: error instanceof Error ? error.message : String(error) };
  }
}

// One after another, and of those that wait the last only: whoever moves the slider asks for many.
let waiting: FoldOrder | undefined;
let busy = false;
self.onmessage = ({ data }: MessageEvent<FoldOrder>) => {
  waiting = data;
  void work();
};
async function work(): Promise<void> {
  if (busy) return;
  busy = true;
  for (let order = waiting; order !== undefined; order = waiting) {
    waiting = undefined;
    self.postMessage(await answer(order));
  }
  busy = false;
}
