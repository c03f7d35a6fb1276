import { type Ownership, type OwnershipChange, sleep } from '@reprise/core/plugin';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { bePatient } from '../patience.ts';

/** One process' part in the competition. */
export interface OwnershipHandle {
  readonly ownership: Ownership;
  /** Lets go of everything that belongs to the handle; whatever it owned is free then. */
  close(): Promise<void>;
}

export interface OwnershipFactory {
  /** Not started, and nobody competes with it. Called before every test. */
  create(): Promise<OwnershipHandle>;
  /** Another one that competes with it, as another process would. Left out where nobody can. The kit closes it. */
  openSecond?(handle: OwnershipHandle): Promise<OwnershipHandle>;
  /** Starts a process that competes with it, until it owns something. Resolves to what ends that process without a warning (SIGKILL). */
  ownElsewhere?(handle: OwnershipHandle): Promise<() => Promise<void>>;
  /** How long one test may take, in ms. Default 30,000, whatever the runner's own limit is. */
  readonly timeoutMs?: number;
}

const RUNS = Array.from({ length: 64 }, (_, index) => `run-${index}`);

const owned = ({ ownership }: OwnershipHandle): readonly string[] => RUNS.filter((runId) => ownership.owns(runId));

/** Those that it may decide about now. */
const decided = (handle: OwnershipHandle): readonly string[] =>
  handle.ownership.unsettled?.() === undefined ? owned(handle) : [];

/** Looks until it holds. The test's own time limit ends a wait in vain. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5);
}

/** Registers a mocha suite that checks an ownership against the whole contract of the port. */
export function ownershipConformance(name: string, factory: OwnershipFactory): void {
  describe(`ownership conformance: ${name}`, function () {
    bePatient(this, factory.timeoutMs);
    const open: OwnershipHandle[] = [];
    let handle: OwnershipHandle;
    beforeEach(async () => {
      handle = await factory.create();
      open.push(handle);
    });
    afterEach(async () => {
      for (const one of open.splice(0).reverse()) await one.close();
    });

    aloneSuite(() => handle);
    if (factory.openSecond === undefined) {
      it('two: not checked, because the factory has no openSecond() (nobody can compete)');
    } else {
      const openSecond = factory.openSecond.bind(factory);
      twoSuite(async () => {
        const second = await openSecond(handle);
        open.push(second);
        return [handle, second];
      });
    }
    const { ownElsewhere } = factory;
    if (ownElsewhere === undefined) return;
    describe('a process that is killed', () => {
      it('leaves what it owned to others', async () => {
        const kill = await ownElsewhere.call(factory, handle);
        await handle.ownership.start();
        expect(owned(handle)).to.have.length.below(RUNS.length);
        await kill();
        await until(() => owned(handle).length === RUNS.length);
      });
    });
  });
}

