import kafkajs, { type Cluster, type PartitionAssigner } from 'kafkajs';
import type { Place } from '../driver.ts';
import { COMMON, hear, STICKY, say } from '../group-words.ts';
import { type AssignedMember, type Assignment, assignSticky } from '../sticky-assignment.ts';

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;

const VERSION = 1;
const COMMON_VERSION = 0;

export const stickyAssigner =
  (owned: () => readonly Place[], generation: () => number): PartitionAssigner =>
  ({ cluster }) => ({
    name: STICKY,
    version: VERSION,
    async assign({ members }) {
      const said = members.map(({ memberId, memberMetadata }) => read(memberId, memberMetadata));
      const topics = [...new Set(said.flatMap((member) => member.topics))].sort();
      return encoded(assignSticky(said, await counts(cluster, topics)), VERSION);
    },
    protocol({ topics }) {
      const userData = say(owned(), generation());
      return { name: STICKY, metadata: MemberMetadata.encode({ version: VERSION, topics, userData }) };
    },
  });

/** Nothing is said of what a member has. */
export const commonAssigner: PartitionAssigner = ({ cluster }) => ({
  name: COMMON,
  version: COMMON_VERSION,
  async assign({ members }) {
    const said = members.map(({ memberId, memberMetadata }) => read(memberId, memberMetadata));
    const topics = [...new Set(said.flatMap((member) => member.topics))].sort();
    return encoded(assignSticky(said, await counts(cluster, topics)), COMMON_VERSION);
  },
  protocol: ({ topics }) => ({
    name: COMMON,
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
  const { topics = [], userData } = MemberMetadata.decode(metadata) ?? {};
  return hear(id, topics, userData);
}

async function counts(cluster: Cluster, topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
  for (const topic of topics) await cluster.addTargetTopic(topic);
  return new Map(topics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).length]));
}
