export interface AssignedMember {
  readonly id: string;
  readonly topics: readonly string[];
  /** What it had, and since which assignment: of two that say they have the same, the newer is believed. */
  readonly owned: ReadonlyMap<string, readonly number[]>;
  readonly generation: number;
}

/** Partitions by topic, by member. */
export type Assignment = Map<string, Map<string, number[]>>;

/**
 * Shares the topics of a family out: partition i of all of them goes to one member. Everybody keeps what it has up to its share; only what
 * is beyond that, or belongs to nobody, moves. The same input gives the same output, whoever computes it.
 */
export function assignSticky(members: readonly AssignedMember[], partitions: ReadonlyMap<string, number>): Assignment {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const numbers = Math.max(0, ...partitions.values());
  const takers = shareOut(sorted, numbers);
  const assignment: Assignment = new Map(sorted.map(({ id }) => [id, new Map()]));
  for (const [topic, count] of partitions) {
    const readers = sorted.filter(({ topics }) => topics.includes(topic));
    for (let number = 0; number < count && readers.length > 0; number += 1) {
      // Members of an older build may not know a topic of the family: it goes to one that does.
      const taker = readers.find(({ id }) => id === takers[number]) ?? readers[number % readers.length];
      if (taker === undefined) continue;
      const own = assignment.get(taker.id) ?? new Map<string, number[]>();
      own.set(topic, [...(own.get(topic) ?? []), number]);
    }
  }
  return assignment;
}

/** By number, the id of the member that gets it. */
function shareOut(members: readonly AssignedMember[], numbers: number): (string | undefined)[] {
  const takers = Array.from<string | undefined>({ length: numbers });
  const counts = new Map(members.map(({ id }) => [id, 0]));
  const least = Math.floor(numbers / Math.max(1, members.length));
  // So many may have one more than the others.
  let more = numbers - least * members.length;
  const waiting: number[] = [];
  for (let number = 0; number < numbers; number += 1) {
    const holder = holderOf(members, number);
    const count = holder === undefined ? numbers : (counts.get(holder) ?? 0);
    if (holder === undefined || count > least || (count === least && more === 0)) {
      waiting.push(number);
      continue;
    }
    if (count === least) more -= 1;
    takers[number] = holder;
    counts.set(holder, count + 1);
  }
  for (const number of waiting) {
    const [next] = [...counts].sort(([a, had], [b, has]) => had - has || (a < b ? -1 : 1));
    if (next === undefined) break;
    takers[number] = next[0];
    counts.set(next[0], next[1] + 1);
  }
  return takers;
}

function holderOf(members: readonly AssignedMember[], number: number): string | undefined {
  let best: AssignedMember | undefined;
  for (const member of members) {
    const has = [...member.owned.values()].some((numbers) => numbers.includes(number));
    if (has && (best === undefined || member.generation > best.generation)) best = member;
  }
  return best?.id;
}
