/** A licence and the phrases (lower case, single spaces) that its text holds and no other licence's text does. */
interface Signature {
  readonly id: string;
  readonly has: readonly (string | RegExp)[];
  readonly lacks?: readonly string[];
}

const REDISTRIBUTION = 'redistribution and use in source and binary forms';
const ANY_PERSON = 'permission is hereby granted, free of charge, to any person obtaining a copy';
const WITH_OR_WITHOUT_FEE = /permission to use, copy, modify,? and (or )?distribute this software for any purpose/;
const KEEP_NOTICE = 'above copyright notice and this permission notice';

const SIGNATURES: readonly Signature[] = [
  { id: 'MIT', has: [ANY_PERSON, KEEP_NOTICE] },
  { id: 'MIT-0', has: [ANY_PERSON], lacks: [KEEP_NOTICE, 'boost software license', 'altered source versions'] },
  { id: 'ISC', has: [WITH_OR_WITHOUT_FEE, KEEP_NOTICE] },
  { id: '0BSD', has: [WITH_OR_WITHOUT_FEE], lacks: [KEEP_NOTICE] },
  { id: 'Apache-2.0', has: [/apache license,? version 2\.0/] },
  { id: 'BSD-4-Clause', has: [REDISTRIBUTION, 'all advertising materials'] },
  { id: 'BSD-3-Clause', has: [REDISTRIBUTION, 'endorse or promote products'], lacks: ['all advertising materials'] },
  { id: 'BSD-2-Clause', has: [REDISTRIBUTION], lacks: ['endorse or promote products', 'all advertising materials'] },
  { id: 'MPL-2.0', has: [/mozilla public license,? version 2\.0/] },
  { id: 'EPL-2.0', has: [/eclipse public license ?-? ?v(ersion)? ?2\.0/] },
  { id: 'EPL-1.0', has: [/eclipse public license ?-? ?v(ersion)? ?1\.0/] },
  { id: 'Unlicense', has: ['this is free and unencumbered software released into the public domain'] },
  { id: 'CC0-1.0', has: [/cc0 1\.0 universal|creative commons zero v?1\.0/] },
  { id: 'CC-BY-4.0', has: ['creative commons attribution 4.0 international'] },
  { id: 'CC-BY-3.0', has: [/creative commons (legal code )?attribution 3\.0/] },
  { id: 'WTFPL', has: ['do what the fuck you want to'] },
  { id: 'Zlib', has: ["this software is provided 'as-is'", 'altered source versions must be plainly marked'] },
  { id: 'BSL-1.0', has: ['boost software license - version 1.0'] },
  { id: 'BUSL-1.1', has: ['business source license 1.1'] },
  { id: 'SSPL-1.0', has: ['server side public license', 'version 1'] },
  { id: 'Elastic-2.0', has: ['elastic license 2.0'] },
  { id: 'Artistic-2.0', has: ['the artistic license 2.0'] },
  { id: 'BlueOak-1.0.0', has: ['blue oak model license', '1.0.0'] },
  { id: 'Python-2.0', has: ['python software foundation license version 2'] },
];

const GNU =
  /gnu (affero |lesser |library )?general public license,?( as published[^.]{0,80})?,? v(?:ersion|\.)? ?(\d)(?:\.(\d))?/;
const GNU_FAMILY: Readonly<Record<string, string>> = { 'affero ': 'AGPL', 'lesser ': 'LGPL', 'library ': 'LGPL' };

/** MPL and EPL name the GNU licences as possible "secondary licenses"; that does not put the text under them. */
const withoutSecondary = (text: string): string => text.replace(/secondary licenses?.{0,4}? means.{0,400}/g, ' ');

function gnuLicence(text: string): string | undefined {
  const match = GNU.exec(withoutSecondary(text));
  if (match === null) return undefined;
  const [, family, , major, minor] = match;
  return `${GNU_FAMILY[family ?? ''] ?? 'GPL'}-${major}.${minor ?? '0'}-only`;
}

/**
 * The SPDX expression of a licence text, by the phrases it holds; undefined when none is known. A text with several licences
 * gives all of them joined with AND: the cautious reading. Deterministic, linear in the text.
 */
export function recogniseLicence(source: string): string | undefined {
  const text = source
    .toLowerCase()
    .replace(/[‘’`]/g, "'")
    .replace(/[“”]/g, '"')
    .replace(/[\s*>#/]+/g, ' ');
  const holds = (phrase: string | RegExp): boolean =>
    typeof phrase === 'string' ? text.includes(phrase) : phrase.test(text);
  const found = SIGNATURES.filter(({ has, lacks = [] }) => has.every(holds) && !lacks.some(holds)).map(({ id }) => id);
  const gnu = gnuLicence(text);
  if (gnu !== undefined) found.push(gnu);
  return found.length === 0 ? undefined : found.join(' AND ');
}
