import {
  BEGINNING,
  type EventStore,
  type EventStoreSubscription,
  isRepriseError,
  type JsonObject,
  type NewEvent,
  type Position,
  type RecordedEvent,
  type RepriseError,
  type StreamSummary,
  type SubscribeToAll,
  type SubscribeToStream,
  uuidv5,
} from '@reprise/core/plugin';
import { expect } from 'chai';

let made = 0;

/** An event that no other call returns. */
export function event(data: JsonObject = {}): NewEvent {
  made += 1;
  return {
    id: uuidv5('conformance', String(made)),
    type: `Tested${made % 3}`,
    time: 1_700_000_000_000 + made,
    data: { n: made, ...data },
    metadata: { causationId: `command-${made}`, correlationId: `other-${made % 5}`, schemaVersion: 1 + (made % 2) },
  };
}

export const events = (count: number): NewEvent[] => Array.from({ length: count }, () => event());

/** A stream that no other call returns. */
export function freshStream(): string {
  made += 1;
  return `run-conformance-${made}`;
}

export const summary = (overrides: Partial<StreamSummary> = {}): StreamSummary => ({
  kind: 'run',
  name: 'workflow',
  status: 'running',
  createdAt: 1000,
  updatedAt: 1000,
  ...overrides,
});

/** Asserts that `recorded` is `appended` as it stands in `stream` from `revision` on. */
export function expectRecorded(
  recorded: readonly RecordedEvent[],
  stream: string,
  appended: readonly NewEvent[],
  revision = 0,
): void {
  const placed = recorded.map(({ position: _position, ...rest }) => rest);
  expect(placed).to.deep.equal(appended.map((one, index) => ({ ...one, stream, revision: revision + index })));
}

/** Asserts that each position is after the one before it, as text. */
export function expectGrowing(positions: readonly Position[]): void {
  const problem = growthProblem(positions);
  if (problem !== undefined) expect.fail(problem);
}

/** A sentence on the first two positions of which the later one is not the greater. */
export function growthProblem(positions: readonly unknown[]): string | undefined {
  let before: string = BEGINNING;
  for (const position of positions) {
    if (typeof position !== 'string') return `A position is text, and one of this store is of type ${typeof position}.`;
    if (!(position > before))
      return (
        `Positions must compare as text: '${position}' came right after '${before}', and is not greater by '<'. ` +
        "A store that counts pads its numbers ('9' is greater than '10', '09' is not): encodePosition does so."
      );
    before = position;
  }
  return undefined;
}

export const ids = (list: readonly { readonly id: string }[]): string[] => list.map(({ id }) => id);

/** The error that `work` rejects with; fails when it resolves, or rejects with anything but a RepriseError of `code`. */
export async function rejection(work: Promise<unknown>, code: RepriseError['code']): Promise<RepriseError> {
  const error = await work.then(
    (value) => expect.fail(`expected ${code}, but it resolved to ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (isRepriseError(error, code)) return error;
  throw error;
}

export async function expectConflict(work: Promise<unknown>, actualRevision: number): Promise<void> {
  const { details } = await rejection(work, 'REPRISE_STORE_CONFLICT');
  expect(details.actualRevision).to.equal(actualRevision);
}

/** What a subscription has delivered, with promises for what is still to come. */
export class Collector {
  readonly received: RecordedEvent[] = [];
  caughtUp = 0;
  error: unknown;
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  static async start(
    store: EventStore,
    options: Partial<SubscribeToAll> | (Partial<SubscribeToStream> & { readonly stream: string }) = {},
  ): Promise<[Collector, EventStoreSubscription]> {
    const collector = new Collector();
    const subscription = await store.subscribe({
      ...options,
      onEvents: async (page) => {
        await options.onEvents?.(page);
        collector.received.push(...page);
        collector.#changed();
      },
      onCaughtUp: () => {
        collector.caughtUp += 1;
        collector.#changed();
      },
      onError: (error) => {
        collector.error = error;
        collector.#changed();
      },
    });
    return [collector, subscription];
  }

  /** Resolves when `holds` does; it is asked again after every callback. The test's own time limit ends a wait in vain. */
  until(holds: (collector: Collector) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ holds: () => holds(this), resolve });
      this.#changed();
    });
  }

  #changed(): void {
    const met = this.#waiting.filter(({ holds }) => holds());
    this.#waiting = this.#waiting.filter((waiting) => !met.includes(waiting));
    for (const { resolve } of met) resolve();
  }
}
