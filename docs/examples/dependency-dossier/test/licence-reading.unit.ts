import { expect } from 'chai';
import { describe, it } from 'mocha';
import { recogniseLicence } from '../src/licences/recognise.ts';
import { declaredLicence } from '../src/packages/declared-licence.ts';
import { isPackagePath } from '../src/packages/package-path.ts';

describe('declared licence', () => {
  const CASES: readonly (readonly [Record<string, unknown>, string | undefined])[] = [
    [{ license: 'MIT' }, 'MIT'],
    [{ license: '  MIT\n' }, 'MIT'],
    [{ license: { type: 'MIT', url: 'u' } }, 'MIT'],
    [{ license: { name: 'ISC' } }, 'ISC'],
    [{ license: ['MIT', 'Apache-2.0'] }, '(MIT OR Apache-2.0)'],
    [{ licenses: [{ type: 'MIT' }, { type: 'GPL-2.0' }] }, '(MIT OR GPL-2.0)'],
    [{ licenses: [{ type: 'MIT' }, { type: 'MIT' }] }, 'MIT'],
    [{ licenses: { type: 'BSD' } }, 'BSD'],
    [{ licenses: 'MIT' }, 'MIT'],
    [{ license: '', licenses: [{ type: 'MIT' }] }, 'MIT'],
    [{ license: {} }, undefined],
    [{ license: { type: { type: 'MIT' } } }, undefined],
    [{ license: 42 }, undefined],
    [{ license: null }, undefined],
    [{ license: [null, 3, {}] }, undefined],
    [{ licenses: [] }, undefined],
    [{}, undefined],
  ];
  for (const [manifest, expected] of CASES) {
    it(`of ${JSON.stringify(manifest)} is ${expected}`, () => {
      expect(declaredLicence(manifest)?.licence).to.equal(expected);
    });
  }

  it('never lets a long choice read as a shorter one', () => {
    const licenses = Array.from({ length: 30 }, (_, at) => ({ type: `GPL-${at}.0` }));
    const licence = declaredLicence({ licenses })?.licence ?? '';
    expect(licence.length).to.be.at.most(100);
    expect(licence).to.match(/^several: /);
  });
});

describe('licence texts', () => {
  const MIT = `Permission is hereby granted, free of charge, to any person obtaining
    a copy of this software … The above copyright notice and this permission
    notice shall be included in all copies`;
  const REDISTRIBUTION = 'Redistribution and use in source and binary forms, with or without modification';
  const CASES: readonly (readonly [string, string | undefined])[] = [
    [MIT, 'MIT'],
    [MIT.replace(/\n\s*/g, '\r\n# '), 'MIT'],
    ['Permission is hereby granted, free of charge, to any person obtaining a copy of this software.', 'MIT-0'],
    [
      'Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that the above copyright notice and this permission notice appear in all copies.',
      'ISC',
    ],
    [
      'Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is granted.',
      '0BSD',
    ],
    ['Apache License\n   Version 2.0, January 2004', 'Apache-2.0'],
    [REDISTRIBUTION, 'BSD-2-Clause'],
    [`${REDISTRIBUTION} … to endorse or promote products derived`, 'BSD-3-Clause'],
    [`${REDISTRIBUTION} … endorse or promote products … All advertising materials mentioning`, 'BSD-4-Clause'],
    ['GNU GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007', 'GPL-3.0-only'],
    ['GNU GENERAL PUBLIC LICENSE\n Version 2, June 1991', 'GPL-2.0-only'],
    ['GNU LESSER GENERAL PUBLIC LICENSE\n Version 2.1, February 1999', 'LGPL-2.1-only'],
    ['GNU AFFERO GENERAL PUBLIC LICENSE\n Version 3, 19 November 2007', 'AGPL-3.0-only'],
    [
      'Mozilla Public License Version 2.0 … 1.12. “Secondary License” means either the GNU General Public License, Version 2.0',
      'MPL-2.0',
    ],
    ['This is free and unencumbered software released into the public domain.', 'Unlicense'],
    [`${MIT}\n---\nBundled:\nApache License Version 2.0`, 'MIT AND Apache-2.0'],
    ['All rights reserved. Ask us.', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of CASES) {
    it(`"${text.slice(0, 50).replace(/\s+/g, ' ')}…" is ${expected}`, () => {
      expect(recogniseLicence(text)).to.equal(expected);
    });
  }
});

describe('package paths', () => {
  it('are those below node_modules', () => {
    for (const path of [
      'node_modules/a',
      'node_modules/@s/a',
      'x/node_modules/a/node_modules/b',
      '../l/node_modules/a',
    ]) {
      expect(isPackagePath(path), path).to.equal(true);
    }
  });

  it('never lead elsewhere', () => {
    const bad = [
      '',
      'a',
      'node_modules',
      'node_modules/..',
      'node_modules/../a',
      'node_modules/a/../../b',
      '/node_modules/a',
    ];
    const worse = [
      'node_modules/@s',
      'node_modules/a\\..\\b',
      'node_modules/a/lib',
      'node_modules//a',
      './node_modules/a',
    ];
    for (const path of [...bad, ...worse]) expect(isPackagePath(path), path).to.equal(false);
  });
});
