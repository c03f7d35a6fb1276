/**
 * The fewest of `items` for which `fails` still is true, found by leaving out halves, quarters, and so on, then one at a time (ddmin). `fails(items)` is true.
 * Asks `most` times at the most, and ends when `stopped` says so: what it has by then is what it gives.
 */
export async function shrink<T>(
  items: readonly T[],
  fails: (some: readonly T[]) => Promise<boolean>,
  { most, stopped = () => false }: { readonly most: number; readonly stopped?: () => boolean },
): Promise<readonly T[]> {
  let left = items;
  let asked = 0;
  let parts = 2;
  if (left.length > 0 && (await fails([]))) return [];
  while (left.length > 1 && asked < most && !stopped()) {
    const size = Math.ceil(left.length / parts);
    let smaller: readonly T[] | undefined;
    for (let from = 0; from < left.length && asked < most && !stopped(); from += size) {
      const rest = [...left.slice(0, from), ...left.slice(from + size)];
      asked += 1;
      if (await fails(rest)) {
        smaller = rest;
        break;
      }
    }
    if (smaller !== undefined) {
      left = smaller;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) break;
    else parts = Math.min(left.length, parts * 2);
  }
  return left;
}
