import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import deprecatedIds from 'spdx-license-ids/deprecated.json' with { type: 'json' };
import currentIds from 'spdx-license-ids/index.json' with { type: 'json' };
import { licenceAuditor } from '../src/agents/licence-auditor.ts';
import { classifyLicence } from '../src/licences/classify.ts';
import { reviewRule } from '../src/licences/review-rules.ts';
import { LICENCE_CLASSES, type LicenceClass } from '../src/records.ts';
import { call } from './support.ts';

const TABLE: readonly (readonly [string | null, LicenceClass, string | undefined])[] = [
  ['MIT', 'permissive', 'MIT'],
  ['ISC', 'permissive', 'ISC'],
  ['0BSD', 'permissive', '0BSD'],
  ['BSD-3-Clause', 'permissive', 'BSD-3-Clause'],
  ['BlueOak-1.0.0', 'permissive', 'BlueOak-1.0.0'],
  ['CC-BY-4.0', 'permissive', 'CC-BY-4.0'],
  ['CC0-1.0', 'permissive', 'CC0-1.0'],
  ['Python-2.0', 'permissive', 'Python-2.0'],
  ['(MIT OR CC0-1.0)', 'permissive', 'MIT OR CC0-1.0'],
  ['MIT or Apache-2.0', 'permissive', 'MIT OR Apache-2.0'],
  ['(Apache-2.0 AND BSD-3-Clause)', 'permissive', 'Apache-2.0 AND BSD-3-Clause'],
  ['LGPL-2.1-or-later', 'weak-copyleft', 'LGPL-2.1-or-later'],
  ['LGPL-2.1+', 'weak-copyleft', 'LGPL-2.1+'],
  ['MPL-2.0', 'weak-copyleft', 'MPL-2.0'],
  ['EPL-2.0', 'weak-copyleft', 'EPL-2.0'],
  ['CDDL-1.0', 'weak-copyleft', 'CDDL-1.0'],
  ['CC-BY-SA-4.0', 'weak-copyleft', 'CC-BY-SA-4.0'],
  ['Artistic-2.0', 'weak-copyleft', 'Artistic-2.0'],
  ['GPL-2.0-only WITH Classpath-exception-2.0', 'weak-copyleft', 'GPL-2.0-only WITH Classpath-exception-2.0'],
  ['GPL-3.0-only', 'strong-copyleft', 'GPL-3.0-only'],
  ['GPL-2.0', 'strong-copyleft', 'GPL-2.0'],
  ['AGPL-3.0-or-later', 'strong-copyleft', 'AGPL-3.0-or-later'],
  ['CC-BY-NC-4.0', 'proprietary', 'CC-BY-NC-4.0'],
  ['CC-BY-ND-4.0', 'proprietary', 'CC-BY-ND-4.0'],
  ['BUSL-1.1', 'proprietary', 'BUSL-1.1'],
  ['SSPL-1.0', 'proprietary', 'SSPL-1.0'],
  ['UNLICENSED', 'proprietary', undefined],
  ['Proprietary', 'proprietary', undefined],
  // OR: the user chooses the lightest; AND: the heaviest binds.
  ['MIT OR GPL-3.0-only', 'permissive', 'MIT OR GPL-3.0-only'],
  ['MIT AND GPL-3.0-only', 'strong-copyleft', 'MIT AND GPL-3.0-only'],
  ['(LGPL-2.1 OR BSD-3-Clause AND MIT)', 'permissive', 'LGPL-2.1 OR BSD-3-Clause AND MIT'],
  ['MIT AND (GPL-2.0-only OR MPL-2.0)', 'weak-copyleft', 'MIT AND (GPL-2.0-only OR MPL-2.0)'],
  ['MIT AND LicenseRef-house', 'unknown', 'MIT AND LicenseRef-house'],
  ['MIT OR LicenseRef-house', 'permissive', 'MIT OR LicenseRef-house'],
  // What people write.
  ['Apache 2', 'permissive', 'Apache-2.0'],
  ['Apache License, Version 2.0', 'permissive', 'Apache-2.0'],
  ['MIT License', 'permissive', 'MIT'],
  ['mit', 'permissive', 'MIT'],
  ['New BSD', 'permissive', 'BSD-3-Clause'],
  ['GPLv3', 'strong-copyleft', 'GPL-3.0-or-later'],
  ['MIT, GPL-3.0', 'strong-copyleft', 'MIT AND GPL-3.0'],
  ['GPLv2 or MIT', 'permissive', 'GPL-2.0-only OR MIT'],
  ['MIT/X11', 'permissive', 'MIT AND X11'],
  // What must not be guessed.
  ['Apache-2.0 AND bogus', 'unknown', undefined],
  ['SEE LICENSE IN LICENSE.txt', 'unknown', undefined],
  ['SEE LICENSE IN GPL.txt', 'unknown', undefined],
  ['Public Domain', 'unknown', undefined],
  ['foo', 'unknown', undefined],
  ['MIT but not for commercial use', 'unknown', undefined],
  ['', 'unknown', undefined],
  ['   ', 'unknown', undefined],
  [null, 'unknown', undefined],
];

