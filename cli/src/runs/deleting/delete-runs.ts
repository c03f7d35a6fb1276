import {
  type DeletedRun,
  deleteRun,
  printQuery,
  type Storage,
  systemClock,
  systemIds,
  toErrorData,
} from '@reprise/core';
import { forgetKeptLogs } from '@reprise/monitor-log';
import { openToSteer } from '../../drive/open-project.ts';
import { EXIT } from '../../errors/exit-codes.ts';
import { usageError } from '../../errors/usage-error.ts';
import type { Terminal } from '../../output/terminal.ts';
import { count, isoTime, number, plain } from '../../output/text.ts';
import { locateStore, type Whereabouts } from '../../store/locate-store.ts';
import { openRunReader } from '../../store/open-run-reader.ts';
import type { StoreAccess } from '../../store/store-access.ts';
import { ability } from '../../store/upkeep/can-do.ts';
import { noRunsYet } from '../../store/with-reader.ts';
import { isAgreed } from '../one-or-many.ts';
import { type ChoosingFlags, type Chosen, chooseRuns, type Doomed, type Refused } from './choose-runs.ts';
import { assertNew, writeArchive } from './write-archive.ts';

export interface DeleteFlags extends Whereabouts, ChoosingFlags {
  readonly yes?: boolean | undefined;
  readonly 'dry-run'?: boolean | undefined;
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
  /** Where they are written to before. */
  readonly output?: string | undefined;
}

/** What is asked for: `prune` only shows what it would do unless it is said --yes. */
export type Deleting = 'delete' | 'prune' | 'archive';

/** Runs that are named before it is asked, and failures that are told one by one. */
const NAMED = 10;
const TOLD_EVERY = 100;

/** Deletes runs that have ended, with what is on record of who did it and why. Returns the exit code: 1 when some could not be. */
export async function deleteRuns(
  typed: readonly string[],
  deleting: Deleting,
  flags: DeleteFlags,
  terminal: Terminal,
): Promise<number> {
  const isPreview = flags['dry-run'] === true || (deleting === 'prune' && flags.yes !== true);
  const { reason, output } = flags;
  if (!isPreview && (reason === undefined || reason.trim() === ''))
    throw usageError(
      'Why are they deleted? Say --reason TEXT: it is put on record. (--dry-run only shows what would be.)',
    );
  if (output !== undefined) assertNew(output);
  const access = await locateStore(flags, process.cwd());
  if (access.exists === false) throw noRunsYet(access);
  const { orchestrator, storage } = await openToSteer(access);
  const { reader, close } = openRunReader(storage, access);
  try {
    ability(storage, 'remove', access);
    const chosen = await chooseRuns(reader, storage, typed, flags);
    if (isPreview) return await preview(chosen, deleting, terminal);
    const { doomed } = chosen;
    const all = doomed.flatMap(({ family }) => family);
    const what = `${deleting} ${count(all.length, 'run')}`;
    const agreed =
      doomed.length === 0 || (await isAgreed(flags, what, terminal, () => tell(chosen, `This will ${what}`, terminal)));
    if (!agreed) {
      await terminal.err.line('Nothing was deleted.');
      return EXIT.failed;
    }
    if (output !== undefined && all.length > 0) await writeArchive(storage.events, all, output);
    const parts = { storage, reader, clock: systemClock, ids: systemIds };
    const options = { reason: reason ?? '', ...whose(flags), ...(output === undefined ? {} : { archive: output }) };
    const gone: Doomed[] = [];
    const failed: Refused[] = [...chosen.refused];
    for (const { runId } of doomed) {
      try {
        gone.push({ runId, family: await deleteRun(parts, runId, options) });
      } catch (error) {
        const { code, message } = toErrorData(error, 'REPRISE_COMMAND_INVALID');
        failed.push({ runId, code, message });
        continue;
      }
      // At once: one that is killed has said what it did.
      if (!terminal.json) await terminal.out.line(plain(runId));
      if (gone.length % TOLD_EVERY === 0)
        await terminal.err.line(terminal.err.style('dim', `${number(gone.length)} of ${number(doomed.length)}`));
    }
    await forgetLogs(access, gone, terminal);
    return await report({ ...chosen, doomed: gone, refused: failed }, deleting, flags, terminal, storage);
  } finally {
    await close();
    await orchestrator.stop();
  }
}

