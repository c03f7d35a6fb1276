import { expect } from 'chai';
import { describe, it } from 'mocha';
import { flawOf, replaced } from './altered-golden.ts';

const rested = (fields: Record<string, unknown>): string => flawOf('rested', replaced({ type: 'AgentRested' }, fields));

describe('a hostile history of agents', () => {
  it('is taken as it is, whatever the number of failures', () => {
    expect(flawOf('rested', () => undefined)).to.equal('taken');
    expect(rested({ failures: 9 })).to.equal('taken');
  });

  it('names an agent, which rests until later', () => {
    expect(rested({ agent: '' })).to.match(/data\.agent/);
    expect(rested({ agent: undefined })).to.match(/data\.agent/);
    expect(rested({ until: 1 })).to.match(/data\.until: is 1, which is not later than the event/);
    expect(rested({ until: 9e15 })).to.match(/data\.until/);
    expect(rested({ failures: 0 })).to.match(/data\.failures/);
    expect(flawOf('rested', replaced({ type: 'AgentBack' }, { agent: 'a b' }))).to.match(/data\.agent/);
  });
});
