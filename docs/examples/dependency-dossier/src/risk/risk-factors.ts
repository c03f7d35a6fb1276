import type { Inspection, LicenceClass } from '../records.ts';

export interface RiskSubject {
  readonly inspection: Inspection;
  readonly licence: LicenceClass;
  /** Different versions of this package's name in the tree. */
  readonly versions: number;
}

export interface RiskFactor {
  readonly code: string;
  readonly label: string;
  readonly points: number;
  applies(subject: RiskSubject): boolean;
}

const MIB = 1024 * 1024;

/** What adds to a package's score, heaviest first. The score is the sum, halved for packages of development only. */
export const RISK_FACTORS: readonly RiskFactor[] = [
  {
    code: 'install-scripts',
    label: 'runs code when it is installed',
    points: 30,
    applies: ({ inspection }) => (inspection.scripts?.length ?? 0) > 0,
  },
  {
    code: 'deprecated',
    label: 'is deprecated',
    points: 25,
    applies: ({ inspection }) => inspection.deprecated === true,
  },
  {
    code: 'licence-unclear',
    label: 'has an unknown or proprietary licence',
    points: 25,
    applies: ({ inspection, licence }) => inspection.installed && (licence === 'unknown' || licence === 'proprietary'),
  },
  {
    code: 'strong-copyleft',
    label: 'is under a strong copyleft licence',
    points: 20,
    applies: ({ licence }) => licence === 'strong-copyleft',
  },
  {
    code: 'not-as-locked',
    label: 'is installed in another version than the locked one, or damaged',
    points: 20,
    applies: ({ inspection }) => inspection.found !== undefined || inspection.problem !== undefined,
  },
  {
    code: 'native-code',
    label: 'has native code',
    points: 15,
    applies: ({ inspection }) => inspection.native !== undefined,
  },
  {
    code: 'huge',
    label: 'is larger than 20 MiB',
    points: 12,
    applies: ({ inspection }) => inspection.bytes > 20 * MIB,
  },
  {
    code: 'weak-copyleft',
    label: 'is under a weak copyleft licence',
    points: 8,
    applies: ({ licence }) => licence === 'weak-copyleft',
  },
  {
    code: 'large',
    label: 'is larger than 2 MiB',
    points: 5,
    applies: ({ inspection }) => inspection.bytes > 2 * MIB && inspection.bytes <= 20 * MIB,
  },
  {
    code: 'many-versions',
    label: 'is there in three or more versions',
    points: 5,
    applies: ({ versions }) => versions >= 3,
  },
  {
    code: 'no-types',
    label: 'has no TypeScript types',
    points: 2,
    applies: ({ inspection }) => inspection.module !== undefined && inspection.types === 'none',
  },
];

export const DEV_FACTOR = 0.5;
