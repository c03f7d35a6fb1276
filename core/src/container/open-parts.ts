import type { Storage } from '../event-store/storage.ts';
import type { Transport } from '../orchestration/messaging/transport.ts';
import type { Monitor } from '../orchestration/monitoring/monitor.ts';
import type { ViewStore } from '../orchestration/reading/views/view-store.ts';
import type { Clock } from '../shared/clock.ts';
import { RepriseError } from '../shared/errors.ts';
import { inMemoryEventStore, inMemoryViewStore, inProcessTransport } from './builtin-plugins.ts';
import {
  type AnyPlugin,
  createPart,
  type Plugin,
  type PluginContext,
  type PluginKind,
  type PluginParts,
} from './plugin.ts';

/** How long parts of a start that failed may take to close, in ms. */
const CLOSE_TIMEOUT_MS = 5000;

/** What may hold something open: when one of them cannot be made, those that were are closed. */
export interface OpenParts {
  readonly monitors: readonly Monitor[];
  readonly transport: Transport;
  readonly storage: Storage;
  readonly views: ViewStore;
}

/** `check` is called before the store is made: what it throws stops the opening. */
export async function openParts(
  plugins: readonly AnyPlugin[],
  context: PluginContext,
  check: (transport: Transport) => void,
): Promise<OpenParts> {
  const transports = theOne(plugins, 'transport') ?? inProcessTransport();
  const stores = theOne(plugins, 'event-store') ?? inMemoryEventStore();
  const viewStores = theOne(plugins, 'view-store') ?? inMemoryViewStore();
  const monitors: Monitor[] = [];
  const opened: { transport?: Transport; storage?: Storage; views?: ViewStore } = {};
  try {
    for (const plugin of ofKind(plugins, 'monitor')) monitors.push(await createPart(plugin, context));
    const transport = await createPart(transports, context);
    opened.transport = transport;
    check(transport);
    // Late, because it may take hold of a file: whatever can go wrong before has gone wrong by now.
    const storage = await createPart(stores, context);
    opened.storage = storage;
    assertCatalog(storage, stores.name);
    opened.views = await createPart(viewStores, context);
    return { monitors, transport, storage, views: opened.views };
  } catch (error) {
    await closeParts({ monitors, ...opened }, context.clock);
    throw error;
  }
}

/** Closes what there is, each by itself. One that fails or hangs says less than what made the start fail. */
export async function closeParts(parts: Partial<OpenParts>, clock: Clock): Promise<void> {
  const { monitors = [], transport, storage, views } = parts;
  const closing = [
    ...monitors.map(async (monitor) => monitor.shutdown()),
    (async () => transport?.stop())(),
    (async () => views?.close())(),
    (async () => storage?.events.close())(),
  ];
  const { promise: expired, resolve } = Promise.withResolvers<void>();
  const timer = clock.schedule(CLOSE_TIMEOUT_MS, resolve);
  await Promise.race([Promise.allSettled(closing), expired]);
  timer.cancel();
}

/** Open runs are found by it when the process starts again. */
function assertCatalog({ catalog }: Storage, plugin: string): void {
  if (catalog === undefined || typeof catalog.list === 'function') return;
  const message = `The event store of the plugin '${plugin}' has a \`catalog\` without list(): open runs would not be found again. Leave it out, and the run index is kept beside the store.`;
  throw new RepriseError('REPRISE_CONFIG_INVALID', message);
}

const ofKind = <Kind extends PluginKind>(plugins: readonly AnyPlugin[], kind: Kind): readonly Plugin<Kind>[] =>
  plugins.filter((plugin): plugin is AnyPlugin & Plugin<Kind> => plugin.kind === kind);

/** The parts of all plugins of a kind that holds nothing open. */
export function createAll<Kind extends PluginKind>(
  plugins: readonly AnyPlugin[],
  kind: Kind,
  context: PluginContext,
): Promise<readonly PluginParts[Kind][]> {
  return Promise.all(ofKind(plugins, kind).map((plugin) => createPart(plugin, context)));
}

function theOne<Kind extends PluginKind>(plugins: readonly AnyPlugin[], kind: Kind): Plugin<Kind> | undefined {
  const [first, ...others] = ofKind(plugins, kind);
  if (others.length === 0) return first;
  const names = [first, ...others].map((plugin) => plugin?.name).join(', ');
  throw new RepriseError(
    'REPRISE_CONFIG_INVALID',
    `There can be one ${kind}, but the plugins bring several: ${names}. Keep one.`,
  );
}
