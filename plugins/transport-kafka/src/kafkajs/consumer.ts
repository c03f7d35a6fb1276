import type { EachBatchPayload, IHeaders, Kafka, KafkaMessage, RetryOptions } from 'kafkajs';
import type { ConsumeRequest, DriverConsumer, IncomingRecord, Place } from '../driver.ts';
import { Pace } from '../pace.ts';
import { commonAssigner, stickyAssigner } from './assigner.ts';

export interface ConsumerSettings {
  readonly sessionMs: number;
  readonly retry: RetryOptions;
}

/** How long a fetch waits at the broker: what closing may take, too. */
const WAIT_MS = 500;
/** How soon a member learns that the group is being shared out anew. */
const HEARTBEAT_MS = 500;
const REBALANCE_MS = 10_000;
/** Partitions of one fetch that are handed on at once: all of them, as nothing waits in between but for the next fetch. */
const TOGETHER = 64;

/**
 * One consumer of a group.
 *
 *   joining ──first assignment──► running ──crash──► lost (onLost; whoever wants it makes another)
 *      └──crash──► rejected            └──close()──► closed
 */
export async function consume(
  kafka: Kafka,
  request: ConsumeRequest,
  { sessionMs, retry }: ConsumerSettings,
): Promise<DriverConsumer> {
  let generation = 0;
  let state: 'joining' | 'running' | 'ended' = 'joining';
  const joined = Promise.withResolvers<void>();
  const consumer = kafka.consumer({
    groupId: request.group,
    sessionTimeout: sessionMs,
    rebalanceTimeout: Math.max(REBALANCE_MS, sessionMs),
    heartbeatInterval: Math.min(HEARTBEAT_MS, Math.floor(sessionMs / 3)),
    maxWaitTimeInMs: WAIT_MS,
    allowAutoTopicCreation: false,
    partitionAssigners: [stickyAssigner(request.owned, () => generation), commonAssigner],
    // It is made anew by whoever uses it, in every case.
    retry: { ...retry, restartOnFailure: async () => false },
  });
  consumer.on('consumer.heartbeat', ({ payload }) => {
    generation = payload.groupGenerationId;
  });
  consumer.on('consumer.group_join', ({ payload }) => {
    generation += 1;
    if (state === 'ended') return;
    const places = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    for (const { topic, partition, offset } of request.onAssigned(places))
      consumer.seek({ topic, partition, offset: String(offset) });
    state = 'running';
    joined.resolve();
  });
  const pace = new Pace();
  consumer.on('consumer.fetch', () => pace.begin());
  consumer.on('consumer.rebalancing', () => {
    if (state === 'running') request.onRebalancing();
  });
  consumer.on('consumer.crash', ({ payload: { error } }) => {
    const was = state;
    state = 'ended';
    if (was === 'joining') joined.reject(error);
    if (was === 'running') request.onLost(error);
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [...request.topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: TOGETHER,
      eachBatch: async (payload) => {
        hand(payload, request);
        // Now: should it begin to fetch again for whatever reason, it is behind what was handed on.
        payload.resolveOffset(payload.batch.lastOffset());
        // What is fetched next comes when all of this has returned.
        await pace.wait();
      },
    });
    await joined.promise;
  } catch (error) {
    await consumer.disconnect().catch(() => undefined);
    throw error;
  }
  return {
    commit: (offsets) => consumer.commitOffsets(offsets.map((one) => ({ ...one, offset: String(one.offset) }))),
    pause: (places) => steer(places, (topics) => consumer.pause(topics)),
    resume: (places) => steer(places, (topics) => consumer.resume(topics)),
    close: async () => {
      state = 'ended';
      await consumer.disconnect().catch(() => undefined);
    },
  };
}

/** Of a consumer that has just ended there is nothing to pause. */
function steer(places: readonly Place[], action: (topics: { topic: string; partitions: number[] }[]) => void): void {
  const topics = Map.groupBy(places, ({ topic }) => topic);
  try {
    action([...topics].map(([topic, own]) => ({ topic, partitions: own.map(({ partition }) => partition) })));
  } catch {
    return;
  }
}

function hand({ batch }: EachBatchPayload, request: ConsumeRequest): void {
  const { topic, partition, messages } = batch;
  // Where the fetch began, which the types do not tell; the first record may be later.
  const { fetchedOffset = batch.firstOffset() } = batch as { fetchedOffset?: string | null };
  request.onRecords({ topic, partition }, BigInt(fetchedOffset ?? 0), messages.map(toIncoming));
}

const toIncoming = ({ offset, key, value, headers = {} }: KafkaMessage): IncomingRecord => ({
  offset: BigInt(offset),
  key,
  value,
  headers: toHeaders(headers),
});

function toHeaders(headers: IHeaders): Readonly<Record<string, Uint8Array>> {
  const found: Record<string, Uint8Array> = {};
  for (const [name, one] of Object.entries(headers)) {
    const last = Array.isArray(one) ? one.at(-1) : one;
    if (last !== undefined) found[name] = typeof last === 'string' ? Buffer.from(last) : last;
  }
  return found;
}
