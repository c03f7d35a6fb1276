import type { Place } from './driver.ts';
import type { AssignedMember } from './sticky-assignment.ts';

// What the members of a group say to whoever assigns, in the user data of the protocol of consumers: the same whatever client carries it, so that
// members with different ones share a group.

/** The assigner that everybody here offers first. */
export const STICKY = 'RepriseSticky';
/**
 * What clients of other languages offer, too (librdkafka's name of it): chosen by the broker when one of those is in the group. Everybody says only what it
 * subscribes to, so that more moves.
 */
export const COMMON = 'roundrobin';

/** As JSON: what a member has, and the generation of the group in which it last knew that. */
interface Said {
  readonly owned: Readonly<Record<string, readonly number[]>>;
  readonly generation: number;
}

export function say(owned: readonly Place[], generation: number): Buffer {
  const byTopic = [...Map.groupBy(owned, ({ topic }) => topic)];
  const has = byTopic.map(([topic, places]) => [topic, places.map(({ partition }) => partition)] as const);
  const said: Said = { owned: Object.fromEntries(has), generation };
  return Buffer.from(JSON.stringify(said));
}

export function hear(id: string, topics: readonly string[], userData: unknown): AssignedMember {
  try {
    const { owned, generation } = JSON.parse(String(userData)) as Said;
    return { id, topics, owned: new Map(Object.entries(owned)), generation };
  } catch {
    // A member of another build, which says nothing of what it has.
    return { id, topics, owned: new Map(), generation: 0 };
  }
}
