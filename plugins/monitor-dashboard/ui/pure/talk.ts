// Who talks to whom, over all runs: loops, and places on a circle.

export interface Told {
  readonly workflow: string;
  readonly from: string;
  readonly to: string;
  readonly sent: number;
  readonly dead: number;
}

export interface Loop {
  readonly workflow: string;
  /** In the order of the first way around; each tells the next one, and the last the first. */
  readonly members: readonly string[];
  readonly sent: number;
}

/**
 * Those that tell each other in a circle, by workflow: each largest group in which everybody reaches everybody, with the shortest way around through its busiest
 * member. Messages are those between members. O(V + E) but for that way.
 */
export function loopsOf(told: readonly Told[]): readonly Loop[] {
  const loops: Loop[] = [];
  for (const [workflow, rows] of Map.groupBy(told, (one) => one.workflow)) {
    const next = new Map<string, string[]>();
    for (const { from, to } of rows) next.set(from, [...(next.get(from) ?? []), to]);
    for (const group of groupsOf(next)) {
      const inside = new Set(group);
      const between = rows.filter(({ from, to }) => inside.has(from) && inside.has(to));
      const weight = new Map<string, number>();
      for (const { from, sent } of between) weight.set(from, (weight.get(from) ?? 0) + sent);
      const [busiest = ''] = group.toSorted((a, b) => (weight.get(b) ?? 0) - (weight.get(a) ?? 0));
      const sent = between.reduce((sum, one) => sum + one.sent, 0);
      loops.push({ workflow, members: wayAround(busiest, next, inside), sent });
    }
  }
  return loops.toSorted((a, b) => b.sent - a.sent);
}

/** Strongly connected groups of more than one, and those that tell themselves (Tarjan, without recursion). */
function groupsOf(next: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const on = new Set<string>();
  const groups: string[][] = [];
  for (const root of next.keys()) {
    if (index.has(root)) continue;
    const work: { readonly name: string; at: number }[] = [{ name: root, at: 0 }];
    for (let top = work.at(-1); top !== undefined; top = work.at(-1)) {
      const { name } = top;
      if (top.at === 0) {
        index.set(name, index.size);
        low.set(name, index.get(name) ?? 0);
        stack.push(name);
        on.add(name);
      }
      const to = next.get(name)?.[top.at];
      if (to !== undefined) {
        top.at += 1;
        if (!index.has(to)) work.push({ name: to, at: 0 });
        else if (on.has(to)) low.set(name, Math.min(low.get(name) ?? 0, index.get(to) ?? 0));
        continue;
      }
      work.pop();
      const parent = work.at(-1)?.name;
      if (parent !== undefined) low.set(parent, Math.min(low.get(parent) ?? 0, low.get(name) ?? 0));
      if (low.get(name) !== index.get(name)) continue;
      const group = stack.splice(stack.indexOf(name));
      for (const one of group) on.delete(one);
      if (group.length > 1 || next.get(name)?.includes(name) === true) groups.push(group);
    }
  }
  return groups;
}

/** The shortest way from `from` back to it, inside a group. */
function wayAround(
  from: string,
  next: ReadonlyMap<string, readonly string[]>,
  inside: ReadonlySet<string>,
): readonly string[] {
  const before = new Map<string, string>();
  const queue = [from];
  for (const name of queue) {
    for (const to of next.get(name) ?? []) {
      if (to === from) {
        const way = [name];
        for (let at = name; at !== from; ) {
          at = before.get(at) ?? from;
          way.push(at);
        }
        return way.toReversed();
      }
      if (!inside.has(to) || before.has(to)) continue;
      before.set(to, name);
      queue.push(to);
    }
  }
  return [from];
}

export interface Spot {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  /** Messages that it has sent and been sent. */
  readonly messages: number;
}

/** The busiest `most` parties on a circle, clockwise from the top, in the order in which they first tell somebody. */
export function circleOf(told: readonly Told[], radius: number, most = 16): readonly Spot[] {
  const messages = new Map<string, number>();
  for (const { from, to, sent } of told)
    for (const name of from === to ? [from] : [from, to]) messages.set(name, (messages.get(name) ?? 0) + sent);
  const busiest = new Set(
    [...messages]
      .toSorted((a, b) => b[1] - a[1])
      .slice(0, most)
      .map(([name]) => name),
  );
  const shown = [...messages.keys()].filter((name) => busiest.has(name));
  return shown.map((name, at) => {
    const angle = (at / shown.length) * 2 * Math.PI - Math.PI / 2;
    return { name, x: radius * Math.cos(angle), y: radius * Math.sin(angle), messages: messages.get(name) ?? 0 };
  });
}