const whose = ({ by }: DeleteFlags): { readonly by?: string } => (by === undefined ? {} : { by });

/** What agents logged is kept beside the store. That it cannot be deleted is told, and undoes nothing. */
async function forgetLogs({ logs }: StoreAccess, gone: readonly Doomed[], { err }: Terminal): Promise<void> {
  if (logs === undefined) return;
  try {
    forgetKeptLogs(
      logs,
      gone.flatMap(({ family }) => family.map(({ runId }) => runId)),
    );
  } catch (error) {
    await err.line(err.style('yellow', plain(toErrorData(error, 'REPRISE_LOGS_UNAVAILABLE').message)));
  }
}

async function preview(chosen: Chosen, deleting: Deleting, terminal: Terminal): Promise<number> {
  const { out, err, json } = terminal;
  if (json) {
    await out.json(shapeOf(chosen, { dryRun: true, archive: undefined }));
    return EXIT.ok;
  }
  const runs = chosen.doomed.flatMap(({ family }) => family).length;
  await tell(chosen, runs === 0 ? 'No run fits' : `It would ${deleting} ${count(runs, 'run')}`, terminal);
  if (deleting === 'prune' && runs > 0) await err.line('Nothing was deleted. To do it: --yes --reason TEXT');
  return EXIT.ok;
}

async function report(
  chosen: Chosen,
  deleting: Deleting,
  { output }: DeleteFlags,
  { out, err, json }: Terminal,
  { compact }: Storage,
): Promise<number> {
  const { doomed, refused } = chosen;
  const exit = refused.length === 0 ? EXIT.ok : EXIT.failed;
  if (json) {
    await out.json(shapeOf(chosen, { dryRun: false, archive: output }));
    return exit;
  }
  await tellRefused(refused, { err });
  const runs = doomed.flatMap(({ family }) => family);
  const where = output === undefined || runs.length === 0 ? '' : ` to ${plain(output)}`;
  const done = deleting === 'archive' ? 'archived' : 'deleted';
  await err.line(
    `${count(runs.length, 'run')} ${done}${where}${refused.length === 0 ? '' : `, ${number(refused.length)} not`}.`,
  );
  if (runs.length > 0 && compact !== undefined)
    await err.line(err.style('dim', 'The file stays as large as it is until: reprise store compact'));
  return exit;
}

async function tell({ doomed, refused }: Chosen, what: string, { err }: Pick<Terminal, 'err'>): Promise<void> {
  await err.line(doomed.length === 0 ? `${what}.` : `${what}:`);
  for (const { family } of doomed.slice(0, NAMED)) {
    const [run, ...children] = family;
    if (run === undefined) continue;
    const more = children.length === 0 ? '' : `, with ${count(children.length, 'child run')}`;
    const events = family.reduce((sum, one) => sum + one.events, 0);
    await err.line(
      `  ${plain(run.runId)}  ${plain(run.workflow)}  ${run.status} ${isoTime(run.endedAt)}  ${count(events, 'event')}${more}`,
    );
  }
  if (doomed.length > NAMED) await err.line(`  and ${number(doomed.length - NAMED)} more`);
  await tellRefused(refused, { err });
}

async function tellRefused(refused: readonly Refused[], { err }: Pick<Terminal, 'err'>): Promise<void> {
  for (const { runId, code, message } of refused.slice(0, NAMED))
    await err.line(`${plain(runId)}: ${err.style('red', plain(`${code}: ${message}`))}`);
  if (refused.length > NAMED) await err.line(`  and ${number(refused.length - NAMED)} more cannot be`);
}

const shapeOf = (
  { doomed, refused, where }: Chosen,
  { dryRun, archive }: { readonly dryRun: boolean; readonly archive: string | undefined },
): object => ({
  query: where === undefined ? null : printQuery(where),
  dryRun,
  archive: archive ?? null,
  runs: doomed.flatMap(({ family }) => family.map(runShape)),
  failed: refused,
});

const runShape = ({
  runId,
  workflow,
  version,
  status,
  startedAt,
  endedAt,
  events,
  digest,
  parent,
}: DeletedRun): object => ({
  ...{ runId, workflow, version, status, events, digest },
  startedAt: isoTime(startedAt),
  endedAt: isoTime(endedAt),
  parent: parent ?? null,
});
