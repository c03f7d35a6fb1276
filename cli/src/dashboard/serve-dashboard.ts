import { userInfo } from 'node:os';
import { RunFrames, systemClock, systemIds, systemRandom } from '@reprise/core';
import type { DashboardSource } from '@reprise/monitor-dashboard';
import { exitCodeOfSignal, type InterruptSignal, onInterrupt } from '../drive/interrupts.ts';
import { logsOf } from '../logs/keep-logs.ts';
import { openBrowser } from '../output/open-browser.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import { locateStore, type Whereabouts } from '../store/locate-store.ts';
import { openRunReader } from '../store/open-run-reader.ts';
import { Holds } from '../store/run-holds.ts';
import type { StoreAccess } from '../store/store-access.ts';
import { type OpenViews, withViews } from '../views/open-views.ts';
import { changesOf } from './changes.ts';
import { Commands } from './commands.ts';
import { serves, takenOver } from './hand-over.ts';
import { listSource } from './list-source.ts';
import { runSource } from './run-source.ts';

export interface DashboardFlags extends Whereabouts {
  readonly port: number;
  readonly open?: boolean;
  readonly by?: string | undefined;
  readonly 'read-only'?: boolean;
}

/** Serves the dashboard until it is told to stop. Returns the exit code. */
export async function serveDashboard(flags: DashboardFlags, terminal: Terminal): Promise<number> {
  await makeStore(await locateStore(flags, process.cwd()));
  return withViews(flags, terminal, async (open) => {
    await open.views.start();
    const { reader, close } = openRunReader(open.storage, open.access);
    const commands = new Commands(flags, open.access);
    try {
      return await serve(sourceOf(open, reader, flags, commands), flags, terminal, open.access);
    } finally {
      await commands.close();
      await close();
    }
  });
}

/** What there is to be seen before the first run is an empty store, not none: so it is there. */
async function makeStore(access: StoreAccess): Promise<void> {
  if (access.exists !== false) return;
  const plugin = await access.plugin();
  const storage = await plugin.create({ clock: systemClock, ids: systemIds, random: systemRandom });
  await storage.events.close();
}

function sourceOf(
  { storage, views, access, project }: OpenViews,
  reader: ReturnType<typeof openRunReader>['reader'],
  where: Whereabouts,
  commands: Commands,
): DashboardSource {
  const holds = new Holds(where);
  return {
    ...listSource({ reader, storage, views, access, project }),
    ...runSource({
      reader,
      frames: new RunFrames(reader),
      storage,
      views,
      holds,
      logs: logsOf(access, project?.plugins ?? []),
    }),
    follow: changesOf(storage.events, views),
    command: commands.give,
    planFork: commands.planFork,
    start: commands.start,
  };
}

async function serve(
  source: DashboardSource,
  { port, open, by = nameOfUser(), 'read-only': readOnly }: DashboardFlags,
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
      source,
      port: before?.port ?? port,
      ...(before === undefined ? {} : { state: before.state }),
      role: readOnly === true ? 'viewer' : 'operator',
      by,
      onLink: (link) => {
        void (json ? Promise.resolve() : err.line(err.style('dim', 'That link is used up. For another browser:'))).then(
          () => tell(link),
        );
      },
      onError: (error) => void err.line(plain(`error: ${error instanceof Error ? error.message : String(error)}`)),
    });
    serves(dashboard);
    try {
      if (!json)
        await err.line(`The dashboard of ${plain(access.where)}, on this machine only. Ctrl-C ends it. Open, once:`);
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

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'dashboard'; // a user that the system has no name for
  }
}