function aloneSuite(current: () => OwnershipHandle): void {
  describe('start and stop', () => {
    it('owns nothing before start(), everything after it, and nothing from the moment of stop() on', async () => {
      const handle = current();
      expect(owned(handle)).to.deep.equal([]);
      await handle.ownership.start();
      await until(() => owned(handle).length === RUNS.length);
      const stopped = handle.ownership.stop();
      expect(owned(handle)).to.deep.equal([]);
      await stopped;
      expect(owned(handle)).to.deep.equal([]);
    });

    it('may be started again after stop()', async () => {
      const handle = current();
      for (let round = 0; round < 3; round += 1) {
        await handle.ownership.start();
        await until(() => owned(handle).length === RUNS.length);
        await handle.ownership.stop();
      }
      expect(owned(handle)).to.deep.equal([]);
    });

    it('takes a second start() and a second stop() for nothing, and a stop() before a start()', async () => {
      const handle = current();
      await handle.ownership.stop();
      await handle.ownership.start();
      await handle.ownership.start();
      await until(() => owned(handle).length === RUNS.length);
      const stopped = handle.ownership.stop();
      expect(owned(handle)).to.deep.equal([]);
      await Promise.all([stopped, handle.ownership.stop()]);
      expect(owned(handle)).to.deep.equal([]);
    });

    it('stopped while it starts, it owns nothing', async () => {
      const handle = current();
      const starting = handle.ownership.start();
      await handle.ownership.stop();
      await starting;
      expect(owned(handle)).to.deep.equal([]);
      await handle.ownership.start();
      await until(() => owned(handle).length === RUNS.length);
    });
  });

  describe('onChange', () => {
    it('tells what has changed once it has, also by start() and stop()', async () => {
      const handle = current();
      const told: (OwnershipChange & { readonly owned: number })[] = [];
      handle.ownership.onChange((change) => told.push({ ...change, owned: owned(handle).length }));
      await handle.ownership.start();
      await until(() => owned(handle).length === RUNS.length);
      expect(told.some(({ gained }) => gained)).to.equal(true);
      for (const change of told) expect(change.owned > 0).to.equal(change.gained);
      told.length = 0;
      await handle.ownership.stop();
      expect(told).to.deep.equal([{ gained: false, lost: true, owned: 0 }]);
    });

    it('does not tell of what changes nothing', async () => {
      const handle = current();
      let told = 0;
      handle.ownership.onChange(() => {
        told += 1;
      });
      await handle.ownership.stop();
      expect(told, 'told by stop() before start()').to.equal(0);
      await handle.ownership.start();
      await until(() => owned(handle).length === RUNS.length);
      told = 0;
      await handle.ownership.start();
      expect(told, 'told by a second start()').to.equal(0);
      await handle.ownership.stop();
      await handle.ownership.stop();
      expect(told, 'told by two stop()').to.equal(1);
    });

    it('tells every listener, and none that has stopped listening', async () => {
      const { ownership } = current();
      const told: string[] = [];
      const stops = ['one', 'two', 'three'].map((who) => ownership.onChange(() => told.push(who)));
      stops[1]?.();
      await ownership.start();
      await until(() => told.length > 0 && owned(current()).length > 0);
      expect(new Set(told)).to.deep.equal(new Set(['one', 'three']));
    });

    it('calls back once for each time that it was asked to, the same listener too', async () => {
      const { ownership } = current();
      let once = 0;
      let twice = 0;
      const listener = (): void => {
        twice += 1;
      };
      ownership.onChange(() => {
        once += 1;
      });
      const [stop] = [ownership.onChange(listener), ownership.onChange(listener)];
      await ownership.start();
      await until(() => once > 0 && owned(current()).length === RUNS.length);
      expect(twice).to.equal(2 * once);
      once = twice = 0;
      stop();
      stop();
      await ownership.stop();
      expect([once, twice]).to.deep.equal([1, 1]);
    });
  });

  describe('drivers (optional)', () => {
    it('says who drives (where it can tell)', async function () {
      const handle = current();
      const { ownership } = handle;
      if (ownership.drivers === undefined) return this.skip();
      expect(await ownership.drivers()).to.deep.equal([]);
      await ownership.start();
      await until(() => owned(handle).length > 0);
      const drivers = await ownership.drivers();
      expect(drivers).to.have.length(1);
      const [driver] = drivers;
      expect(driver?.pid ?? process.pid).to.equal(process.pid);
      expect(driver?.silentMs ?? 0).to.be.within(0, 10_000);
      await ownership.stop();
      expect(await ownership.drivers()).to.deep.equal([]);
    });

    it('says that it is about to stop, and owns what it owns until then (where it can)', async function () {
      const handle = current();
      const { ownership } = handle;
      const { drivers, drain } = ownership;
      if (drivers === undefined || drain === undefined) return this.skip();
      const isDraining = async () => (await ownership.drivers?.())?.map(({ draining }) => draining);
      ownership.drain?.();
      await ownership.start();
      await until(() => owned(handle).length > 0);
      expect(await isDraining(), 'before it competes it says nothing').to.deep.equal([undefined]);
      ownership.drain?.();
      await until(async () => (await isDraining())?.[0] === true);
      expect(owned(handle)).to.not.deep.equal([]);
      await ownership.stop();
      await ownership.start();
      await until(() => owned(handle).length > 0);
      expect(await isDraining(), 'a start begins anew').to.deep.equal([undefined]);
      await ownership.stop();
    });
  });
}

function twoSuite(both: () => Promise<readonly [OwnershipHandle, OwnershipHandle]>): void {
  describe('two', () => {
    /** Every run has one owner, the handles given being all that compete. */
    const shared = (handles: readonly OwnershipHandle[]): boolean =>
      handles.flatMap(decided).sort().join() === [...RUNS].sort().join();

    it('own no run both, and every run between them', async () => {
      const handles = await both();
      const conflicts: string[] = [];
      const look = (): void => {
        const all = handles.flatMap(decided);
        conflicts.push(...all.filter((runId, index) => all.indexOf(runId) !== index));
      };
      for (const { ownership } of handles) ownership.onChange(look);
      await Promise.all(handles.map(({ ownership }) => ownership.start()));
      await until(() => {
        look();
        return conflicts.length > 0 || shared(handles);
      });
      expect(conflicts).to.deep.equal([]);
    });

    it('resolve start() also when the other has everything', async () => {
      const [first, second] = await both();
      await first.ownership.start();
      await until(() => owned(first).length === RUNS.length);
      await second.ownership.start();
      await until(() => shared([first, second]));
    });

    it('take over what the other gives up, and are told', async () => {
      const [first, second] = await both();
      await first.ownership.start();
      await until(() => owned(first).length > 0);
      await second.ownership.start();
      let gained = false;
      second.ownership.onChange((change) => {
        gained ||= change.gained && owned(second).length > 0;
      });
      await first.ownership.stop();
      await until(() => owned(second).length === RUNS.length);
      expect(gained).to.equal(true);
      await first.ownership.start();
      await second.ownership.stop();
      await until(() => owned(first).length === RUNS.length);
    });

    it('take over what the other had that was closed', async () => {
      const [first, second] = await both();
      await second.ownership.start();
      await until(() => owned(second).length === RUNS.length);
      await first.ownership.start();
      await second.close();
      await until(() => owned(first).length === RUNS.length);
    });

    it('gain nothing any more once they were stopped', async () => {
      const [first, second] = await both();
      await first.ownership.start();
      await until(() => owned(first).length === RUNS.length);
      await second.ownership.start();
      await second.ownership.stop();
      await first.ownership.stop();
      await sleep(500);
      expect(owned(second)).to.deep.equal([]);
    });

    it('both say who drives (where they can tell)', async function () {
      const [first, second] = await both();
      const { drivers } = second.ownership;
      if (drivers === undefined) return this.skip();
      await first.ownership.start();
      await until(() => owned(first).length === RUNS.length);
      expect(await second.ownership.drivers?.()).to.have.length(1);
      await first.ownership.stop();
      expect(await second.ownership.drivers?.()).to.deep.equal([]);
    });
  });
}
