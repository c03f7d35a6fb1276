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

/** Where a value is from, when it stands in the history already: as it is, or built of such parts. */
export type Source =
  | Reference
  | { readonly fields: Readonly<Record<string, Source>> }
  | { readonly list: readonly Source[] }
  | { readonly value: Json };

/** About how many characters of JSON the source itself has; not what it means. */
export const sourceSize = (source: Source): number => roughSize(source as unknown as Json);

export const isReference = (source: Source): source is Reference => 'of' in source;
