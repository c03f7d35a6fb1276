import type { Json } from '../../../shared/json.ts';
import { roughSize } from '../../../shared/json-size.ts';

/**
 * A place in what an event of this run gave. It means the value as the fold had it when the event that carries the reference was folded: a
 * later round, which gives another, has another revision.
 */
export interface Reference {
  /** The event that gave the value. */
  readonly revision: number;
  /**
   * `input`: what the run (`task` is '') or a task was handed. `output`: what a task gave. `items`: those of a list. `undone`: `{ input, output }`
   * of the attempt that the task undoes.
   */
  readonly of: 'input' | 'output' | 'items' | 'undone';
  readonly task: string;
  /** Keys and indexes, from the outside in. Absent: the whole of it. */
  readonly path?: readonly (string | number)[];
}

/** A place in an event of any run, by the event's fields. The event has the value itself. */
export interface RecordedPlace {
  readonly runId: string;
  readonly revision: number;
  /** `['input', 'docs', 3]`: in the `input` of the event. */
  readonly path: readonly (string | number)[];
}

/** Where a value is from: one place, or it is built of several and of what stands here. */
export type SourceOf<Place> =
  | Place
  | { readonly fields: Readonly<Record<string, SourceOf<Place>>> }
  | { readonly list: readonly SourceOf<Place>[] }
  | { readonly value: Json };

/** Where a value is from that stands in the history of its run already. */
export type Source = SourceOf<Reference>;

/** About how many characters of JSON the source itself has; not what it means. */
export const sourceSize = (source: Source | SourceOf<RecordedPlace>): number => roughSize(source as unknown as Json);

export const isReference = (source: Source): source is Reference => 'of' in source;
