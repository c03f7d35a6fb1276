import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { lookForDrivers, RepriseError, systemClock } from '@reprise/core';
import { EXIT } from '../../errors/exit-codes.ts';
import { usageError } from '../../errors/usage-error.ts';
import type { Terminal } from '../../output/terminal.ts';
import { count, plain } from '../../output/text.ts';
import { isAgreed } from '../../runs/one-or-many.ts';
import { locateStore, type Whereabouts } from '../locate-store.ts';
import type { StoreAccess } from '../store-access.ts';
import { cannot } from './can-do.ts';
import { verifiedShape, verifyFile } from './verify-file.ts';

export interface RestoreFlags extends Whereabouts {
  readonly yes?: boolean | undefined;
}

/** Puts a backup, once it is verified, in the place of the store. Returns the exit code. */
export async function restoreStore(file: string, flags: RestoreFlags, terminal: Terminal): Promise<number> {
  const { out, err, json } = terminal;
  const backup = resolve(file);
  if (!existsSync(backup))
    throw usageError(`There is no file ${file}.`, { fix: 'Name a file that `reprise store backup` made.' });
  const access = await locateStore(flags, process.cwd());
  const { path } = access;
  if (path === undefined) throw cannot('restore', access.where);
  if (resolve(path) === backup) throw usageError(`${file} is the store itself.`);
  await assertNobodyDrives(access);
  const verified = await verifyFile(backup, terminal);
  const { runs, events, differences } = verified;
  const [first] = differences;
  if (first !== undefined)
    throw new RepriseError(
      'REPRISE_STORE_CORRUPT',
      `${file} is no backup to go on from: ${first.runId === undefined ? '' : `run ${first.runId}: `}${first.detail}${differences.length === 1 ? '' : ` (and ${differences.length - 1} more)`}. Nothing was changed.`,
      { fix: 'Take another backup; `reprise verify --store FILE` says all that differs.' },
    );
  const what = `put ${count(runs, 'run')} (${count(events, 'event')}) in the place of ${plain(path)}`;
  const tell = (): Promise<void> =>
    err.line(
      `This will ${what}. What is there is kept beside it; what happened after the backup is not in the store then.`,
    );
  if (!(await isAgreed(flags, what, terminal, tell, '`reprise verify --store FILE`'))) {
    await err.line('Nothing was done.');
    return EXIT.failed;
  }
  // It may have been started meanwhile.
  await assertNobodyDrives(access);
  const { restoreSqliteStore } = await import('@reprise/event-store-sqlite');
  const at = new Date(systemClock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const { kept } = restoreSqliteStore(backup, path, `before-${at}`);
  // Views are of what was there: they are built again.
  for (const part of ['', '-wal', '-shm'])
    for (const cache of ['views', 'keyframes']) rmSync(`${path}-${cache}${part}`, { force: true });
  const stands = await verifyFile(path, terminal);
  const same = stands.runs === runs && stands.events === events && stands.differences.length === 0;
  if (json) await out.json({ file: backup, store: path, kept: kept ?? null, same, ...verifiedShape(stands) });
  else {
    await out.line(
      `${plain(path)}: ${count(stands.runs, 'run')}, ${count(stands.events, 'event')}${same ? '; verified' : ', which are not those of the backup'}.`,
    );
    if (kept !== undefined) await err.line(`What was there is kept: ${plain(kept)}`);
  }
  return same ? EXIT.ok : EXIT.failed;
}

/** Throws REPRISE_STORE_DRIVEN. A store that cannot be opened is one to be restored. */
async function assertNobodyDrives(access: StoreAccess): Promise<void> {
  if (access.exists === false) return;
  const storage = await access.openReader().catch(() => undefined);
  if (storage === undefined) return;
  try {
    if ((await lookForDrivers(storage)).driven !== true) return;
  } finally {
    await storage.events.close();
  }
  throw new RepriseError('REPRISE_STORE_DRIVEN', 'A process drives the runs of this store: stop it first.');
}
