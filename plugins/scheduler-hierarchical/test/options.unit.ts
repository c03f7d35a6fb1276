import { isRepriseError } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createHierarchicalStrategy, DEFAULT_OPTIONS, resolveHierarchicalOptions } from '../src/index.ts';
import { reply, SPEC, TeamPlay } from './support.ts';

const problem = (options: unknown): string => {
  try {
    resolveHierarchicalOptions(options);
  } catch (error) {
    if (isRepriseError(error, 'REPRISE_CONFIG_INVALID')) return error.message;
    throw error;
  }
  return 'none';
};

describe('scheduler-hierarchical options', () => {
  it('have defaults, each by itself', () => {
    expect(resolveHierarchicalOptions()).to.deep.equal(DEFAULT_OPTIONS);
    expect(resolveHierarchicalOptions({ review: undefined, bounds: { stalls: 1, resets: undefined } })).to.deep.equal({
      ...DEFAULT_OPTIONS,
      bounds: { ...DEFAULT_OPTIONS.bounds, stalls: 1 },
    });
  });

  for (const [options, says] of [
    [{ review: 'some' }, /review is "some"; there are all, failed, none/],
    [{ bounds: { nonsense: 1.5 } }, /bounds\.nonsense is 1\.5, not a whole number/],
    [{ managerTimeout: 0 }, /managerTimeout is 0, not a duration/],
    [{ goal: 'x' }, /no "goal"; there are review, bounds, managerTimeout, managerAttempts/],
    [{ review: 1, managerAttempts: 'x' }, /review is 1.*managerAttempts is "x"/],
    [null, /not an object/],
    [[], /not an object/],
  ] as const) {
    it(`refuse ${JSON.stringify(options)}`, () => {
      expect(problem(options)).to.match(says);
    });
  }

  it('hold for teams that say nothing else', () => {
    const strategy = createHierarchicalStrategy({ managerTimeout: '1s', managerAttempts: 7, bounds: { nonsense: 0 } });
    const asks = (spec: object): unknown[] => {
      const { decisions } = new TeamPlay(strategy, { spec: { ...SPEC, ...spec }, manager: () => reply() }).play();
      return decisions.flatMap((one) => (one.kind === 'ask' ? [one.timeoutMs, one.attempts] : []));
    };
    expect(asks({})).to.deep.equal([1000, 7]);
    expect(asks({ managerTimeout: '2s', managerAttempts: 1, bounds: { nonsense: 1 } })).to.deep.equal([
      2000, 1, 2000, 1,
    ]);
  });
});
