import { ATTRIBUTES, enclosing } from '@reprise/core/plugin';
import type { Fact, SeenEvent } from '../seen-event.ts';
import { type Opening, OpenSpan } from './open-span.ts';
import type { Span, SpanLink } from './span.ts';
import type { SpanPlace, TraceIds } from './trace-ids.ts';

export interface SpanTreeOptions {
  readonly runId: string;
  /** Events of a run whose spans share a trace: no event begins more than one span, or two of which another event ends both. */
  readonly eventsPerTrace: number;
  emit(span: Span): void;
}

/** A task that is under way, and its attempt. */
export interface OpenTask {
  readonly path: string;
  readonly part: number;
  readonly span: OpenSpan;
  attempt: OpenSpan | undefined;
  attemptNumber: number;
  /** The last attempt before. */
  lastAttempt: SpanPlace | undefined;
  /** Since when it can be assigned; milliseconds since the Unix epoch. */
  readySince: number;
  /** Whether a task has ever been in it. */
  hasInside: boolean;
}

type Begin = Omit<Opening, 'parentSpanId' | 'place' | 'start'>;

/**
 * The spans of one run that are open, and which is in which. A run is one trace; what begins beyond `eventsPerTrace` events goes to further traces, each
 * with a root of its own, linked to where it belongs.
 */
export class SpanTree {
  readonly ids: TraceIds;
  readonly tasks = new Map<string, OpenTask>();
  readonly run: OpenSpan;
  /** Whether the event that is being folded was copied from the history of another run: what it ends has its span there, and is not to be linked to here. */
  isCopied = false;
  /** Told of each attempt that is about to end. */
  attemptEnds: (path: string, time: number) => void = () => undefined;
  readonly #options: SpanTreeOptions;
  readonly #common: Readonly<Record<string, Fact>>;
  readonly #parts = new Map<number, OpenSpan>();

  constructor(options: SpanTreeOptions, ids: TraceIds, run: OpenSpan) {
    this.#options = options;
    this.ids = ids;
    this.run = run;
    this.#common = { [ATTRIBUTES.runId]: options.runId };
  }

  partOf({ revision }: SeenEvent): number {
    return Math.floor(revision / this.#options.eventsPerTrace);
  }

  /** `path`: what it is in; '' is the run. */
  begin(place: SpanPlace, part: number, path: string, time: number, { links = [], ...begin }: Begin): OpenSpan {
    const { parentSpanId, link } = this.#parentOf(path, part, time);
    const { name, attributes } = begin;
    const span = new OpenSpan({
      place,
      parentSpanId,
      name,
      kind: begin.kind ?? 'internal',
      start: Math.max(time, this.run.start),
      attributes: this.#common,
      links: link === undefined ? links : [...links, link],
    });
    span.set(attributes);
    return span;
  }

  end(span: OpenSpan, time: number, error?: string): void {
    this.#options.emit(span.ended(time, error));
  }

  /** Begins and ends at once. */
  point(place: SpanPlace, part: number, path: string, time: number, begin: Begin, error?: string): void {
    this.end(this.begin(place, part, path, time, begin), time, error);
  }

  /** The open span of a task, or of the nearest that it is in; that of the run. */
  spanAt(path: string): OpenSpan {
    for (let at: string | undefined = path; at !== undefined; at = enclosing(at)) {
      const task = this.tasks.get(at);
      if (task !== undefined) return task.span;
    }
    return this.run;
  }

  endParts(time: number): void {
    for (const span of this.#parts.values()) this.end(span, time);
    this.#parts.clear();
  }

  #parentOf(path: string, part: number, time: number): { readonly parentSpanId: string; readonly link?: SpanLink } {
    for (let at: string | undefined = path; at !== undefined && at !== ''; at = enclosing(at)) {
      const task = this.tasks.get(at);
      if (task === undefined) continue;
      if (task.part === part) return { parentSpanId: task.span.place.spanId };
      return { parentSpanId: this.#rootOf(part, time), link: linkTo(task.span.place, 'parent') };
    }
    return { parentSpanId: this.#rootOf(part, time) };
  }

  #rootOf(part: number, time: number): string {
    if (part === 0) return this.run.place.spanId;
    let root = this.#parts.get(part);
    if (root === undefined) {
      root = new OpenSpan({
        place: this.ids.part(part),
        parentSpanId: undefined,
        name: `run, part ${part + 1}`,
        start: Math.max(time, this.run.start),
        attributes: { ...this.#common, [ATTRIBUTES.runPart]: part + 1 },
        links: [linkTo(this.run.place, 'run')],
      });
      this.#parts.set(part, root);
    }
    return root.place.spanId;
  }
}

/** `kind`: what the other span is to this one. */
export const linkTo = (place: SpanPlace, kind: string): SpanLink => ({
  ...place,
  attributes: { [ATTRIBUTES.linkKind]: kind },
});
