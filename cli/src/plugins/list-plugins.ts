import { DEFAULT_STORE, findConfig } from '../config/find-config.ts';
import { type PluginStanding, pluginStandings } from '../config/load-plugins.ts';
import { type ReadConfig, readConfig } from '../config/read-config.ts';
import { EXIT } from '../errors/exit-codes.ts';
import { tableOrFolded } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import { type PluginState, stateOf } from './plugin-state.ts';

/** One line of the list. */
interface Row extends PluginState {
  readonly name: string;
  readonly version: string | undefined;
  readonly kind: string;
  readonly from: 'code' | 'file' | 'built in';
}

/** Prints which plugins there are, from where, and how they stand. Returns the exit code: 1 when one is missing or does not load. */
export async function listPlugins(config: string | undefined, { out, err, json }: Terminal): Promise<number> {
  const read = await readConfig(findConfig(config, process.cwd()));
  const standings = await pluginStandings(read);
  const rows = await rowsOf(read, standings);
  const exit = rows.some(({ state }) => state === 'missing' || state === 'failed') ? EXIT.failed : EXIT.ok;
  if (json) {
    await out.json({ plugins: rows.map(shapeOf) });
    return exit;
  }
  const columns = [
    { title: 'NAME' },
    { title: 'VERSION' },
    { title: 'KIND' },
    { title: 'FROM' },
    { title: 'STATE', flexible: true },
  ] as const;
  const cells = rows.map((row) => [plain(row.name), plain(row.version ?? '-'), plain(row.kind), row.from, row.state]);
  for (const line of tableOrFolded(out, columns, cells)) await out.line(line);
  for (const { name, state, reason, differs } of rows) {
    if (reason !== undefined)
      await err.line(err.style(state === 'shadowed' ? 'yellow' : 'red', plain(`${name} is ${state}: ${reason}`)));
    if (differs !== undefined) await err.line(err.style('yellow', plain(`${name} is not what was pinned: ${differs}`)));
  }
  return exit;
}

const rowsOf = async (read: ReadConfig, standings: readonly PluginStanding[]): Promise<readonly Row[]> => [
  ...(await Promise.all(standings.map(rowOf))),
  ...builtIn(read, standings),
];

/** Which plugins there are, as the JSON of the list has them. */
export const pluginShapes = async (
  read: ReadConfig,
  standings: readonly PluginStanding[],
): Promise<readonly object[]> => (await rowsOf(read, standings)).map(shapeOf);

async function rowOf(standing: PluginStanding): Promise<Row> {
  const { source, use, plugin, installed, pinned } = standing;
  const kind = plugin?.kind ?? installed?.says.kinds.join(', ');
  return {
    name: use ?? plugin?.name ?? '(one that could not be loaded)',
    version: installed?.says.version ?? pinned?.version,
    kind: kind || (installed?.says.hasCommands === true ? 'commands' : '-'),
    from: source,
    ...(await stateOf(standing)),
  };
}

/** What stands in where nothing else is said. */
function builtIn({ config }: ReadConfig, standings: readonly PluginStanding[]): readonly Row[] {
  const kinds = new Set(
    standings.filter(({ shadowedBy }) => shadowedBy === undefined).map(({ plugin }) => plugin?.kind),
  );
  const row = (name: string, kind: string): Row => ({
    name,
    version: undefined,
    kind,
    from: 'built in',
    state: 'used',
  });
  return [
    ...(kinds.has('event-store') ? [] : [row(`sqlite (${config.store?.path ?? DEFAULT_STORE})`, 'event-store')]),
    ...(kinds.has('view-store') ? [] : [row('sqlite-views', 'view-store')]),
    ...(kinds.has('transport') ? [] : [row('in-process', 'transport')]),
    row('graph', 'scheduler'),
  ];
}

const shapeOf = ({ name, version, kind, from, state, reason, differs }: Row): object => ({
  name,
  version: version ?? null,
  kind,
  from,
  state,
  reason: reason ?? null,
  differs: differs ?? null,
});
