import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { riskScorer } from '../src/agents/risk-scorer.ts';
import { DEV_FACTOR, RISK_FACTORS } from '../src/risk/risk-factors.ts';
import { call } from './support.ts';

const MIB = 1024 * 1024;
const plain = {
  version: '1.0.0',
  installed: true,
  bytes: 1,
  files: 1,
  types: 'own' as const,
  module: 'esm' as const,
  licence: 'MIT',
};
const licences = [
  { declared: 'MIT', expression: 'MIT', class: 'permissive', count: 1 },
  { declared: 'GPL-3.0', expression: 'GPL-3.0', class: 'strong-copyleft', count: 1 },
  { declared: 'MPL-2.0', expression: 'MPL-2.0', class: 'weak-copyleft', count: 1 },
  { declared: null, class: 'unknown', count: 1 },
];
const one = (more: object): object => ({ ...plain, path: 'node_modules/a', name: 'a', ...more });
const score = async (
  ...packages: object[]
): ReturnType<typeof call<never, { ranked: { path: string; score: number; reasons: string[] }[] }>> =>
  call(riskScorer, { packages, licences }) as never;

describe('risk scorer', () => {
  const CASES: readonly (readonly [object, readonly string[]])[] = [
    [{}, []],
    [{ scripts: ['postinstall'] }, ['install-scripts']],
    [{ native: 'binary' }, ['native-code']],
    [{ deprecated: true }, ['deprecated']],
    [{ licence: 'GPL-3.0' }, ['strong-copyleft']],
    [{ licence: 'MPL-2.0' }, ['weak-copyleft']],
    [{ licence: undefined }, ['licence-unclear']],
    [{ licence: undefined, installed: false, module: undefined, types: 'none' }, []],
    [{ found: '2.0.0' }, ['not-as-locked']],
    [{ problem: 'x' }, ['not-as-locked']],
    [{ bytes: 2 * MIB + 1 }, ['large']],
    [{ bytes: 21 * MIB }, ['huge']],
    [{ types: 'none' }, ['no-types']],
    [{ types: 'none', module: undefined }, []],
  ];
  for (const [more, reasons] of CASES) {
    it(`${JSON.stringify(more)} scores for ${reasons.join(', ') || 'nothing'}`, async () => {
      expect((await score(one(more))).ranked.flatMap((risk) => risk.reasons)).to.deep.equal(reasons);
    });
  }

  it('counts the versions of a name, not its copies', async () => {
    const copies = (versions: readonly string[]): object[] =>
      versions.map((version, at) => one({ version, path: `node_modules/p${at}/node_modules/a` }));
    expect((await score(...copies(['1.0.0', '1.0.0', '2.0.0']))).ranked).to.deep.equal([]);
    const three = (await score(...copies(['1.0.0', '3.0.0', '2.0.0']))).ranked;
    expect(three.map((risk) => risk.reasons)).to.deep.equal([['many-versions'], ['many-versions'], ['many-versions']]);
  });

  it('ranks by a score that its reasons add up to, whatever the order of the packages', async () => {
    const points = new Map(RISK_FACTORS.map((factor) => [factor.code, factor.points]));
    const facts = fc.record(
      {
        scripts: fc.constant(['install']),
        native: fc.constant('gyp'),
        deprecated: fc.constant(true),
        dev: fc.constant(true),
        types: fc.constantFrom('none', 'own'),
        bytes: fc.nat(40 * MIB),
        licence: fc.constantFrom('MIT', 'GPL-3.0', 'MPL-2.0'),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(facts, { maxLength: 12 }), async (all) => {
        const packages = all.map((more, at) => one({ ...more, path: `node_modules/p${at}`, name: `p${at}` }));
        const { ranked } = await score(...packages);
        expect(ranked).to.deep.equal((await score(...packages.toReversed())).ranked);
        for (const [at, risk] of ranked.entries()) {
          const dev = all[Number(risk.path.slice('node_modules/p'.length))]?.dev === true;
          const sum = risk.reasons.reduce((total, code) => total + (points.get(code) ?? Number.NaN), 0);
          expect(risk.score)
            .to.equal(dev ? sum * DEV_FACTOR : sum)
            .and.to.be.greaterThan(0);
          expect(risk.score).to.be.at.most(ranked[at - 1]?.score ?? Number.POSITIVE_INFINITY);
        }
      }),
    );
  });
});
