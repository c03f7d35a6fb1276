import { basename, extname, resolve } from 'node:path';
import { createPart, RepriseError, type Storage, systemClock, systemIds, systemRandom } from '@reprise/core';
import { findConfig } from '../../config/find-config.ts';
import { EXIT } from '../../errors/exit-codes.ts';
import type { Terminal } from '../../output/terminal.ts';
import { count, plain } from '../../output/text.ts';
import { storeOfConfig } from '../locate-store.ts';
import { fileStore, type StoreAccess } from '../store-access.ts';
import { type CopyReport, copyStore } from './copy-store.ts';

export interface CopyFlags {
  readonly ended?: boolean;
  readonly 'dry-run'?: boolean;
}

/** How often it is said how far it is, in ms. */
const PROGRESS_MS = 1000;
const CONFIGURATIONS = new Set(['.ts', '.mts', '.js', '.mjs', '.yaml', '.yml', '.json']);

/** Copies a store. Returns the exit code. */
export async function copyCommand(from: string, to: string, flags: CopyFlags, terminal: Terminal): Promise<number> {
  const { out, err, json } = terminal;
  const [source, target] = [await accessOf(from), await accessOf(to)];
  if (resolve(from) === resolve(to) || (source.path !== undefined && source.path === target.path))
    throw new RepriseError('REPRISE_CONFIG_INVALID', `FROM and TO are the same store: ${from}.`, {
      fix: 'Name two stores.',
    });
  if (source.exists === false)
    throw new RepriseError('REPRISE_STORE_UNAVAILABLE', `There is no store at ${source.where}.`, {
      retryable: false,
      fix: 'Name the file of a SQLite store, or a configuration file.',
    });
  const dryRun = flags['dry-run'] === true;
  const reading = await source.openReader();
  try {
    const writing = await openTarget(target, dryRun);
    try {
      let said = systemClock.now();
      const report = await copyStore(reading, writing, {
        ended: flags.ended === true,
        dryRun,
        onFailed: (stream, why) => void err.line(`${err.style('red', 'failed')} ${plain(stream)}: ${plain(why)}`),
        onProgress: (progress) => {
          if (json || systemClock.now() - said < PROGRESS_MS) return;
          said = systemClock.now();
          void err.note(lineOf(progress, dryRun));
        },
      });
      if (json) await out.json({ from, to, dryRun, ...report });
      else await out.line(lineOf(report, dryRun));
      return report.failed > 0 ? EXIT.failed : EXIT.ok;
    } finally {
      await writing.events.close();
    }
  } finally {
    await reading.events.close();
  }
}

/** A dry run makes no file: what is not there yet has nothing in it. */
async function openTarget(target: StoreAccess, dryRun: boolean): Promise<Storage> {
  const context = { clock: systemClock, ids: systemIds, random: systemRandom };
  if (!dryRun) return createPart(await target.plugin(), context);
  if (target.exists !== false) return target.openReader();
  const { createInMemoryStorage } = await import('@reprise/core');
  return createInMemoryStorage();
}

/** A configuration is read to its end: one that is none must not stand for the store that happens to lie beside it. */
const accessOf = async (place: string): Promise<StoreAccess> =>
  CONFIGURATIONS.has(extname(basename(place)))
    ? storeOfConfig(findConfig(place, process.cwd()))
    : fileStore(resolve(place));

function lineOf({ copied, there, open, failed, events }: CopyReport, dryRun: boolean): string {
  const parts = [
    `${dryRun ? 'would copy' : 'copied'} ${count(copied, 'stream')} (${count(events, 'event')})`,
    ...(there === 0 ? [] : [`${count(there, 'stream')} ${there === 1 ? 'was' : 'were'} there`]),
    ...(open === 0 ? [] : [`${count(open, 'open run')} left out`]),
    ...(failed === 0 ? [] : [`${count(failed, 'stream')} failed`]),
  ];
  return `${parts.join(', ')}${dryRun ? '' : '; all that was copied is verified'}.`;
}
