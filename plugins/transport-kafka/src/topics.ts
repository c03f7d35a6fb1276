import {
  ABORT_CHANNEL,
  agentChannel,
  COMMAND_CHANNEL,
  HEARTBEAT_CHANNEL,
  RESULT_CHANNEL,
  sha256,
  WORKER_CHANNEL,
  workerChannel,
} from '@reprise/core/plugin';
import type { TopicPlan } from './driver.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Channels whose partition i is one orchestrator's, with the runs that fall there, and how long their records are kept, in ms. */
const BY_RUN: ReadonlyMap<string, number> = new Map([
  [COMMAND_CHANNEL, 7 * DAY_MS],
  [RESULT_CHANNEL, 7 * DAY_MS],
  [HEARTBEAT_CHANNEL, 10 * MINUTE_MS],
]);

/** Kafka's own limit is 1 MiB; a payload and what is around it may be more. */
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

/** The configs that a topic is made with. */
export const configsOf = ({ retentionMs }: TopicPlan): Readonly<Record<string, string>> => ({
  'cleanup.policy': 'delete',
  'max.message.bytes': String(MAX_MESSAGE_BYTES),
  'retention.ms': String(retentionMs),
});

/** Where the messages of a channel are. */
export interface Route {
  readonly topic: TopicPlan;
  /** Other channels are in this topic, too: each record says its own in a header. */
  readonly shared: boolean;
  /** All topics whose partition i goes to the same member of a group; this one is among them. */
  readonly family: readonly TopicPlan[];
  /** What a group is called by beside its own name: one Kafka group for each. */
  readonly familyName: string;
}

export interface NeededTopic {
  readonly topic: TopicPlan;
  readonly carries: string;
  readonly family: readonly string[];
}

/** Topics by role, each in the namespace. The channels are the engine's (channels.ts of the core); any other is its own topic. */
export class Topics {
  readonly #prefix: string;
  readonly #partitions: number;

  /** `prefix` is '' or ends with a dot. */
  constructor(prefix: string, partitions: number) {
    this.#prefix = prefix;
    this.#partitions = partitions;
  }

  route(channel: string): Route {
    const ofRuns = BY_RUN.get(channel);
    if (ofRuns !== undefined) {
      const family = [...BY_RUN].map(([name, retentionMs]) => this.#plan(name, retentionMs));
      return { topic: this.#plan(channel, ofRuns), shared: false, family, familyName: COMMAND_CHANNEL };
    }
    if (channel === ABORT_CHANNEL || channel === WORKER_CHANNEL)
      return this.#sharedBy(channel, this.#plan('reprise.control', HOUR_MS, 1));
    if (channel.startsWith(workerChannel('')))
      return this.#sharedBy(channel, this.#plan('reprise.agent-messages', HOUR_MS));
    const topic = this.#plan(channel, 7 * DAY_MS);
    return { topic, shared: false, family: [topic], familyName: channel };
  }

  /** The topics that are needed where dispatches go to these agents, each once. Those of one `family` have the same number of partitions. */
  needed(agents: readonly string[]): readonly NeededTopic[] {
    const of = (channel: string, carries: string): NeededTopic => {
      const { topic, family } = this.route(channel);
      return { topic, carries, family: family.map(({ name }) => name) };
    };
    const { deadLetters } = this;
    return [
      of(COMMAND_CHANNEL, 'commands, by run'),
      of(RESULT_CHANNEL, 'what workers report, by run'),
      of(HEARTBEAT_CHANNEL, 'heartbeats and progress, by run'),
      of(ABORT_CHANNEL, 'aborts, and who is there: broadcasts'),
      of(workerChannel('x'), 'answers and messages for attempts'),
      ...agents.map((agent) => of(agentChannel(agent), `dispatches to ${agent}`)),
      { topic: deadLetters, carries: 'what was refused, and what nobody can read', family: [deadLetters.name] },
    ];
  }

  get deadLetters(): TopicPlan {
    return this.#plan('reprise.dead-letters', 30 * DAY_MS, 1);
  }

  groupOf(group: string, { familyName }: Route): string {
    return `${this.#prefix}${group}.${familyName}`;
  }

  broadcastGroup({ topic }: Route, id: string): string {
    return `${topic.name}.broadcast.${id}`;
  }

  #sharedBy(channel: string, topic: TopicPlan): Route {
    return { topic, shared: true, family: [topic], familyName: channel };
  }

  #plan(name: string, retentionMs: number, partitions: number = this.#partitions): TopicPlan {
    return { name: topicName(`${this.#prefix}${name}`), partitions, retentionMs };
  }
}

/** What Kafka takes as a name; any other is told from its like by its hash. */
function topicName(name: string): string {
  if (/^[A-Za-z0-9._-]{1,249}$/.test(name) && !/^\.{1,2}$/.test(name)) return name;
  return `${name.replaceAll(/[^A-Za-z0-9._-]/g, '-').slice(0, 200)}-${sha256(name).slice(0, 16)}`;
}
