import {
  createInMemoryStorage,
  createInProcessTransport,
  defineAgent,
  type Json,
  Orchestrator,
  parseWorkflow,
  RepriseError,
  type RunEvent,
  type RunOutcome,
  type RunStuck,
  runsWhere,
  type Storage,
  sleep,
  systemClock,
  systemIds,
  systemRandom,
  type Transport,
} from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { afterEach, describe, it } from 'mocha';
import { createRegistry } from '../../src/container/create-registry.ts';
import type { Delivery } from '../../src/orchestration/messaging/transport.ts';
import { admissionOptions } from '../../src/orchestration/runtime/admission/options.ts';
import { HEART, type Heart } from '../../src/orchestration/runtime/heart.ts';
import { MonitorHub } from '../../src/orchestration/runtime/monitor-hub.ts';
import { DEFAULT_ENGINE_OPTIONS } from '../../src/orchestration/runtime/options.ts';
import { graphStrategy } from '../../src/orchestration/scheduler/graph-strategy.ts';
import type { Command } from '../../src/orchestration/workflow/commands.ts';
import { decide } from '../../src/orchestration/workflow/decide.ts';
import type { DecisionContext } from '../../src/orchestration/workflow/decisions/decision-context.ts';
import { evolve } from '../../src/orchestration/workflow/evolve.ts';
import { settle } from '../../src/orchestration/workflow/settle.ts';
import { isTerminal, type RunState } from '../../src/orchestration/workflow/state.ts';

const VICTIM = 'victim';

/** Large enough for a list of three to be recorded in two events. */
const INPUT = 'x'.repeat(140_000);

const WORKFLOW = parseWorkflow(`
name: contained
tasks:
  first: { agent: echo, input: 1 }
  each: { agent: flaky, after: first, forEach: { items: "[[1, input], [2, input], [3, input]]", concurrency: 2 }, retry: { maxAttempts: 2, initialDelay: 1ms } }
  choose: { agent: echo, after: each, when: "size(outputs.each) == 3" }
  loop: { agent: echo, after: choose, repeat: { until: "round == 2", max: 3 } }
  slow: { agent: slow, after: first, timeout: { attempt: 5ms }, retry: 1, fallback: { value: late } }
`);

/** Throws once its time has come, and for as long as it is armed. */
class Fault {
  armed = true;
  thrown = 0;
  readonly #from: number;
  readonly #times: number;
  #calls = 0;

  constructor(from: number, times: number) {
    this.#from = from;
    this.#times = times;
  }

