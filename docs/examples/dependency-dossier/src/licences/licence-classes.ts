import deprecatedIds from 'spdx-license-ids/deprecated.json' with { type: 'json' };
import currentIds from 'spdx-license-ids/index.json' with { type: 'json' };
import type { LicenceClass } from '../records.ts';

type KnownClass = Exclude<LicenceClass, 'unknown'>;

/**
 * Families of SPDX identifiers by what they ask of those who distribute the work; the first pattern that fits decides. What
 * no pattern fits is unknown: a person has to look, and the table can grow. A reading aid, not legal advice.
 */
const FAMILIES: readonly (readonly [KnownClass, RegExp])[] = [
  [
    'proprietary',
    /^(BUSL|SSPL|Elastic|PolyForm|Parity|CC-BY(-\d.*)?-?(NC|ND)|CC-BY-(NC|ND)|Hippocratic|JPL-image|Aladdin)/,
  ],
  ['strong-copyleft', /^(AGPL|GPL|OSL|QPL|RPL|Sleepycat|CECILL-(1|2)\.|CPAL|NPOSL|copyleft-next|RPSL|Watcom)/],
  [
    'weak-copyleft',
    /^(LGPL|MPL|EPL|CDDL|CPL|EUPL|Artistic|CC-BY-SA|MS-RL|CECILL-C|OFL|LPPL|APSL|IPL|SPL|Nokia|NPL|ODbL)/,
  ],
  [
    'permissive',
    /^(MIT|ISC$|0BSD|BSD-|Apache|Unlicense|CC0-|CC-BY-\d|CC-PDDC|Zlib|zlib-|BlueOak|Python-|PSF-|WTFPL|BSL-1\.0|X11|NCSA|AFL|ECL|PostgreSQL|Unicode|UPL|OpenSSL|curl$|FSFAP|FTL|HPND|ICU|IJG|Info-ZIP|Libpng|libpng|MS-PL|MulanPSL|NTP|PHP-|PDDL|Ruby$|SAX-PD|TCL|Vim$|W3C|Xnet|ZPL|bzip2|AAL|ANTLR|CNRI-Python|Entessa|EFL|Fair|Beerware|JSON$|SSH-|Linux-OpenIB|blessing|CECILL-B|Intel$|Naumen|RSA-MD|Spencer|StandardML|TTWL)/,
  ],
];

// "No attribution needed" variants that the family's name would put in the wrong class.
const EXCEPTIONS: Readonly<Record<string, KnownClass | 'unknown'>> = {
  'BSD-3-Clause-No-Nuclear-License': 'unknown',
  'BSD-3-Clause-No-Nuclear-License-2014': 'unknown',
  'BSD-3-Clause-No-Military-License': 'unknown',
  'BSD-Protection': 'strong-copyleft',
  JSON: 'unknown',
};

const CLASS_BY_ID: ReadonlyMap<string, LicenceClass> = new Map(
  [...currentIds, ...deprecatedIds].map((id) => [
    id,
    EXCEPTIONS[id] ?? FAMILIES.find(([, pattern]) => pattern.test(id))?.[0] ?? 'unknown',
  ]),
);

/** Exceptions that let a strong licence be linked with other code, which makes it a weak one in practice. */
const LINKING_EXCEPTION =
  /^(Classpath|GCC|Autoconf|Bison|LLVM|Font|OpenJDK|GNAT|u-boot|Qt-|WxWindows|Linux-syscall|LGPL-3\.0-linking|LZMA|Libtool|eCos|freertos|i2p|mif|OCaml|Universal-FOSS|GPL-3\.0-linking)/i;

/** Class of one SPDX identifier, with the exception it is granted `WITH`, if any. */
export function classOfId(id: string, exception?: string): LicenceClass {
  const own = CLASS_BY_ID.get(id) ?? 'unknown';
  return own === 'strong-copyleft' && exception !== undefined && LINKING_EXCEPTION.test(exception)
    ? 'weak-copyleft'
    : own;
}
