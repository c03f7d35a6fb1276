import { userInfo } from 'node:os';
import { isRepriseError, RunFrames, type RunReader, systemClock, systemIds, systemRandom } from '@reprise/core';
import type { DashboardSource, ReachOptions } from '@reprise/monitor-dashboard';
import { exitCodeOfSignal, type InterruptSignal, onInterrupt } from '../drive/interrupts.ts';
import { usageError } from '../errors/usage-error.ts';
import { logsOf } from '../logs/keep-logs.ts';
import { openBrowser } from '../output/open-browser.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import { locateStore, type Whereabouts } from '../store/locate-store.ts';
import { openRunReader } from '../store/open-run-reader.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { Holds } from '../store/run-holds.ts';
import type { StoreAccess } from '../store/store-access.ts';
import { traceUrls } from '../traces/trace-url.ts';
import { type OpenViews, withViews } from '../views/open-views.ts';
import { changesOf } from './changes.ts';
import { Commands } from './commands.ts';
import { serves, takenOver } from './hand-over.ts';
import { listSource } from './list-source.ts';
import { type RunSourceParts, runSource } from './run-source.ts';

export interface DashboardFlags extends Whereabouts {
  readonly port: number;
  readonly open?: boolean;
  readonly by?: string | undefined;
  readonly 'read-only'?: boolean;
  /** The run to open it at. */
  readonly run?: string | undefined;
  readonly host?: string | undefined;
  readonly 'tls-cert'?: string | undefined;
  readonly 'tls-key'?: string | undefined;
  readonly 'behind-proxy'?: readonly string[] | undefined;
  readonly 'public-url'?: readonly string[] | undefined;
  readonly tokens?: string | undefined;
  /** Where Jaeger is, or a template: see traceUrls(). */
  readonly 'trace-url'?: string | undefined;
}

/** Serves the dashboard until it is told to stop. Returns the exit code. */
export async function serveDashboard(flags: DashboardFlags, terminal: Terminal): Promise<number> {
  const { reachOf } = await import('@reprise/monitor-dashboard');
  const reach = reachFlags(flags);
  reachOf(reach); // what is wrong with the flags is told before anything is opened
  const { 'trace-url': jaeger } = flags;
  const traceUrl = jaeger === undefined ? undefined : traceUrls(jaeger, '--trace-url');
  await makeStore(await locateStore(flags, process.cwd()));
  return withViews(flags, terminal, async (open) => {
    await open.views.start();
    const { reader, close } = openRunReader(open.storage, open.access);
    const commands = new Commands(flags, open.access);
    const frames = await framesOf(reader, open.access, terminal);
    try {
      const run = flags.run === undefined ? undefined : await resolveRun(open.storage, reader, flags.run);
      const shown = { ...flags, run };
      return await serve(
        sourceOf(open, reader, frames, flags, commands, traceUrl),
        shown,
        reach,
        terminal,
        open.access,
      );
    } finally {
      await frames.close();
      await commands.close();
      await close();
    }
  });
}

function reachFlags(flags: DashboardFlags): ReachOptions {
  const { host, tokens, by } = flags;
  const { 'tls-cert': cert, 'tls-key': key, 'behind-proxy': proxies, 'public-url': publicUrls } = flags;
  if (tokens !== undefined && by !== undefined)
    throw usageError('With --tokens, who changes something is the name of his token: leave out --by.');
  return {
    ...(host === undefined ? {} : { host }),
    ...(cert === undefined || key === undefined ? {} : { tls: { cert, key } }),
    ...(proxies === undefined ? {} : { proxies }),
    ...(publicUrls === undefined ? {} : { publicUrls }),
    ...(tokens === undefined ? {} : { tokens }),
  };
}

/** What there is to be seen before the first run is an empty store, not none: so it is there. */
async function makeStore(access: StoreAccess): Promise<void> {
  if (access.exists === true || (access.exists === undefined && (await canBeRead(access)))) return;
  const plugin = await access.plugin();
  const storage = await plugin.create({ clock: systemClock, ids: systemIds, random: systemRandom });
  await storage.events.close();
}

/** Of a store that only its plugin knows. What is wrong with it otherwise is told when it is opened. */
async function canBeRead(access: StoreAccess): Promise<boolean> {
  try {
    const { events } = await access.openReader();
    await events.close();
    return true;
  } catch (error) {
    return !isRepriseError(error, 'REPRISE_STORE_UNAVAILABLE');
  }
}

/** States of runs, whose keyframes are kept beside the views: the next server finds them. */
async function framesOf(reader: RunReader, { keyframes }: StoreAccess, { err }: Terminal): Promise<RunFrames> {
  if (keyframes === undefined) return new RunFrames(reader);
  const { createSqliteKeyframes } = await import('@reprise/view-store-sqlite');
  return new RunFrames(reader, {
    store: createSqliteKeyframes({ path: keyframes }),
    onError: (error) => void err.line(err.style('yellow', plain(`States of runs are not kept: ${textOf(error)}`))),
  });
}

function sourceOf(
  { storage, store, views, access, project }: OpenViews,
  reader: RunReader,
  frames: RunFrames,
  where: Whereabouts,
  commands: Commands,
  traceUrl: RunSourceParts['traceUrl'],
): DashboardSource {
  const holds = new Holds(where);
  return {
    ...listSource({ reader, storage, store, views, access, project }),
    ...runSource({
      reader,
      frames,
      storage,
      views,
      holds,
      logs: logsOf(access, project?.plugins ?? []),
      traceUrl,
    }),
    follow: changesOf(storage.events, views),
    command: commands.give,
    planFork: commands.planFork,
    start: commands.start,
  };
}

async function serve(
  source: DashboardSource,
  { port, open, run, by = nameOfUser(), 'read-only': readOnly }: DashboardFlags,
  reach: ReachOptions,
  { out, err, json }: Terminal,
  access: StoreAccess,
): Promise<number> {
  const { startDashboard } = await import('@reprise/monitor-dashboard');
  const stopped = Promise.withResolvers<InterruptSignal>();
  const ignore = onInterrupt((signal) => stopped.resolve(signal));
  const tell = (link: string): Promise<void> => (json ? out.json({ kind: 'link', link }) : out.line(link));
  try {
    const before = takenOver();
    const dashboard = await startDashboard({
      ...reach,
      source,
      port: before?.port ?? port,
      ...(before === undefined ? {} : { state: before.state }),
      role: readOnly === true ? 'viewer' : 'operator',
      by,
      ...(run === undefined ? {} : { run }),
      onLink: (link) => {
        void (json ? Promise.resolve() : err.line(err.style('dim', 'That link is used up. For another browser:'))).then(
          () => tell(link),
        );
      },
      onNote: (text) => void err.line(err.style('dim', plain(text))),
      onError: (error) => void err.line(plain(`error: ${textOf(error)}`)),
    });
    serves(dashboard);
    try {
      const how =
        reach.tokens === undefined
          ? 'on this machine only. Ctrl-C ends it. Open, once:'
          : `for who has a token of ${plain(reach.tokens)}. Ctrl-C ends it. Open:`;
      if (!json) await err.line(`The dashboard of ${plain(access.where)}, ${how}`);
      await tell(dashboard.link);
      if (open === true) openBrowser(dashboard.link);
      return exitCodeOfSignal(await stopped.promise);
    } finally {
      await dashboard.close();
    }
  } finally {
    ignore();
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'dashboard'; // a user that the system has no name for
  }
}
