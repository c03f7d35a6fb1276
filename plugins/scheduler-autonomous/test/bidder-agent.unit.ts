import { callAgent } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { bidderAgent, type Call, isCall } from '../src/index.ts';

const CALL: Call = {
  work: { id: 'walls', capability: 'paint', priority: 0, tries: 0, input: { walls: 4 } },
  input: null,
  round: 1,
};

describe('an agent that bids and works', () => {
  const ann = bidderAgent<{ walls: number }, { painted: number }>({
    name: 'ann',
    capabilities: ['paint'],
    bid: ({ work: { input } }) => (input === null ? { refuse: 'too much' } : { price: 3 * input.walls }),
    work: ({ input: { walls } }) => ({ painted: walls }),
  });
  const given = async (input: unknown) => (await callAgent(ann, input as { walls: number })).output;

  it('tells a call from work, also from work that looks like one', async () => {
    expect(await given(CALL)).to.deep.equal({ price: 12 });
    expect(await given({ ...CALL, work: { ...CALL.work, input: null } })).to.deep.equal({ refuse: 'too much' });
    expect(await given({ walls: 2 })).to.deep.equal({ painted: 2 });
    expect(await given({ walls: 2, work: { id: 'x' }, round: 1 })).to.deep.equal({ painted: 2 });
    for (const other of [null, 'x', [CALL], { round: 1 }, { ...CALL, round: '1' }, { ...CALL, work: null }])
      expect(isCall(other), JSON.stringify(other)).to.equal(false);
  });
});
