import { agentChannel, COMMAND_CHANNEL, COMMAND_GROUP, type Finding, toErrorData } from '@reprise/core/plugin';
import type { KafkaDriver } from './driver.ts';
import { TopicAdmin } from './topic-admin.ts';
import type { Route, Topics } from './topics.ts';

export interface InspectionParts {
  readonly driver: KafkaDriver;
  readonly topics: Topics;
  readonly replicationFactor: number | undefined;
  /** Topics that are missing are made by a start. */
  readonly createTopics: boolean;
}

/** Partitions that are told one by one, those where most waits. */
const TOLD = 3;

/** Whether the topics are there, what waits for whom, by family of partitions, and whether something was refused. Changes nothing. */
export async function inspect(parts: InspectionParts, agents: readonly string[]): Promise<readonly Finding[]> {
  const { driver, topics } = parts;
  await driver.connect();
  const groups = [
    { group: COMMAND_GROUP, whose: 'orchestrators', channel: COMMAND_CHANNEL },
    ...agents.map((agent) => ({ group: `agent.${agent}`, whose: `workers of ${agent}`, channel: agentChannel(agent) })),
  ];
  const lags = groups.map(({ group, whose, channel }) => {
    const route = topics.route(channel);
    return told('lag', () => lagOf(driver, route, topics.groupOf(group, route), whose));
  });
  return Promise.all([
    told('topics', () => ofTopics(parts, agents)),
    ...lags,
    told('dead letters', () => deadLettersOf(parts)),
  ]);
}

/** What cannot be told for want of a right is said, and hides nothing else. */
async function told(name: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    const { message, code } = toErrorData(error, 'REPRISE_TRANSPORT_UNAVAILABLE');
    if (code !== 'REPRISE_TRANSPORT_DENIED') throw error;
    const fix = 'Look as somebody who has the right, or give it: the README of the plugin says which.';
    return { name, status: 'warn', detail: `cannot be told: ${message}`, fix };
  }
}

async function ofTopics(
  { driver, topics, replicationFactor, createTopics }: InspectionParts,
  agents: readonly string[],
): Promise<Finding> {
  const name = 'topics';
  const standings = await new TopicAdmin(driver, topics, replicationFactor).look(agents);
  const missing = standings.filter(({ found }) => found === undefined);
  const differ = standings.filter(({ differences }) => differences.length > 0);
  if (missing.length > 0 && !createTopics) {
    const detail = `${missing.length} missing, and createTopics is false: ${missing.map(({ topic }) => topic).join(', ')}`;
    return { name, status: 'fail', detail, fix: 'Make them: reprise kafka topics apply' };
  }
  if (differ.length > 0) {
    const detail = `not as they are to be: ${differ.map(({ topic }) => topic).join(', ')}`;
    return { name, status: 'warn', detail, fix: 'See what differs: reprise kafka topics plan' };
  }
  const there = standings.length - missing.length;
  const made = missing.length === 0 ? '' : `, ${missing.length} are made when they are first used`;
  return { name, status: 'ok', detail: `${there} are as they are to be${made}` };
}

/** What the group has not committed yet. Partition i of all topics of a family is one member's, so it is told as one. */
async function lagOf(driver: KafkaDriver, { family }: Route, group: string, whose: string): Promise<Finding> {
  const name = 'lag';
  const names = family.map((topic) => topic.name);
  const there = await driver.describeTopics(names);
  if (there.size < names.length) return { name, status: 'ok', detail: `${whose}: nothing was sent yet` };
  const [members, waits] = await Promise.all([driver.membersOf(group), waitingIn(driver, names, group)]);
  const all = [...waits.values()].reduce((sum, one) => sum + one, 0);
  const most = [...waits].sort(([, one], [, other]) => other - one).slice(0, TOLD);
  const places = most.map(([partition, count]) => `partition ${partition}: ${count}`);
  if (waits.size > TOLD) places.push(`${waits.size - TOLD} more partitions`);
  const where = all === 0 ? '' : ` (${places.join(', ')})`;
  const takers = `${members.length} ${members.length === 1 ? 'process takes' : 'processes take'} them`;
  const detail = `${whose}: ${all} messages wait${where}, ${takers}`;
  if (all === 0 || members.length > 0) return { name, status: 'ok', detail };
  return { name, status: 'warn', detail, fix: `Start one of the ${whose}.` };
}

/** How many records the group has not committed, by partition, over these topics; partitions with none are left out. */
async function waitingIn(
  driver: KafkaDriver,
  topics: readonly string[],
  group: string,
): Promise<ReadonlyMap<number, number>> {
  const committed = await driver.committed(group, topics);
  const extents = await Promise.all(topics.map(async (topic) => [topic, await driver.extents(topic)] as const));
  const waits = new Map<number, number>();
  for (const [topic, partitions] of extents) {
    for (const [partition, { first, next }] of partitions) {
      const mark = committed.get(topic)?.get(partition) ?? first;
      // What was deleted for its age waits no more.
      const left = Number(next) - Math.max(Number(mark), Number(first));
      if (left > 0) waits.set(partition, (waits.get(partition) ?? 0) + left);
    }
  }
  return waits;
}

async function deadLettersOf({ driver, topics }: InspectionParts): Promise<Finding> {
  const name = 'dead letters';
  const topic = topics.deadLetters.name;
  if ((await driver.describeTopics([topic])).size === 0) return { name, status: 'ok', detail: 'none' };
  const extents = await driver.extents(topic);
  const count = [...extents.values()].reduce((sum, { first, next }) => sum + Number(next - first), 0);
  if (count === 0) return { name, status: 'ok', detail: 'none' };
  const fix = 'Read them: the header reprise-cause says why, reprise-topic, -partition and -offset where each was.';
  return { name, status: 'warn', detail: `${count} in ${topic}`, fix };
}
