import {
  type Json,
  type Monitor,
  type Notice,
  nextTurn,
  type ObservedEvent,
  type WatchedAttempt,
  type WatchedEngine,
} from '@reprise/core/plugin';
import { expect } from 'chai';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { bePatient } from '../patience.ts';

/** Makes the monitor under test, anew for each test. `timeoutMs`: of a test. */
export interface MonitorFactory<M extends Monitor = Monitor> {
  create(): M | Promise<M>;
  /** Called after each test; the monitor may be shut down already. Default: shutdown(). */
  destroy?(monitor: M): Promise<void>;
  /** How many events of this monitor have arrived where it writes to. Without it, it is not checked that a flush writes anything. */
  written?(monitor: M): number | Promise<number>;
  /** How long one test may take, in ms. Default 30,000. */
  readonly timeoutMs?: number;
}

/** Registers a mocha suite that checks a monitor against the contract of the port. */
export function monitorConformance<M extends Monitor>(name: string, factory: MonitorFactory<M>): void {
  describe(`monitor conformance: ${name}`, function () {
    bePatient(this, factory.timeoutMs);
    let monitor: M;
    beforeEach(async () => {
      monitor = await factory.create();
    });
    afterEach(async () => {
      if (factory.destroy === undefined) await monitor.shutdown();
      else await factory.destroy(monitor);
    });
    const current = (): M => monitor;
    watchingSuite(current);
    contextSuite(current);
    flushSuite(current, factory.written);
    shutdownSuite(current);
  });
}

/** As the engine hands them over: one after the other, each waited for. */
async function show(monitor: Monitor, observations: readonly (ObservedEvent | Notice)[]): Promise<void> {
  for (const one of observations) {
    if ('kind' in one) await monitor.onNotice?.(one);
    else await monitor.onEvent(one);
  }
}

const json: fc.Arbitrary<Json> = fc.jsonValue({ maxDepth: 3 }).map((value) => value as Json);
const id = fc.constantFrom('a', 'run-7', 'block/pay', 'each[3]', 'zażółć \u{1F9EA}', 'x'.repeat(200));
/** The types that there are, and some that come later. */
const TYPES = [
  ...(['RunStarted', 'RunCompleted', 'RunFailed', 'RunCancelled', 'RunPaused', 'RunResumed', 'RunParked'] as const),
  ...(['TaskScheduled', 'TaskStarted', 'TaskCompleted', 'TaskFailed', 'TaskAttemptFailed', 'TaskSkipped'] as const),
  ...(['TasksReset', 'TasksAdded', 'TaskHandedOff', 'SignalReceived', 'CommandRejected', 'SomethingNewer'] as const),
];

const event: fc.Arbitrary<ObservedEvent> = fc
  .record({
    runId: id,
    revision: fc.nat(1_000_000),
    type: fc.constantFrom(...TYPES),
    time: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    data: fc.dictionary(fc.constantFrom('taskId', 'attempt', 'agent', 'error', 'input', 'output', 'at', 'more'), json),
  })
  .map(({ runId, revision, type, time, data }) => ({
    runId,
    revision,
    event: {
      id: `00000000-0000-5000-8000-${String(revision).padStart(12, '0')}`,
      type,
      time,
      data,
      metadata: { causationId: 'cause', correlationId: runId, schemaVersion: 1 },
    },
  }));

const level = fc.constantFrom('debug' as const, 'info' as const, 'warn' as const, 'error' as const);
const attempt = { runId: id, taskId: id, attempt: fc.nat(100) };
const notice: fc.Arbitrary<Notice> = fc.oneof(
  fc.record({ kind: fc.constant('dispatched' as const), ...attempt, agent: id }),
  fc.record({ kind: fc.constant('progress' as const), ...attempt, progress: json }),
  fc.record(
    {
      kind: fc.constant('log' as const),
      level,
      message: fc.string(),
      runId: id,
      taskId: id,
      attempt: fc.nat(100),
      agent: id,
      fields: fc.dictionary(fc.string(), json),
    },
    { requiredKeys: ['kind', 'level', 'message'] },
  ),
  // One that comes with a later version.
  fc.record({ kind: fc.constant('something-newer'), runId: id, more: json }).map((one) => one as unknown as Notice),
);

const observation = fc.oneof(event, notice);

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) frozen(inner);
    Object.freeze(value);
  }
  return value;
}

