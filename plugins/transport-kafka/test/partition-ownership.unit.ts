import type { OwnershipChange } from '@reprise/core/plugin';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { partitionOf } from '../src/partition-of.ts';
import { PartitionOwnership, type Partitions } from '../src/partition-ownership.ts';

/** A run whose commands are in that partition of four. */
const runIn = (partition: number): string => {
  for (let n = 0; ; n += 1) if (partitionOf(`run-${n}`, 4) === partition) return `run-${n}`;
};
const partitions = (...own: number[]): Partitions => ({ count: 4, own: new Set(own) });

describe('the ownership of partitions', () => {
  let assign: (one: Partitions | undefined) => void = () => undefined;
  let joined = 0;
  let closed = 0;
  let joining: Promise<void> = Promise.resolve();
  let ownership: PartitionOwnership;
  let changes: OwnershipChange[] = [];
  beforeEach(() => {
    joined = closed = 0;
    joining = Promise.resolve();
    changes = [];
    ownership = new PartitionOwnership({
      join: async (changed) => {
        assign = changed;
        joined += 1;
        await joining;
        return {
          close: async () => {
            closed += 1;
          },
        };
      },
      members: async () => [{ host: 'here' }],
    });
    ownership.onChange((change) => changes.push(change));
  });

  it('is of the runs whose partition this process has, from its first assignment to stop()', async () => {
    expect(ownership.owns(runIn(0)), 'before').to.equal(false);
    await ownership.start();
    assign(partitions(0, 2));
    expect([0, 1, 2, 3].map((one) => ownership.owns(runIn(one)))).to.deep.equal([true, false, true, false]);
    expect(changes).to.deep.equal([{ gained: true, lost: false }]);
    await ownership.stop();
    expect(ownership.owns(runIn(0))).to.equal(false);
    expect(changes.at(-1)).to.deep.equal({ gained: false, lost: true });
    expect(closed).to.equal(1);
    assign(partitions(0));
    expect(ownership.owns(runIn(0)), 'what comes late is nobody’s').to.equal(false);
    expect(await ownership.drivers()).to.deep.equal([{ host: 'here' }]);
  });

  it('tells what was gained and lost, and nothing of an assignment that changes nothing', async () => {
    await ownership.start();
    assign(partitions(0, 1));
    assign(partitions(1, 0));
    assign(partitions(1, 2));
    assign(partitions(1));
    assign(partitions());
    expect(changes).to.deep.equal([
      { gained: true, lost: false },
      { gained: true, lost: true },
      { gained: false, lost: true },
      { gained: false, lost: true },
    ]);
    expect(ownership.owns(runIn(1)), 'of what it remembered').to.equal(false);
  });

  it('is unsettled from when it is shared out anew to the next assignment, or to stop(), and stays what it was meanwhile', async () => {
    await ownership.start();
    assign(partitions(0, 1));
    expect(ownership.unsettled()).to.equal(undefined);
    for (const end of [() => assign(partitions(1)), () => assign(partitions(1)), () => ownership.stop()]) {
      assign(undefined);
      const settled = ownership.unsettled();
      assign(undefined);
      expect(ownership.unsettled(), 'one wait for all').to.equal(settled);
      expect(ownership.owns(runIn(1))).to.equal(true);
      void end();
      await settled;
      expect(ownership.unsettled()).to.equal(undefined);
    }
    expect(changes.filter(({ lost }) => lost)).to.have.length(2);
    expect(ownership.owns(runIn(1))).to.equal(false);
  });

  it('is joined once, however often it is started, and may be tried again when that failed', async () => {
    joining = Promise.reject(new Error('no broker'));
    const failed = await ownership.start().catch((error: unknown) => String(error));
    expect(failed).to.equal('Error: no broker');
    joining = Promise.resolve();
    await Promise.all([ownership.start(), ownership.start()]);
    expect(joined).to.equal(2);
    await ownership.stop();
    await ownership.stop();
    expect(closed).to.equal(1);
  });

  it('may be started again, and leaves a group that it joined too late', async () => {
    const late = Promise.withResolvers<void>();
    joining = late.promise;
    const starting = ownership.start();
    await ownership.stop();
    late.resolve();
    await starting;
    expect(closed).to.equal(1);
    await ownership.start();
    assign(partitions(3));
    expect(ownership.owns(runIn(3))).to.equal(true);
  });
});
