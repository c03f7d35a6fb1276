import { expect } from 'chai';
import { describe, it } from 'mocha';
import { askedAgent, fitsAsked, isAskedAgent } from '../../src/shared/agent-version.ts';

describe('the version of an agent that is asked for', () => {
  it('is what stands behind the @', () => {
    expect(askedAgent('writer')).to.deep.equal({ name: 'writer' });
    expect(askedAgent('writer@2.1')).to.deep.equal({ name: 'writer', version: '2.1' });
    for (const good of ['a', 'a@1', 'a@blue', 'a@1.2.3-beta.1+5']) expect(isAskedAgent(good), good).to.equal(true);
    for (const bad of ['', '@', 'a@', '@1', 'a@@1', 'a@^1', 'a@1 ', 'a@1@2', `a@${'1'.repeat(65)}`, 7])
      expect(isAskedAgent(bad), String(bad)).to.equal(false);
  });

  it('fits by whole parts, and one before a release by its whole name', () => {
    const fits = (version: string | undefined, asked: string): boolean =>
      fitsAsked({ name: 'a', ...(version === undefined ? {} : { version }) }, asked);
    for (const asked of ['a', 'a@2', 'a@2.1', 'a@2.1.0']) expect(fits('2.1.0', asked), asked).to.equal(true);
    for (const asked of ['b', 'a@1', 'a@2.10', 'a@2.1.0.0', 'a@2.1.0-beta'])
      expect(fits('2.1.0', asked), asked).to.equal(false);
    expect(fits('20.0.0', 'a@2')).to.equal(false);
    expect([fits('2.0.0-beta', 'a@2'), fits('2.0.0-beta', 'a@2.0.0-beta'), fits('2.0.0-beta', 'a')]).to.deep.equal([
      false,
      true,
      true,
    ]);
    expect([fits('2.0.0+5', 'a@2.0.0'), fits('2.0.0+5', 'a@2.0.0+5'), fits('2.0.0+5', 'a@2.0.0+6')]).to.deep.equal([
      true,
      true,
      false,
    ]);
    expect([
      fits('blue', 'a@blue'),
      fits('bluer', 'a@blue'),
      fits(undefined, 'a@1'),
      fits(undefined, 'a'),
    ]).to.deep.equal([true, false, false, true]);
  });
});
