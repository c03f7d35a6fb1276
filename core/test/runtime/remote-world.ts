import {
  type AnyPlugin,
  createInProcessTransport,
  createReprise,
  createWorker,
  definePlugin,
  type Json,
  type Orchestrator,
  type RepriseConfig,
  type Storage,
  type Transport,
  type Worker,
} from '@reprise/core';
import {
  type Delivery,
  type Envelope,
  type RecordedEvent,
  readStream,
  runStream,
  type TransportSubscription,
} from '@reprise/core/plugin';
import { VirtualTime } from '@reprise/core/testing';
import { afterEach, beforeEach } from 'mocha';
import { lastingStore, storePlugin } from './support.ts';

export const limits = { leaseMs: 30_000, redispatchMs: 10_000 };

/** What a process has of a transport that others share: stopping it lets go of what is its own. A process that was killed says nothing more. */
function connect(shared: Transport, spans: boolean, durable: boolean, places?: readonly number[]) {
  const own: TransportSubscription[] = [];
  let alive = true;
  const close = async (): Promise<void> => {
    await Promise.all(own.splice(0).map((subscription) => subscription.close()));
  };
  const transport: Transport = {
    durable,
    spans,
    start: () => shared.start(),
    publish: async (messages) => (alive ? shared.publish(messages) : undefined),
    subscribe: async (channel, handler, options) => {
      // What the handler of a process that was killed waits for, nobody waits for.
      const mortal: typeof handler = (delivery) => (alive ? void handler(delivery) : undefined);
      const subscription = await shared.subscribe(channel, mortal, options);
      own.push(subscription);
      return subscription;
    },
    stop: close,
  };
  const kill = (): Promise<void> => {
    alive = false;
    return close();
  };
  return { transport: places === undefined ? transport : withPlaces(transport, places), kill };
}

/** What goes to an agent goes to one place, of which one worker takes: without another word to the first, whoever is there. */
function withPlaces(transport: Transport, places: readonly number[]): Transport {
  const isOfAgent = (channel: string): boolean => channel.startsWith('reprise.agent.');
  return {
    ...transport,
    places: true,
    publish: (messages) =>
      transport.publish(
        messages.map((one) => (isOfAgent(one.channel) ? { ...one, channel: `${one.channel}#${one.place ?? 0}` } : one)),
      ),
    subscribe: async (channel, handler, options) => {
      if (!isOfAgent(channel)) return transport.subscribe(channel, handler, options);
      const parts = await Promise.all(
        places.map((place) => transport.subscribe(`${channel}#${place}`, handler, options)),
      );
      return { places, close: async () => void (await Promise.all(parts.map((part) => part.close()))) };
    },
  };
}

/** Engines and workers that have nothing in common but a transport. `durable`: its messages outlive an engine, so a take-over leaves what is under way. */
export function world({ spans = true, durable = false, placed = false } = {}) {
  let time: VirtualTime;
  let store: Storage;
  let shared: Transport;
  let workers = 0;
  const opened: (Orchestrator | Worker)[] = [];
  beforeEach(() => {
    time = new VirtualTime();
    store = lastingStore();
    workers = 0;
    shared = createInProcessTransport(time.clock);
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.stop({ drainMs: 0 });
  });
  const plugin = (transport: Transport) =>
    definePlugin({ name: 'shared', kind: 'transport', create: () => time.watchTransport(transport) });
  const engine = async (config: RepriseConfig, more: readonly AnyPlugin[] = []): Promise<Orchestrator> => {
    const { transport } = connect(shared, spans, durable, placed ? [] : undefined);
    const plugins = [storePlugin(time.watchStorage(store)), plugin(transport), ...more];
    const reprise = await createReprise({ limits, clock: time.clock, ...config, plugins });
    opened.push(reprise);
    await reprise.start();
    return reprise;
  };
  const worker = async (...agents: NonNullable<RepriseConfig['agents']>) => {
    const own = placed ? [2 * workers, 2 * workers + 1] : undefined;
    workers += 1;
    const { transport, kill } = connect(shared, spans, durable, own);
    const made = await createWorker({ plugins: [plugin(transport)], agents, limits, clock: time.clock });
    opened.push(made);
    await made.start();
    return { worker: made, kill };
  };
  /** What anybody who can reach the transport may send. */
  const send = (channel: string, type: string, data: Json, more: Partial<Envelope> = {}): Promise<void> => {
    const id = `${channel}/${type}`;
    const envelope = {
      specversion: '1.0',
      id,
      source: 'anybody',
      type,
      subject: 'x',
      time: new Date(0).toISOString(),
      datacontenttype: 'application/json',
      correlationid: id,
      causationid: id,
      partitionkey: 'x',
      data,
      ...more,
    } as const;
    return shared.publish([{ channel, envelope }]);
  };
  /** Whatever is dispatched to an agent comes once more: to whichever of its workers has its turn. */
  const twice = async (agent: string): Promise<() => Promise<void>> => {
    const channel = `reprise.agent.${agent}`;
    const seen = new Set<string>();
    const again = await shared.subscribe(
      channel,
      async (delivery) => {
        delivery.ack();
        if (seen.has(delivery.envelope.id)) return;
        seen.add(delivery.envelope.id);
        await shared.publish([{ channel, envelope: delivery.envelope }]);
      },
      { broadcast: true },
    );
    return () => again.close();
  };
  /** What anybody who can read it sees of a channel. */
  const listen = async (channel: string): Promise<readonly Envelope[]> => {
    const heard: Envelope[] = [];
    const handler = (delivery: Delivery): void => {
      heard.push(delivery.envelope);
      delivery.ack();
    };
    await shared.start();
    await shared.subscribe(channel, handler, { broadcast: true });
    return heard;
  };
  /** The dispatches to an agent. */
  const overhear = (agent: string): Promise<readonly Envelope[]> => listen(`reprise.agent.${agent}`);
  /** The events of a run, as the store has them. */
  const recorded = (runId: string): Promise<readonly RecordedEvent[]> =>
    Array.fromAsync(readStream(store.events, runStream(runId)));
  return {
    send,
    listen,
    overhear,
    recorded,
    twice,
    engine,
    worker,
    until: (done: () => boolean, maxMs = 0) => time.until(done, maxMs),
    quiet: () => time.quiet(),
    pass: (ms: number) => time.until(() => false, ms),
  };
}
