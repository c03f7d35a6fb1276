import type { Json } from '../../../shared/json.ts';
import type { TaskExpanded } from '../events.ts';

/** Items, and about how many characters of JSON, one TaskExpanded event carries at most. */
const EXPANSION_ITEMS = 500;
const EXPANSION_CHARS = 256 * 1024;

/** The items of a forEach task as events of bounded size. */
export function expansionOf(taskId: string, items: readonly Json[], at: number): readonly TaskExpanded[] {
  const events: TaskExpanded[] = [];
  let part: Json[] = [];
  let chars = 0;
  for (const [index, item] of items.entries()) {
    part.push(item);
    chars += JSON.stringify(item).length;
    const last = index === items.length - 1;
    if (!last && part.length < EXPANSION_ITEMS && chars < EXPANSION_CHARS) continue;
    events.push({ type: 'TaskExpanded', at, taskId, from: index + 1 - part.length, items: part, total: items.length });
    part = [];
    chars = 0;
  }
  return events.length > 0 ? events : [{ type: 'TaskExpanded', at, taskId, from: 0, items: [], total: 0 }];
}
