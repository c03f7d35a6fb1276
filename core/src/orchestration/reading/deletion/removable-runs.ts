import type { EventStore } from '../../../event-store/event-store.ts';
import { isRepriseError, RepriseError } from '../../../shared/errors.ts';
import { runStream } from '../../../shared/ids.ts';
import { isEnd } from '../../workflow/end-of-run.ts';
import { Replay } from '../../workflow/replay.ts';
import type { RunReader } from '../run-reader.ts';
import type { DeletedRun } from './deletions.ts';

const PAGE = 500;

/** A run that nothing keeps from being deleted. */
export interface Removable {
  readonly stream: string;
  readonly revision: number;
  /** Its input stands in the history of the run that started it; so does that of whatever goes on from it. */
  readonly borrows: boolean;
  readonly deleted: DeletedRun;
}

/** The run, and the child runs that it started, those of theirs included. Throws REPRISE_RUN_NEEDED, and REPRISE_RUN_NOT_FOUND. */
export async function familyOf(
  reader: RunReader,
  store: Pick<EventStore, 'read'>,
  runId: string,
): Promise<readonly Removable[]> {
  const family = new Map<string, Removable>();
  const open = [runId];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (family.has(id)) continue;
    const found = await removable(reader, id).catch((error: unknown) => {
      // A child that never began, or that was imported without.
      if (id !== runId && isRepriseError(error, 'REPRISE_RUN_NOT_FOUND')) return undefined;
      throw error;
    });
    if (found === undefined) continue;
    family.set(id, found.run);
    open.push(...found.children);
  }
  const parent = family.get(runId)?.deleted.parent;
  if (parent !== undefined && (await isThere(store, parent)))
    throw needed(runId, `it is a child of run '${parent}', which is there. Delete that one: its children go with it`);
  for (const run of family.values()) await assertNoSuccessor(reader, run, family);
  return [...family.values()];
}

async function removable(
  reader: RunReader,
  runId: string,
): Promise<{ readonly run: Removable; readonly children: readonly string[] }> {
  const replay = new Replay();
  const children = new Set<string>();
  let revision = -1;
  let hasEnded = false;
  let borrows = false;
  const positions = { first: '', last: '' };
  for await (const entry of reader.history(runId)) {
    const { event, recorded } = entry;
    replay.fold(event);
    if (event.type === 'TaskEntered' && event.child !== undefined) children.add(event.child);
    revision = entry.revision;
    if (revision === 0) positions.first = recorded.position;
    positions.last = recorded.position;
    if (revision === 0) borrows = recorded.data['inputFrom'] !== undefined;
    hasEnded ||= isEnd(event);
  }
  const { state, replayedDigest } = replay.result();
  if (!hasEnded) throw needed(runId, `it is ${state.status}: it has not ended`);
  const { definition, status, startedAt, endedAt = state.updatedAt, parent } = state;
  const deleted: DeletedRun = {
    ...{ runId, workflow: definition.name, version: definition.version, status, startedAt, endedAt },
    events: revision + 1,
    digest: replayedDigest,
    positions,
    ...(parent === undefined ? {} : { parent: parent.runId }),
  };
  return { run: { stream: runStream(runId), revision, borrows, deleted }, children: [...children] };
}

/** A run that goes on from it copies its history first, which may take a while; but the input of a child run stays where it is. */
async function assertNoSuccessor(
  reader: RunReader,
  { deleted: { runId }, borrows }: Removable,
  family: Pick<ReadonlyMap<string, Removable>, 'has'>,
): Promise<void> {
  if (!reader.lists) return;
  for (let after: string | undefined; ; ) {
    const page = await reader.successors(runId, { limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { runId: other, status } of page) {
      if (status === 'forking') throw needed(runId, `run '${other}', which goes on from it, is still copying it`);
      if (borrows && !family.has(other))
        throw needed(runId, `run '${other}', which goes on from it, reads its input there. Delete that one first`);
    }
    after = page.at(-1)?.cursor;
    if (after === undefined || page.length < PAGE) return;
  }
}

const isThere = async (store: Pick<EventStore, 'read'>, runId: string): Promise<boolean> =>
  (await store.read(runStream(runId), { limit: 1 })).length > 0;

const needed = (runId: string, why: string): RepriseError =>
  new RepriseError('REPRISE_RUN_NEEDED', `Run '${runId}' was not deleted: ${why}.`, { details: { runId } });
