import kafkajs, { type Cluster, type PartitionAssigner } from 'kafkajs';
import type { Place } from '../driver.ts';
import { type AssignedMember, type Assignment, assignSticky } from '../sticky-assignment.ts';

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;

/** Told to whoever assigns, as JSON: what a member has, and the generation of the group in which it last knew that. */
interface Said {
  readonly owned: Readonly<Record<string, readonly number[]>>;
  readonly generation: number;
}

const NAME = 'RepriseSticky';
const VERSION = 1;
const COMMON_VERSION = 0;

export const stickyAssigner =
  (owned: () => readonly Place[], generation: () => number): PartitionAssigner =>
  ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    async assign({ members }) {
      const said = members.map(({ memberId, memberMetadata }) => read(memberId, memberMetadata));
      const topics = [...new Set(said.flatMap((member) => member.topics))].sort();
      return encoded(assignSticky(said, await counts(cluster, topics)), VERSION);
    },
    protocol({ topics }) {
      const byTopic = [...Map.groupBy(owned(), ({ topic }) => topic)];
      const has = byTopic.map(([topic, places]) => [topic, places.map(({ partition }) => partition)] as const);
      const said: Said = { owned: Object.fromEntries(has), generation: generation() };
      return {
        name: NAME,
        metadata: MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.from(JSON.stringify(said)) }),
      };
    },
  });

/**
 * What clients of other languages offer, too (librdkafka's name of it): chosen by the broker when one of those is in the group. Everybody says only what it
 * subscribes to, so that more moves.
 */
export const commonAssigner: PartitionAssigner = ({ cluster }) => ({
  name: 'roundrobin',
  version: COMMON_VERSION,
  async assign({ members }) {
    const said = members.map(({ memberId, memberMetadata }) => read(memberId, memberMetadata));
    const topics = [...new Set(said.flatMap((member) => member.topics))].sort();
    return encoded(assignSticky(said, await counts(cluster, topics)), COMMON_VERSION);
  },
  protocol: ({ topics }) => ({
    name: 'roundrobin',
    metadata: MemberMetadata.encode({ version: COMMON_VERSION, topics, userData: Buffer.alloc(0) }),
  }),
});

const encoded = (assignment: Assignment, version: number) =>
  [...assignment].map(([memberId, byTopic]) => ({
    memberId,
    memberAssignment: MemberAssignment.encode({
      version,
      assignment: Object.fromEntries(byTopic),
      userData: Buffer.alloc(0),
    }),
  }));

function read(id: string, metadata: Buffer): AssignedMember {
  const decoded = MemberMetadata.decode(metadata);
  const { topics = [], userData } = decoded ?? {};
  try {
    const { owned, generation } = JSON.parse(String(userData)) as Said;
    return { id, topics, owned: new Map(Object.entries(owned)), generation };
  } catch {
    // A member of another build, which says nothing of what it has.
    return { id, topics, owned: new Map(), generation: 0 };
  }
}

async function counts(cluster: Cluster, topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
  for (const topic of topics) await cluster.addTargetTopic(topic);
  return new Map(topics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).length]));
}