const events = (count: number): ObservedEvent[] =>
  Array.from({ length: count }, (_, revision) => ({
    runId: 'run-1',
    revision,
    event: {
      id: `00000000-0000-5000-8000-${String(revision).padStart(12, '0')}`,
      type: 'TaskCompleted',
      time: 1_700_000_000_000 + revision,
      data: { at: 1_700_000_000_000, taskId: `t${revision}`, attempt: 1, via: 'agent', output: { n: revision } },
      metadata: { causationId: 'cause', correlationId: 'run-1', schemaVersion: 1 },
    },
  }));

function watchingSuite(current: () => Monitor): void {
  describe('watching', () => {
    it('goes by a name', () => {
      expect(current().name).to.be.a('string').and.not.equal('');
    });

    it('takes any event and any notice, frozen, also of types and kinds that it does not know', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(observation, { maxLength: 10 }), (all) =>
          show(current(), frozen(structuredClone(all))),
        ),
        { numRuns: 100 },
      );
    });

    it('changes nothing of what it is handed: other monitors are handed the same', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(observation, { maxLength: 10 }), async (all) => {
          const handed = structuredClone(all);
          await show(current(), handed);
          await current().forceFlush();
          expect(handed).to.deep.equal(all);
        }),
        { numRuns: 50 },
      );
    });

    it('takes more than it may want at once', async () => {
      await show(current(), events(2000));
      await show(current(), [{ kind: 'log', level: 'info', message: 'x€'.repeat(64 * 1024) }]);
    });
  });
}

const ATTEMPTS: readonly WatchedAttempt[] = [
  undefined,
  '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01',
  '00-0123456789abcdef0123456789abcdef-0123456789abcdef-00',
  'rubbish',
].map((traceparent) => ({ runId: 'r', taskId: 'block/each[3]', attempt: 2, agent: 'a', traceparent }));

/** Of what monitors may have beside: a context for agents, and an engine to ask. One that has neither passes. */
function contextSuite(current: () => Monitor): void {
  describe('context', () => {
    it('calls an agent once, at once, and hands back what it gives', () => {
      for (const attempt of ATTEMPTS) {
        let calls = 0;
        const given = {};
        const work = (): object => {
          calls += 1;
          return given;
        };
        const monitor = current();
        const got = monitor.within === undefined ? work() : monitor.within(attempt, work);
        expect([calls, got]).to.deep.equal([1, given]);
        expect(got).to.equal(given);
      }
    });

    it('lets through what an agent throws', () => {
      for (const attempt of ATTEMPTS) {
        const thrown = new Error('of the agent');
        const work = (): never => {
          throw thrown;
        };
        const monitor = current();
        expect(() => (monitor.within === undefined ? work() : monitor.within(attempt, work))).to.throw(thrown);
      }
    });

    it('bears an engine that does nothing, and one whose histories cannot be read', async () => {
      current().watch?.(IDLE_ENGINE);
      await show(current(), events(3).slice(1));
      // It may say that something was not to be had; it may not hang.
      await current()
        .forceFlush()
        .catch(() => undefined);
    });
  });
}

const IDLE_ENGINE: WatchedEngine = {
  history: async function* () {
    yield* [] as ObservedEvent[];
    throw new Error('the store is away');
  },
  measure: () => ({ running: {}, waiting: {}, viewLagMs: {}, appends: { calls: 0, recentMs: [] }, monitors: {} }),
};

function flushSuite<M extends Monitor>(current: () => M, written: MonitorFactory<M>['written']): void {
  describe('forceFlush', () => {
    it('resolves, with nothing to write, too, and as often as it is called', async () => {
      await current().forceFlush();
      await show(current(), events(3));
      await Promise.all([current().forceFlush(), current().forceFlush()]);
      await current().forceFlush();
    });

    it('resolves while more comes', async () => {
      const flushed = current().forceFlush();
      await show(current(), events(10));
      await flushed;
    });

    (written === undefined ? it.skip : it)('has written all that came before', async () => {
      await show(current(), events(25));
      await current().forceFlush();
      expect(await written?.(current())).to.equal(25);
    });
  });
}

function shutdownSuite(current: () => Monitor): void {
  describe('shutdown', () => {
    it('resolves without having seen anything', async () => {
      await current().shutdown();
    });

    it('resolves as often as it is called', async () => {
      await show(current(), events(3));
      await Promise.all([current().shutdown(), current().shutdown()]);
      await current().shutdown();
    });

    it('lets whatever comes later go by: nothing throws or rejects', async () => {
      await show(current(), events(1));
      await current().shutdown();
      await show(current(), [...events(2), { kind: 'log', level: 'warn', message: 'late' }]);
      await current().forceFlush();
      await nextTurn();
    });

    it('lets go of a flush that is under way', async () => {
      await show(current(), events(5));
      await Promise.all([current().forceFlush(), current().shutdown()]);
    });
  });
}
