import type { TopicDifference, TopicStanding } from '@reprise/core';
import { EXIT } from '../errors/exit-codes.ts';
import { table } from '../output/table.ts';
import type { Screen, Terminal } from '../output/terminal.ts';
import { count, plain } from '../output/text.ts';
import { type TopicFlags, withTopics } from './with-topics.ts';

/** Prints every topic that the project needs, and how it is. With `check`, the exit code says whether all are as they are to be. Returns it. */
export async function showTopics(flags: TopicFlags, check: boolean, terminal: Terminal): Promise<number> {
  return withTopics(flags, async (topics, transport) => {
    const standings = await topics.look();
    const wrong = standings.filter((one) => stateOf(one) !== 'same');
    const { out, err, json } = terminal;
    if (json) await out.json({ transport, ok: wrong.length === 0, topics: standings.map(shapeOf) });
    else {
      for (const line of rows(out, standings)) await out.line(line);
      await err.line(summary(wrong, standings.length));
    }
    return check && wrong.length > 0 ? EXIT.failed : EXIT.ok;
  });
}

/** `missing`: there is none. */
export const stateOf = ({ found, differences }: TopicStanding): 'missing' | 'same' | 'differs' => {
  if (found === undefined) return 'missing';
  return differences.length === 0 ? 'same' : 'differs';
};

export const shapeOf = (standing: TopicStanding): object => ({
  topic: standing.topic,
  carries: standing.carries,
  state: stateOf(standing),
  wanted: { ...standing.wanted, replicas: standing.wanted.replicas ?? null },
  found: standing.found ?? null,
  differences: standing.differences,
});

function rows(screen: Screen, standings: readonly TopicStanding[]): readonly string[] {
  const columns = [
    { title: 'TOPIC' },
    { title: 'PARTITIONS', align: 'right' },
    { title: 'REPLICAS', align: 'right' },
    { title: 'KEPT', align: 'right' },
    { title: 'STATE', flexible: true },
    { title: 'CARRIES', flexible: true },
  ] as const;
  const cells = standings.map((standing) => {
    const { topic, wanted, carries } = standing;
    return [
      plain(topic),
      String(wanted.partitions),
      wanted.replicas === undefined ? "brokers'" : String(wanted.replicas),
      kept(wanted.configs['retention.ms']),
      stateText(screen, standing),
      plain(carries),
    ];
  });
  return table(screen, columns, cells);
}

function stateText(screen: Screen, standing: TopicStanding): string {
  const state = stateOf(standing);
  if (state === 'same') return screen.style('green', 'as it is to be');
  if (state === 'missing') return screen.style('yellow', 'to be made');
  return screen.style('red', plain(differencesText(standing.differences)));
}

/** `partitions: 6, not 12`. */
export const differencesText = (differences: readonly TopicDifference[]): string =>
  differences.map(({ setting, wanted, found }) => `${setting}: ${found || 'none'}, not ${wanted}`).join('; ');

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const;

/** In the largest unit of which it is a whole number: `7 d`. */
function kept(retentionMs = ''): string {
  const ms = Number(retentionMs);
  const unit = UNITS.find(([, of]) => ms > 0 && ms % of === 0);
  return unit === undefined ? `${retentionMs || '-'} ms` : `${ms / unit[1]} ${unit[0]}`;
}

function summary(wrong: readonly TopicStanding[], all: number): string {
  if (wrong.length === 0) return `All ${count(all, 'topic')} are as they are to be.`;
  const missing = wrong.filter((one) => stateOf(one) === 'missing').length;
  const differ = wrong.length - missing;
  const said = [
    ...(missing === 0 ? [] : [`${count(missing, 'topic')} to be made: reprise kafka topics apply`]),
    ...(differ === 0
      ? []
      : [`${count(differ, 'topic')} not as ${differ === 1 ? 'it is' : 'they are'} to be${fixes(wrong)}`]),
  ];
  return `${said.join('. ')}.`;
}

/** What can be done about settings that differ. */
function fixes(standings: readonly TopicStanding[]): string {
  const settings = new Set(standings.flatMap(({ differences }) => differences.map(({ setting }) => setting)));
  const hints: string[] = [];
  if (settings.has('partitions'))
    hints.push(
      'partitions are never changed where messages are: say `partitions` as it is in the options, or delete the topic and make it anew',
    );
  if (settings.has('replicas')) hints.push('copies are moved by tools of Kafka (kafka-reassign-partitions)');
  if ([...settings].some((setting) => setting.includes('.')))
    hints.push('configs are changed by --change-configs of apply');
  return hints.length === 0 ? '' : ` (${hints.join('; ')})`;
}
