import {
  AUDIT_STREAM,
  type EventStore,
  isRepriseError,
  type Position,
  type RecordedEvent,
  RepriseError,
  streamRunId,
  type Views,
} from '@reprise/core';
import type { ChangedRun, ChangeListener, DashboardSource } from '@reprise/monitor-dashboard';

/** Events that are told to whoever comes back; after more, everything is to be read anew. */
const MOST_MISSED = 10_000;

/** The view whose position is taken for that of the store. */
const INDEX = 'runs';

/** Tells what is appended, to any run. */
export function changesOf(events: Pick<EventStore, 'subscribe' | 'readAll'>, views: Views): DashboardSource['follow'] {
  const end = async (): Promise<Position> => {
    await views.reachEnd(INDEX, { withinMs: 1000 });
    return views.lag(INDEX).position;
  };
  return async (after, listener) => {
    const from = after === undefined ? await end() : await positionOf(after, events);
    const following = new Follower(listener, events, end);
    await following.begin(from, after !== undefined);
    return { position: from, close: () => following.close() };
  };
}

/** What a position looks like only the store knows: it is asked. Throws REPRISE_INVALID_ID. */
async function positionOf(text: string, events: Pick<EventStore, 'readAll'>): Promise<Position> {
  try {
    await events.readAll({ after: text, limit: 1 });
    return text;
  } catch (cause) {
    if (isRepriseError(cause) && cause.retryable) throw cause; // the store does not answer
    throw new RepriseError('REPRISE_INVALID_ID', `'${text.slice(0, 40)}' is no position of this store.`, { cause });
  }
}

class Follower {
  readonly #listener: ChangeListener;
  readonly #events: Pick<EventStore, 'subscribe'>;
  readonly #end: () => Promise<Position>;
  #close: (() => Promise<void>) | undefined;
  /** Set while what was missed is read. */
  #missed: number | undefined;
  #over = false;

  constructor(listener: ChangeListener, events: Pick<EventStore, 'subscribe'>, end: () => Promise<Position>) {
    this.#listener = listener;
    this.#events = events;
    this.#end = end;
  }

  async begin(after: Position, isBack: boolean): Promise<void> {
    this.#missed = isBack ? 0 : undefined;
    const subscription = await this.#events.subscribe({
      after,
      onEvents: (batch) => this.#take(batch),
      onCaughtUp: () => {
        this.#missed = undefined;
      },
      onError: (error) => {
        if (!this.#over) this.#listener.onError(error);
      },
    });
    this.#close = () => subscription.close();
    if (this.#over) await subscription.close();
  }

  async close(): Promise<void> {
    this.#over = true;
    await this.#close?.();
  }

  #take(batch: readonly RecordedEvent[]): void {
    const last = batch.at(-1);
    if (this.#over || last === undefined) return;
    if (this.#missed !== undefined) {
      this.#missed += batch.length;
      if (this.#missed > MOST_MISSED) return this.#startAnew();
    }
    this.#listener.onChange({ position: last.position, runs: runsIn(batch) });
  }

  #startAnew(): void {
    const close = this.#close;
    this.#close = undefined;
    this.#missed = Number.NEGATIVE_INFINITY; // what is on its way of the old one is not counted again
    const again = async (): Promise<void> => {
      await close?.();
      const at = await this.#end();
      if (this.#over) return;
      this.#listener.onReset(at);
      await this.begin(at, false);
    };
    // Not awaited by the batch that led here: a subscription that closes waits for its batch.
    again().catch((error: unknown) => this.#listener.onError(error));
  }
}

/** A run that was deleted is told of, too: whoever looks at it reads that it is gone. */
const runOf = ({ stream, data }: RecordedEvent): string | undefined => {
  if (stream !== AUDIT_STREAM) return streamRunId(stream);
  const { runId } = data as { readonly runId?: unknown };
  return typeof runId === 'string' ? runId : undefined;
};

function runsIn(batch: readonly RecordedEvent[]): readonly ChangedRun[] {
  const runs = new Map<string, { runId: string; revision: number; types: Set<string> }>();
  for (const event of batch) {
    const { revision, type } = event;
    const runId = runOf(event);
    if (runId === undefined) continue;
    const run = runs.get(runId) ?? { runId, revision, types: new Set<string>() };
    run.revision = revision;
    run.types.add(type);
    runs.set(runId, run);
  }
  return [...runs.values()].map(({ types, ...run }) => ({ ...run, types: [...types] }));
}
