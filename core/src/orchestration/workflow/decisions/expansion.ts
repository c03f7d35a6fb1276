import type { Json } from '../../../shared/json.ts';
import { roughSize } from '../../../shared/json-size.ts';
import type { TaskExpanded } from '../events.ts';
import { ITEM_CHARS } from '../payload-size.ts';

/** Items, and about how many characters of JSON, one TaskExpanded event carries at most. */
const EXPANSION_ITEMS = 500;
const EXPANSION_CHARS = 256 * 1024;

/**
 * The items of a forEach task from index `from` on as events of bounded size; about `sliceChars` of them, and at least one event, the
 * rest later.
 */
export function expansionOf(
  taskId: string,
  items: readonly Json[],
  at: number,
  from = 0,
  sliceChars: number = Number.POSITIVE_INFINITY,
): readonly TaskExpanded[] {
  const total = items.length;
  if (total === 0) return [{ type: 'TaskExpanded', at, taskId, from: 0, items: [], total }];
  const events: TaskExpanded[] = [];
  let part: Json[] = [];
  let chars = 0;
  let all = 0;
  for (let index = from; index < total; index += 1) {
    const item = items[index] ?? null;
    part.push(item);
    chars += roughSize(item);
    if (index < total - 1 && part.length < EXPANSION_ITEMS && chars < EXPANSION_CHARS) continue;
    events.push({ type: 'TaskExpanded', at, taskId, from: index + 1 - part.length, items: part, total });
    all += chars + part.length * ITEM_CHARS;
    if (all > sliceChars) break;
    part = [];
    chars = 0;
  }
  return events;
}
