import type { Clock, ScheduledCall } from '@reprise/core/plugin';
import type { Change, ChangedRun, DashboardSource, Following } from './source.ts';

/** Changes are gathered for so long; ms. */
const GATHER_MS = 50;
/** Something is sent so often, so that a connection that is gone is noticed; ms. */
const BEAT_MS = 15_000;
/** Messages that a browser has not read; then it is told to come back. */
const MOST_WAITING = 64;

const encoder = new TextEncoder();

const message = (event: string, id: string, data: object): Uint8Array =>
  encoder.encode(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`);

/**
 * What is appended, as server-sent events. `snapshot` first, with the position that it begins at; then `change`, at most one in 50 ms, with every run that
 * got events; `reset` when more was missed than is told. An id is the store's position: who comes back with it goes on from there.
 */
export async function eventStream(
  source: Pick<DashboardSource, 'follow'>,
  clock: Clock,
  after: string | undefined,
  closed: AbortSignal,
  /** Looked at before anything is told. */
  stillMay: () => boolean = () => true,
): Promise<ReadableStream<Uint8Array>> {
  let following: (Following & { readonly position: string }) | undefined;
  let timer: ScheduledCall | undefined;
  let beat: ScheduledCall | undefined;
  const gathered = new Map<string, ChangedRun>();
  let position = '';
  let out: ReadableStreamDefaultController<Uint8Array> | undefined;
  let begun = false;
  let over = false;

  const end = (): void => {
    if (over) return;
    over = true;
    timer?.cancel();
    beat?.cancel();
    closed.removeEventListener('abort', end);
    following?.close().catch(() => undefined); // the store is going, too
    try {
      out?.close();
    } catch {
      // The browser has left.
    }
  };
  const send = (bytes: Uint8Array): void => {
    if (over || out === undefined) return;
    if (!stillMay()) return end();
    // It does not read: it will come back with the last position that it has.
    if ((out.desiredSize ?? 0) < -MOST_WAITING) return end();
    out.enqueue(bytes);
  };
  const flush = (): void => {
    timer = undefined;
    const runs = [...gathered.values()];
    gathered.clear();
    send(message('change', position, { position, runs }));
  };
  const onChange = (change: Change): void => {
    ({ position } = change);
    for (const run of change.runs) {
      const before = gathered.get(run.runId);
      const types = before === undefined ? run.types : [...new Set([...before.types, ...run.types])];
      gathered.set(run.runId, { ...run, types });
    }
    // The snapshot comes first.
    if (begun) timer ??= clock.schedule(GATHER_MS, flush);
  };
  const keepAlive = (): void => {
    send(encoder.encode(': here\n\n'));
    if (!over) beat = clock.schedule(BEAT_MS, keepAlive);
  };

  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      out = controller;
    },
    cancel: end,
  });
  closed.addEventListener('abort', end);
  try {
    // Before anything is answered: a position that is none is told as what it is.
    following = await source.follow(after, {
      onChange,
      onReset: (at) => {
        position = at;
        gathered.clear();
        send(message('reset', at, { position: at }));
      },
      onError: end,
    });
  } catch (error) {
    end();
    throw error;
  }
  // It ended meanwhile, and there was nothing to be closed yet.
  if (over) following.close().catch(() => undefined);
  position ||= following.position;
  send(message('snapshot', after ?? following.position, { position: following.position }));
  begun = true;
  if (gathered.size > 0) timer ??= clock.schedule(GATHER_MS, flush);
  beat = clock.schedule(BEAT_MS, keepAlive);
  if (closed.aborted) end();
  return stream;
}
