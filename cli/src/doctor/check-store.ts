import { stat } from 'node:fs/promises';
import {
  BEGINNING,
  DRAINING,
  ERROR_CODES,
  type EventStore,
  lookForDrivers,
  OPEN_RUNS,
  type Position,
  RunReader,
  type RunView,
  type Storage,
  silentText,
  streamRunId,
  withoutMailboxes,
} from '@reprise/core';
import { count, number } from '../output/text.ts';
import { missingFunctions } from '../store/missing-functions.ts';
import { entryOf } from '../store/recorded-history.ts';
import { type Hands, stuckOf } from '../store/run-holds.ts';
import type { StoreAccess } from '../store/store-access.ts';
import { type Check, fail, failed, ok, warn } from './check.ts';

const PAGE = 1000;
/** Open runs that are looked at one by one. */
const LOOKED_AT = 1000;
/** Streams in trouble that are told one by one. */
const TOLD = 20;

/** Whether history can be read, who drives it, and whether its open runs can go on. */
export async function checkStore(
  access: StoreAccess,
  hands: Hands | undefined,
  deep: boolean,
): Promise<readonly Check[]> {
  if (access.exists === false) return [ok('store', `${access.where} (not made yet: the first run makes it)`)];
  let storage: Storage;
  try {
    storage = await access.openReader();
  } catch (error) {
    return [failed('store', error)];
  }
  try {
    const checks = [ok('store', `${access.where}${await sizeOf(access)} opens`)];
    for (const { name, status, detail, fix } of (await storage.inspect?.()) ?? [])
      checks.push(status === 'ok' ? ok(name, detail) : { name, status, detail, fix: fix ?? '' });
    if (deep) checks.push(...(await readWhole(storage.events)));
    checks.push(await checkDriver(storage));
    if (storage.catalog !== undefined) checks.push(...(await checkOpenRuns(storage, hands)));
    return checks;
  } catch (error) {
    return [failed('store', error)];
  } finally {
    await storage.events.close();
  }
}

async function sizeOf({ path }: StoreAccess): Promise<string> {
  if (path === undefined) return '';
  const { size } = await stat(path);
  return ` (${(size / 1024 / 1024).toFixed(1)} MiB)`;
}

/** Reads every event: each must be readable, and the revisions of each stream without a gap. */
async function readWhole(store: EventStore): Promise<readonly Check[]> {
  const revisions = new Map<string, number>();
  const troubled = new Map<string, Check>();
  const trouble = (stream: string, detail: string, fix: string): void => {
    if (!troubled.has(stream)) troubled.set(stream, fail('integrity', `${stream}: ${detail}`, fix));
  };
  let events = 0;
  let after: Position = BEGINNING;
  for (;;) {
    const page = await store.readAll({ after, limit: PAGE });
    for (const recorded of page) {
      const { stream, revision } = recorded;
      const expected = (revisions.get(stream) ?? -1) + 1;
      if (revision !== expected)
        trouble(
          stream,
          `revision ${revision} where ${expected} must be`,
          'Keep the file for examination, and restore a backup.',
        );
      revisions.set(stream, revision);
      // What else is there (limits over several orchestrators) is read by whoever wrote it.
      const entry = streamRunId(stream) === undefined ? undefined : entryOf(recorded);
      if (entry !== undefined && 'unreadable' in entry)
        trouble(
          stream,
          `event ${revision} cannot be read: ${entry.unreadable}`,
          ERROR_CODES.REPRISE_EVENT_UNREADABLE.fix,
        );
    }
    events += page.length;
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.position;
  }
  const read = `${count(events, 'event')} in ${count(revisions.size, 'stream')}`;
  if (troubled.size === 0) return [ok('integrity', `${read}, all readable, no gaps`)];
  const told = [...troubled.values()].slice(0, TOLD);
  const more = troubled.size - told.length;
  if (more > 0) told.push(fail('integrity', `${count(more, 'further stream')} with trouble`, ''));
  return told;
}

async function checkDriver(storage: Storage): Promise<Check> {
  const { driven, silent, draining } = await lookForDrivers(storage);
  const [stuck] = silent;
  if (stuck !== undefined) return warn('driver', silentText(stuck), ERROR_CODES.REPRISE_DRIVER_SILENT.fix);
  if (driven === undefined) return ok('driver', 'this store does not say who drives it');
  if (draining) return ok('driver', DRAINING);
  return ok('driver', driven ? 'another process drives the runs now' : 'no process drives the runs now');
}

async function checkOpenRuns(storage: Storage, hands: Hands | undefined): Promise<readonly Check[]> {
  const open = await new RunReader(storage).list({
    where: withoutMailboxes(OPEN_RUNS),
    limit: LOOKED_AT,
  });
  const more = open.length === LOOKED_AT ? ' or more' : '';
  const paused = open.filter(({ status }) => status === 'paused').length;
  const checks = [
    ok('open runs', `${number(open.length)}${more}${paused === 0 ? '' : `, ${number(paused)} of them paused`}`),
  ];
  const reader = new RunReader(storage);
  for (const { runId, status } of open) {
    if (status !== 'parked') continue;
    const { parked } = await reader.state(runId).catch((): Partial<RunView> => ({}));
    const why = parked?.message ?? 'the history cannot be folded';
    checks.push(
      warn(
        'parked run',
        `${runId}: ${why}`,
        `Mend that, then: reprise run resume ${runId} (or reprise run cancel ${runId})`,
      ),
    );
  }
  if (hands === undefined) return checks;
  const { workflows } = hands;
  for (const { runId } of open) {
    const { workflow, missing, unreadable } = await missingFunctions(storage.events, runId, workflows);
    if (unreadable !== undefined) {
      checks.push(fail('held run', `${runId} cannot be read: ${unreadable}`, ERROR_CODES.REPRISE_EVENT_UNREADABLE.fix));
      continue;
    }
    if (missing.length === 0) {
      // One that cannot be folded is told by the look at the whole store.
      const state = await reader.state(runId).catch(() => undefined);
      const stuck = state === undefined ? undefined : stuckOf(state, hands);
      if (stuck?.status === 'held')
        checks.push(
          warn(
            'held run',
            `${runId}: ${stuck.message}`,
            'Add the agent to `agents` in the configuration, start a worker that has it, or cancel the run.',
          ),
        );
      continue;
    }
    checks.push(
      warn(
        'held run',
        `${runId} needs functions of ${workflow} that are not registered: ${missing.join('; ')}`,
        `Register ${workflow} as it was, fork the run (reprise workflow compat says how), or end it: reprise run cancel ${runId}`,
      ),
    );
  }
  return checks;
}