describe('licence classification', () => {
  for (const [declared, expected, expression] of TABLE) {
    it(`reads ${JSON.stringify(declared)} as ${expected}`, () => {
      const result = classifyLicence(declared);
      expect(result.class).to.equal(expected);
      expect(result.expression).to.equal(expression);
    });
  }

  it('is total, and what it prints means the same again', () => {
    const ids = fc.constantFrom('MIT', 'GPL-3.0-only', 'LGPL-2.1', 'MPL-2.0', 'ISC', 'BUSL-1.1', 'bogus', 'GPLv2');
    const words = fc.array(fc.oneof(ids, fc.constantFrom('AND', 'OR', '(', ')', 'WITH', '/', '+', ',')), {
      maxLength: 9,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          words.map((list) => list.join(' ')),
        ),
        (text) => {
          const first = classifyLicence(text);
          expect(LICENCE_CLASSES).to.include(first.class);
          if (first.expression !== undefined) expect(classifyLicence(first.expression)).to.deep.equal(first);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('takes the lightest of OR and the heaviest of AND', () => {
    const known = fc.constantFrom(...[...currentIds, ...deprecatedIds].filter((id) => !id.endsWith('+')));
    const rank = (text: string): number => LICENCE_CLASSES.indexOf(classifyLicence(text).class);
    fc.assert(
      fc.property(known, known, (a, b) => {
        expect(rank(`${a} OR ${b}`)).to.equal(Math.min(rank(a), rank(b)));
        expect(rank(`${a} AND ${b}`)).to.equal(Math.max(rank(a), rank(b)));
      }),
    );
  });

  it('puts every GNU licence of the SPDX list under copyleft', () => {
    const gnu = [...currentIds, ...deprecatedIds].filter((id) => /^[AL]?GPL-/.test(id));
    expect(gnu.length).to.be.greaterThan(20);
    for (const id of gnu) expect(classifyLicence(id).class, id).to.match(/copyleft$/);
  });
});

describe('licence auditor', () => {
  const base = { version: '1.0.0', installed: true, bytes: 1, files: 1, types: 'none' as const };
  const packages = [
    { ...base, path: 'node_modules/a', name: 'a', licence: 'MIT' },
    { ...base, path: 'node_modules/b', name: 'b', licence: 'GPL-3.0', dev: true },
    { ...base, path: 'node_modules/c', name: 'c' },
    { ...base, path: 'node_modules/d', name: 'd', licence: 'MIT' },
  ];

  it('counts every package once and lists those that need a look', async () => {
    const audit = await call(licenceAuditor, { packages });
    expect(audit.counts).to.deep.equal({
      permissive: 2,
      'weak-copyleft': 0,
      'strong-copyleft': 1,
      proprietary: 0,
      unknown: 1,
    });
    expect(audit.licences[0]).to.deep.equal({ declared: 'MIT', expression: 'MIT', class: 'permissive', count: 2 });
    expect(audit.review).to.deep.equal([
      { path: 'node_modules/b', licence: 'GPL-3.0', class: 'strong-copyleft', dev: true, installed: true },
      { path: 'node_modules/c', licence: null, class: 'unknown', installed: true },
    ]);
  });

  it('has nothing to review when there is nothing', async () => {
    expect((await call(licenceAuditor, { packages: [] })).review).to.deep.equal([]);
  });
});

describe('review rules', () => {
  const subject = { class: 'permissive' as LicenceClass, licence: null as string | null, dev: false, installed: true };
  const CASES: readonly (readonly [Partial<typeof subject>, string, string])[] = [
    [{ class: 'strong-copyleft', licence: 'GPL-3.0-only' }, 'strong-copyleft', 'high'],
    [{ class: 'strong-copyleft', licence: 'AGPL-3.0-only' }, 'network-copyleft', 'high'],
    [{ class: 'strong-copyleft', licence: 'GPL-3.0-only', dev: true }, 'dev-only-copyleft', 'low'],
    [{ class: 'weak-copyleft', licence: 'LGPL-3.0-only' }, 'library-copyleft', 'medium'],
    [{ class: 'weak-copyleft', licence: 'MPL-2.0' }, 'file-copyleft', 'low'],
    [{ class: 'weak-copyleft', licence: 'MPL-2.0', dev: true }, 'dev-only-copyleft', 'low'],
    [{ class: 'unknown' }, 'unknown-licence', 'medium'],
    [{ class: 'unknown', dev: true }, 'dev-only-unknown', 'low'],
    [{ class: 'unknown', installed: false }, 'not-installed', 'low'],
    [{ class: 'proprietary', licence: 'UNLICENSED' }, 'proprietary', 'high'],
  ];
  for (const [change, rule, concern] of CASES) {
    it(`${JSON.stringify(change)} is ${rule}`, () => {
      expect(reviewRule({ ...subject, ...change })).to.include({ rule, concern });
    });
  }
});
