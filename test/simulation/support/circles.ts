import type { RunState } from '../../../core/src/orchestration/workflow/state.ts';

const isIn = (path: string, block: string): boolean =>
  path.startsWith(block) && (path[block.length] === '/' || path[block.length] === '[');

/**
 * Tasks that could not end before themselves, as texts: whoever has, or asked for, a mutex ends after what is in it, and what is in it and waits
 * for a mutex begins after all that asked for that before it have ended.
 */
export function circlesOf(state: RunState): readonly string[] {
  const asking = [...state.mutexes.values()].flat();
  const after = new Map<string, Set<string>>(asking.map((id) => [id, new Set()]));
  for (const queue of state.mutexes.values()) {
    for (const [place, waiting] of queue.entries()) {
      const ahead = queue.slice(0, place);
      for (const id of asking) {
        if (id !== waiting && !isIn(waiting, id)) continue;
        for (const other of ahead) after.get(id)?.add(other);
      }
    }
  }
  const found: string[] = [];
  const done = new Set<string>();
  const look = (id: string, path: readonly string[]): void => {
    if (path.includes(id)) found.push([...path.slice(path.indexOf(id)), id].join(' > '));
    if (done.has(id) || path.includes(id)) return;
    for (const next of after.get(id) ?? []) look(next, [...path, id]);
    done.add(id);
  };
  for (const id of asking) look(id, []);
  return found;
}