  strike(runId: string): void {
    if (!this.armed || runId !== VICTIM) return;
    this.#calls += 1;
    if (this.#calls <= this.#from || this.thrown >= this.#times) return;
    this.thrown += 1;
    throw new Error('a fault');
  }
}

type Place = keyof Heart | 'decide' | 'fold' | Port;
type Port = 'select' | 'append' | 'read' | 'monitor' | 'clock' | 'random' | 'publish' | 'ack';
/** `fold`: evolve, when a turn calls it; `evolve`: when a history is read. */
const PLACES: readonly Place[] = [
  'handle',
  'decide',
  'fold',
  'settleOn',
  'evolve',
  'effectsOf',
  'openEffects',
  'select',
  'append',
  'read',
  'monitor',
  'clock',
  'random',
  'publish',
  'ack',
];

/** `tight`: every third append conflicts, and turns are cut short, so that runs are read again and more functions are called. */
function faulty(place: Place, fault: Fault, tight: boolean): { heart: Heart; store: Storage; parts: object } {
  const struck =
    <A extends { readonly runId: string }, R, Rest extends readonly unknown[]>(
      name: Place,
      work: (state: A, ...rest: Rest) => R,
    ) =>
    (state: A, ...rest: Rest): R => {
      if (name === place) fault.strike(state.runId);
      return work(state, ...rest);
    };
  // What calls no run's name is blamed on the run that was at its turn last.
  let turn = '';
  const heart: Heart = {
    // A process that drives decides by `handle`.
    decide: HEART.decide,
    handle: (state, command, context) => {
      turn = command.runId;
      if (place === 'handle') fault.strike(command.runId);
      if (place !== 'decide' && place !== 'fold') return HEART.handle(state, command, context);
      return handleInPieces(state, command, context, (piece) => {
        if (piece === place) fault.strike(command.runId);
      });
    },
    settleOn: struck('settleOn', HEART.settleOn),
    evolve: (state, event) => {
      if (place === 'evolve') fault.strike(event.type === 'RunStarted' ? event.runId : state.runId);
      return HEART.evolve(state, event);
    },
    effectsOf: (state, event) => {
      turn = state.runId;
      return struck('effectsOf', HEART.effectsOf)(state, event);
    },
    openEffects: struck('openEffects', HEART.openEffects),
  };
  const store = createInMemoryStorage();
  const { append, read } = store.events;
  store.events.read = (stream, ...rest) => {
    if (place === 'read') fault.strike(stream.slice('run-'.length));
    return read(stream, ...rest);
  };
  let appends = 0;
  store.events.append = async (stream, ...rest) => {
    appends += 1;
    if (tight && appends % 3 === 0) throw new RepriseError('REPRISE_STORE_CONFLICT', 'another writer was first');
    if (place === 'append') fault.strike(stream.slice('run-'.length));
    return append(stream, ...rest);
  };
  const strategy = {
    name: 'graph',
    select: (view: Parameters<typeof graphStrategy.select>[0]) => {
      if (place === 'select') fault.strike(view.runId);
      return graphStrategy.select(view);
    },
  };
  const monitor = {
    name: 'odd',
    onEvent: () => {
      if (place === 'monitor') fault.strike(VICTIM);
    },
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
  const echo = defineAgent({ name: 'echo', handle: ({ input }) => (input ?? null) as Json });
  const flaky = defineAgent({
    name: 'flaky',
    handle: ({ input, attempt }) => {
      if (attempt === 1) throw new Error('at first');
      return (input as Json[])[0] ?? null;
    },
  });
  const slow = defineAgent({ name: 'slow', handle: () => sleep(30) as unknown as Json });
  const cut = tight ? { maxCachedTasks: 0, sliceChars: 1 } : {};
  const options = { ...DEFAULT_ENGINE_OPTIONS, leaseMs: 300, redispatchMs: 100, drainMs: 0, ...cut };
  return {
    heart,
    store,
    parts: {
      // An agent that fails by design would be rested, on a clock that is real.
      admission: admissionOptions({ breaker: false }),
      registry: createRegistry({ workflows: [WORKFLOW], agents: [echo, flaky, slow] }, [], [strategy]),
      transport: faultyTransport(place, fault),
      monitors: new MonitorHub([monitor], 1000, systemClock),
      clock: {
        ...systemClock,
        now: () => {
          // In a turn, that is: a clock that throws in a timer is beyond all help.
          if (place === 'clock' && new Error('here').stack?.includes('RunWriter') === true) fault.strike(turn);
          return systemClock.now();
        },
      },
      ids: systemIds,
      random: () => {
        if (place === 'random') fault.strike(turn);
        return systemRandom();
      },
      options,
    },
  };
}

/** What `handle` does, told of each call of decide and of each fold. */
function handleInPieces(
  state: RunState,
  command: Command,
  context: DecisionContext,
  before: (piece: 'decide' | 'fold') => void,
): readonly RunEvent[] {
  const fold = (events: readonly RunEvent[]): readonly RunEvent[] => {
    for (const event of events) {
      before('fold');
      evolve(state, event);
      context.folded?.(event);
    }
    return events;
  };
  before('decide');
  const decided = decide(state, command, context);
  const closed = state.status === 'none' ? decided[0]?.type === 'CommandRejected' : isTerminal(state.status);
  if (closed || decided.length === 0) return decided;
  const all = [...fold(decided)];
  for (let more = settle(state, context); context.settles !== false && more.length > 0; more = settle(state, context))
    all.push(...fold(more));
  return all;
}

function faultyTransport(place: Place, fault: Fault): Transport {
  const transport = createInProcessTransport(systemClock);
  const { publish, subscribe } = transport;
  transport.publish = async (messages) => {
    if (place === 'publish') for (const { envelope } of messages) fault.strike(envelope.runid ?? '');
    return publish.call(transport, messages);
  };
  transport.subscribe = (channel, handler, options) => {
    const faulty = (delivery: Delivery): void | Promise<void> => {
      const { envelope, deliveryAttempt, revoked } = delivery;
      const ack = (): void => {
        if (place === 'ack') fault.strike(envelope.runid ?? '');
        delivery.ack();
      };
      return handler({ envelope, deliveryAttempt, revoked, ack, nack: (options) => delivery.nack(options) });
    };
    return subscribe.call(transport, channel, faulty, options);
  };
  return transport;
}

const opened: Orchestrator[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.stop({ drainMs: 0 });
});

async function open(place: Place, fault: Fault, tight = false): Promise<Orchestrator> {
  const { heart, store: storage, parts } = faulty(place, fault, tight);
  const orchestrator = new Orchestrator({
    ...(parts as ConstructorParameters<typeof Orchestrator>[0]),
    storage,
    heart,
  });
  opened.push(orchestrator);
  await orchestrator.start();
  return orchestrator;
}

const within = async <T>(what: string, promise: Promise<T>): Promise<T> =>
  Promise.race([
    promise,
    sleep(5000).then(() => {
      throw new Error(`${what} did not come`);
    }),
  ]);

/** How the run does now: ended, parked or held. What is only waiting for its lease is waited for. */
const standing = (reprise: Orchestrator): Promise<RunOutcome | RunStuck | { readonly status: 'unreadable' }> =>
  within('an end, a park or a hold', reprise.run(VICTIM).outcome({ orStuck: true })).catch((error: Error) => {
    // The store that fails has failed whoever asked, who was told.
    if (error.message !== 'a fault') throw error;
    return { status: 'unreadable' };
  });

describe('whatever throws in a turn', () => {
  const faults = fc.record({
    place: fc.constantFrom(...PLACES),
    from: fc.constantFrom(0, 0, 1, 2, 3, 5, 8, 13, 21, 34),
    times: fc.constantFrom(1, 2, 3, 1000, 1000),
    tight: fc.boolean(),
  });

  it('ends, refuses or parks its run, which is said, and goes on once that is mended; other runs notice nothing', async function () {
    this.timeout(240_000);
    const seen = new Map<string, number>();
    const struck = new Set<Place>();
    await fc.assert(
      fc.asyncProperty(faults, async ({ place, from, times, tight }) => {
        const fault = new Fault(from, times);
        const reprise = await open(place, fault, tight);
        const other = place === 'clock' ? undefined : reprise.startRun(WORKFLOW, INPUT, { id: 'other' });
        const started = await within(
          'an answer to the start',
          reprise.startRun(WORKFLOW, INPUT, { id: VICTIM }).then(
            () => true,
            () => false,
          ),
        );
        if (other !== undefined)
          expect((await within('the other run', (await other).outcome())).status).to.equal('completed');
        if (!started) {
          seen.set('refused', (seen.get('refused') ?? 0) + 1);
          fault.armed = false;
          await reprise.startRun(WORKFLOW, INPUT, { id: VICTIM }).catch(() => undefined);
        }
        // A transport that is not there is tried again for as long as it takes; nothing of it stands in the run.
        if (place === 'publish') await sleep(300).then(() => Object.assign(fault, { armed: false }));
        const stands = await standing(reprise);
        seen.set(`${place}: ${stands.status}`, (seen.get(`${place}: ${stands.status}`) ?? 0) + 1);
        if (stands.status === 'parked') expect(stands.error.message).to.contain('a fault');
        if (stands.status === 'held') expect(stands.hold.message).to.contain('a fault');
        if (fault.thrown > 0) struck.add(place);
        // What stands still leaves the machine alone: it is looked at again now and then, and no more.
        if (stands.status === 'parked' || stands.status === 'held') {
          await sleep(30);
          const before = fault.thrown;
          await sleep(30);
          expect(fault.thrown - before, 'throws in 30 ms of standing still').to.be.lessThan(20);
        }
        fault.armed = false;
        if (stands.status === 'parked' || stands.status === 'held') {
          await within(
            'the resume',
            reprise
              .run(VICTIM)
              .resume()
              .catch(() => undefined),
          );
          await within('the end', untilMoving(reprise));
        }
        const end = await within('the end', reprise.run(VICTIM).outcome()).catch(async (error: unknown) => {
          const types = await Array.fromAsync(
            reprise.runs.history(VICTIM),
            ({ event }) => `${event.type} ${'taskId' in event ? event.taskId : ''}`,
          );
          throw new Error(`${String(error)} after ${JSON.stringify(stands)}: ${types.join(', ')}`);
        });
        expect(['completed', 'failed']).to.include(end.status);
        expect((await reprise.runs.replay(VICTIM)).matches).to.equal(true);
        await reprise.stop({ drainMs: 0 });
      }),
      {
        numRuns: 100,
        includeErrorInReport: true,
        examples: PLACES.map((place) => [{ place, from: 0, times: 1000, tight: true }]),
      },
    );
    expect(
      PLACES.filter((place) => !struck.has(place)),
      'places at which nothing was ever thrown',
    ).to.deep.equal([]);
    for (const status of ['parked', 'held']) {
      const places = [...seen.keys()].filter((key) => key.endsWith(status));
      expect(places, `${status}, of ${[...seen].join('; ')}`).not.to.deep.equal([]);
    }
  });

  /** A run may be parked again by what was on its way; whoever mends it resumes it until it goes on. */
  async function untilMoving(reprise: Orchestrator): Promise<void> {
    for (let tries = 0; tries < 20; tries += 1) {
      const stands = await standing(reprise);
      if (stands.status !== 'parked' && stands.status !== 'held') return;
      await reprise
        .run(VICTIM)
        .resume()
        .catch(() => undefined);
      await sleep(20);
    }
  }

  it('can be cancelled while it is parked, and says why in its state', async () => {
    const fault = new Fault(4, 1000);
    const reprise = await open('settleOn', fault);
    const run = await reprise.startRun(WORKFLOW, INPUT, { id: VICTIM }).catch(() => reprise.run(VICTIM));
    fault.armed = false;
    const stands = await standing(reprise);
    if (stands.status !== 'parked') return;
    expect((await run.state()).parked?.code).to.equal('REPRISE_UNDECIDABLE');
    expect(
      (await reprise.runs.list({ where: runsWhere('status', ['parked']) })).map(({ runId }) => runId),
    ).to.deep.equal([VICTIM]);
    await run.cancel('enough');
    expect(await run.outcome()).to.deep.equal({ status: 'cancelled', reason: 'enough' });
  });
});
