import { RepriseError, type StoreFinding } from '@reprise/core/plugin';
import type { Connection, Node } from './connection.ts';
import type { Log } from './log.ts';
import { storeError } from './store-error.ts';
import { metadataFilter, type StreamNames } from './streams.ts';

export interface InspectParts {
  readonly connection: Connection;
  readonly log: Log;
  readonly names: StreamNames;
  readonly deadlineMs: number;
}

/** The first version that says where the events of a stream stand in the log. */
const LEAST = [22, 6] as const;
/** Events with metadata of streams that are looked at, and streams that are told. */
const LOOKED_AT = 10_000;
const PAGE = 1000;
const TOLD = 5;
/** What in the metadata of a stream hides events of it. */
const LOSING = ['$maxAge', '$maxCount', '$tb'] as const;

/** The version of the server, the nodes that it knows, whether everything can be read, and which streams lose history. Does not reject. */
export async function inspect(parts: InspectParts): Promise<readonly StoreFinding[]> {
  const { connection, deadlineMs } = parts;
  const version = await told('server', async () => versionOf(await connection.serverVersion(deadlineMs)));
  // A server that does not even say that will say nothing else.
  if (version.status === 'fail') return [version];
  return [
    version,
    await told('nodes', async () => nodesOf(await connection.nodes(deadlineMs))),
    await told('rights', async () => {
      await parts.log.end();
      return { name: 'rights', status: 'ok', detail: 'all streams ($all) can be read' };
    }),
    await told('retention', () => retention(parts)),
  ];
}

async function told(name: string, look: () => Promise<StoreFinding>): Promise<StoreFinding> {
  try {
    return await look();
  } catch (error) {
    const { message, fix } = error instanceof RepriseError ? error : storeError(error, { what: 'read', of: name });
    return { name, status: 'fail', detail: message, fix };
  }
}

function versionOf(version: string): StoreFinding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const detail = `EventStoreDB ${version}`;
  if (major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])) return { name: 'server', status: 'ok', detail };
  const fix = 'Use EventStoreDB 22.6 or newer: older ones do not say where the events of a stream stand in the log.';
  return { name: 'server', status: /^\d/.test(version) ? 'fail' : 'warn', detail, fix };
}

function nodesOf(nodes: readonly Node[]): StoreFinding {
  const list = nodes.map(({ address, state, alive }) => `${address} ${alive ? state : 'dead'}`).join(', ');
  const leads = nodes.some(({ state, alive }) => alive && state === 'leader');
  if (leads && nodes.every(({ alive }) => alive)) return { name: 'nodes', status: 'ok', detail: list };
  const fix = leads
    ? 'Start the nodes that are dead.'
    : 'Nothing can be appended until a node leads: look into the log of the servers.';
  return { name: 'nodes', status: leads ? 'warn' : 'fail', detail: leads ? list : `no node leads: ${list}`, fix };
}

/** Streams of histories whose metadata hide events. The last word of each stream counts. */
async function retention({ log, names }: InspectParts): Promise<StoreFinding> {
  const losing = new Map<string, string>();
  let seen = 0;
  for (let from: Parameters<Log['readAll']>[1]; ; ) {
    const { answers, complete } = await log.readAll(metadataFilter(names), from, PAGE);
    for (const { kept } of answers) {
      const said = JSON.parse(Buffer.from(kept.data).toString('utf8')) as Record<string, unknown>;
      const what = LOSING.filter((name) => said[name] !== undefined).map((name) => `${name} ${String(said[name])}`);
      const stream = kept.stream.slice(2);
      if (what.length > 0) losing.set(stream, what.join(', '));
      else losing.delete(stream);
    }
    seen += answers.length;
    const last = answers.at(-1)?.position;
    if (complete || seen >= LOOKED_AT || last === undefined || answers.length === 1) break;
    from = last;
  }
  if (losing.size === 0) return { name: 'retention', status: 'ok', detail: 'no history has a limit of age or count' };
  const list = [...losing].slice(0, TOLD).map(([stream, what]) => `${stream} (${what})`);
  const more = losing.size > TOLD ? ` and ${losing.size - TOLD} more` : '';
  return {
    name: 'retention',
    status: 'warn',
    detail: `these histories lose events: ${list.join(', ')}${more}`,
    fix: 'Remove $maxAge, $maxCount and $tb from the metadata of these streams, before the next scavenge.',
  };
}
