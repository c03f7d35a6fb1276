import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { LogLevel } from '@reprise/monitor-log';
import { findConfig } from '../config/find-config.ts';
import { onInterrupt } from '../drive/interrupts.ts';
import { usageError } from '../errors/usage-error.ts';
import { openBrowser } from '../output/open-browser.ts';
import type { Terminal } from '../output/terminal.ts';
import { count } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import type { Loaded } from './child-process.ts';
import { DashboardProcess, hasDashboard } from './dashboard-process.ts';
import { DevOutput, short } from './dev-output.ts';
import { FileWatch } from './file-watch.ts';
import { Supervisor } from './supervisor.ts';
import { MOST_FILES, type WatchedPlaces } from './watched-files.ts';

export interface DevFlags extends Whereabouts {
  readonly log: LogLevel;
  readonly 'log-format': 'auto' | 'json' | 'text';
  readonly port?: number | undefined;
  readonly dashboard: boolean;
  readonly open?: boolean;
  readonly watch?: readonly string[] | undefined;
  readonly ignore?: readonly string[] | undefined;
}

/** Runs the project, and whatever its files become, until it is told to stop. Returns the exit code. Throws when there is no configuration. */
export async function runDev(flags: DevFlags, terminal: Terminal): Promise<number> {
  const from = process.cwd();
  const config = findConfig(flags.config, from);
  const output = new DevOutput(terminal);
  const paths = (given: readonly string[] = []): readonly string[] => given.map((path) => resolve(from, path));
  if (!flags.dashboard && (flags.port !== undefined || flags.open === true))
    throw usageError('--port and --open are about the dashboard, which --no-dashboard leaves out.', {
      fix: 'Leave out one or the other.',
    });
  for (const path of flags.watch ?? [])
    if (!existsSync(resolve(from, path)))
      throw usageError(`--watch ${JSON.stringify(path)}: there is no such file or folder.`, {
        fix: 'Name what is there.',
      });
  const named = flags.store === undefined ? [] : [resolve(from, flags.store)];
  const places: WatchedPlaces = {
    folder: dirname(config),
    more: paths(flags.watch),
    except: [...paths(flags.ignore), ...named],
  };
  const where = { config, store: flags.store };
  const watch = new FileWatch(places, (files) => supervisor.changed(files));
  const dashboard = new DashboardProcess({
    link: (link) => {
      output.say('dashboard', `Dashboard, for one browser: ${link}`, { link });
      if (flags.open === true && isFirst) openBrowser(link);
      isFirst = false;
    },
    gone: (why) => output.say('no-dashboard', `No dashboard: ${why}`),
  });
  let isFirst = true;
  let isServed = false;
  const supervisor = new Supervisor({
    options: { ...where, log: flags.log, 'log-format': flags['log-format'] },
    json: terminal.json,
    output,
    loaded: (loaded) => watch.move(placesOf(places, loaded)),
    driving: () => {
      if (!flags.dashboard) return;
      if (isServed) return dashboard.reload();
      isServed = true;
      if (!hasDashboard()) output.say('no-dashboard', NOT_INSTALLED);
      else void dashboard.start({ ...where, port: flags.port });
    },
  });
  const ignore = onInterrupt((signal, times) => {
    dashboard.expectEnd();
    supervisor.interrupt(signal, times);
  });
  const { files, isCut } = watch.last;
  const seen = isCut ? `the first ${count(MOST_FILES, 'file')}` : count(files.size, 'file');
  const beside = places.more.length === 0 ? '' : ` and ${places.more.map(short).join(', ')}`;
  const watching = `Watching ${seen} of ${short(places.folder) || '.'}${beside}: code, JSON, YAML, .env; not node_modules, not folders that begin with a dot.`;
  output.say('watching', watching, { config, folder: places.folder, files: files.size });
  try {
    return await supervisor.run();
  } finally {
    ignore();
    watch.close();
    dashboard.close();
  }
}

const NOT_INSTALLED =
  'No dashboard: @reprise/monitor-dashboard is not installed (npm install @reprise/monitor-dashboard).';

/** Workflows may be elsewhere, and the store among the files. */
const placesOf = (places: WatchedPlaces, { sources, store }: Loaded): WatchedPlaces => ({
  ...places,
  more: [...new Set([...places.more, ...sources.filter((file) => !file.startsWith(`${places.folder}/`))])],
  except: store.startsWith('/') ? [...places.except, store] : places.except,
});
