import { expect } from 'chai';
import { describe, it } from 'mocha';
import { LABEL_KEY_PATTERN, takeLabels } from '../../src/shared/labels.ts';

const refused = (given: unknown): string => {
  try {
    takeLabels(given);
  } catch (error) {
    expect(error).to.have.property('code', 'REPRISE_LABELS_INVALID');
    return String(error);
  }
  throw new Error(`${JSON.stringify(given)} was taken`);
};

const many = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']));

describe('labels', () => {
  it('are copied; none are nothing', () => {
    const given = { 'team.a_b-C': 'eu', ...many(30), k0: 'x'.repeat(256), ['k'.repeat(64)]: ' "ü" ' };
    const taken = takeLabels({ ...given, k29: given.k0 });
    expect(taken).to.include({ 'team.a_b-C': 'eu', k0: 'x'.repeat(256) });
    expect(takeLabels({})).to.equal(undefined);
    expect(takeLabels(undefined)).to.equal(undefined);
  });

  it('are refused with what is wrong', () => {
    expect(refused(null)).to.contain('not an object');
    expect(refused(['a'])).to.contain('not an object');
    expect(refused('a=b')).to.contain('not an object');
    expect(refused({ 'a b': 'c' })).to.contain('"a b"');
    expect(refused({ '': 'c' })).to.contain('key ""');
    expect(refused({ ['k'.repeat(65)]: 'c' })).to.contain('1 to 64');
    expect(refused(JSON.parse('{"__proto__":"x"}'))).to.contain('__proto__');
    expect(refused({ a: 1 })).to.contain('"a" is not text');
    expect(refused({ a: '' })).to.contain('0 characters');
    expect(refused({ a: 'x'.repeat(257) })).to.contain('257');
    expect(refused({ a: '\ud800' })).to.contain('lone surrogate');
    expect(refused(many(33))).to.contain('33');
    expect(LABEL_KEY_PATTERN.test('a\n')).to.equal(false);
  });
});
