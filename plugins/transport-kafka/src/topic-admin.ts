import type { TopicChange, TopicDifference, TopicSettings, TopicStanding, TransportTopics } from '@reprise/core/plugin';
import type { FoundTopic, KafkaDriver } from './driver.ts';
import { configsOf, type NeededTopic, type Topics } from './topics.ts';

/** Looks at the topics of a namespace, and makes them, for who operates the brokers. */
export class TopicAdmin implements TransportTopics {
  readonly #driver: KafkaDriver;
  readonly #topics: Topics;
  readonly #replicas: number | undefined;

  constructor(driver: KafkaDriver, topics: Topics, replicationFactor: number | undefined) {
    this.#driver = driver;
    this.#topics = topics;
    this.#replicas = replicationFactor;
  }

  async look(agents: readonly string[]): Promise<readonly TopicStanding[]> {
    return (await this.#compare(agents)).map(({ standing }) => standing);
  }

  async apply(
    agents: readonly string[],
    { configs = false }: { readonly configs?: boolean } = {},
  ): Promise<readonly TopicChange[]> {
    const changes: TopicChange[] = [];
    for (const { needed, standing } of await this.#compare(agents)) {
      const { topic, wanted, found, differences } = standing;
      const differing = differences.flatMap(({ setting }) => (Object.hasOwn(wanted.configs, setting) ? [setting] : []));
      if (found === undefined) {
        await this.#driver.ensureTopic({ ...needed.topic, partitions: wanted.partitions }, true);
        changes.push({ topic, did: 'made' });
      } else if (configs && differing.length > 0) {
        const values = Object.fromEntries(differing.map((name) => [name, wanted.configs[name] ?? '']));
        await this.#driver.configureTopic(topic, values);
        changes.push({ topic, did: 'changed', configs: differing });
      }
    }
    return changes;
  }

  async #compare(
    agents: readonly string[],
  ): Promise<readonly { readonly needed: NeededTopic; readonly standing: TopicStanding }[]> {
    await this.#driver.connect();
    const all = this.#topics.needed(agents);
    const there = await this.#driver.describeTopics(all.map(({ topic }) => topic.name));
    return all.map((needed) => {
      const { topic, carries } = needed;
      const found = there.get(topic.name);
      const wanted: TopicSettings = {
        partitions: partitionsOf(needed, found, there),
        ...(this.#replicas === undefined ? {} : { replicas: this.#replicas }),
        configs: configsOf(topic),
      };
      if (found === undefined) return { needed, standing: { topic: topic.name, carries, wanted, differences: [] } };
      const configs = Object.fromEntries(Object.keys(wanted.configs).map((name) => [name, found.configs[name] ?? '']));
      const standing = { topic: topic.name, carries, wanted, found: { ...found, configs } };
      return { needed, standing: { ...standing, differences: differencesOf(standing) } };
    });
  }
}

/** One that is missing is made as large as those that it belongs with are, whatever the options say by now. */
function partitionsOf(
  { topic, family }: NeededTopic,
  found: FoundTopic | undefined,
  there: ReadonlyMap<string, FoundTopic>,
): number {
  if (found !== undefined) return topic.partitions;
  const others = family.flatMap((name) => there.get(name)?.partitions ?? []);
  return others[0] ?? topic.partitions;
}

function differencesOf({ wanted, found }: Required<Pick<TopicStanding, 'wanted' | 'found'>>): TopicDifference[] {
  const settings: readonly (readonly [string, string | number | undefined, string | number | undefined])[] = [
    ['partitions', wanted.partitions, found.partitions],
    ['replicas', wanted.replicas, found.replicas],
    ...Object.entries(wanted.configs).map(([name, value]) => [name, value, found.configs[name]] as const),
  ];
  return settings.flatMap(([setting, want, is]) =>
    want === undefined || want === is ? [] : [{ setting, wanted: String(want), found: String(is) }],
  );
}
