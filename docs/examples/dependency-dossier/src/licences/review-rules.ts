import type { LegalReview, LicenceClass } from '../records.ts';

/** What the rules look at. */
export interface ReviewCase {
  readonly class: LicenceClass;
  /** SPDX expression or declared text; null when there is none. */
  readonly licence: string | null;
  readonly dev: boolean;
  readonly installed: boolean;
}

export interface ReviewRule {
  readonly rule: string;
  readonly concern: LegalReview['groups'][number]['concern'];
  readonly obligations: string;
  readonly recommendation: string;
  applies(subject: ReviewCase): boolean;
}

const names = (subject: ReviewCase, pattern: RegExp): boolean => pattern.test(subject.licence ?? '');

/** In this order; the first that applies decides. The last applies to anything. A reading aid, not legal advice. */
export const REVIEW_RULES: readonly ReviewRule[] = [
  {
    rule: 'network-copyleft',
    concern: 'high',
    obligations: 'Whoever uses the program over a network must be offered the complete source of the whole work.',
    recommendation: 'Replace the package, or have its use approved before the next release, services included.',
    applies: (subject) =>
      subject.class === 'strong-copyleft' && !subject.dev && names(subject, /AGPL|SSPL|OSL|CPAL|RPL/),
  },
  {
    rule: 'strong-copyleft',
    concern: 'high',
    obligations: 'A distributed work that includes the package must be licensed and published under the same licence.',
    recommendation: 'Replace the package, ask its authors for another licence, or run it as a separate program.',
    applies: (subject) => subject.class === 'strong-copyleft' && !subject.dev,
  },
  {
    rule: 'proprietary',
    concern: 'high',
    obligations:
      'Nothing is allowed but what the owner grants; a competing, commercial or changed use is often excluded.',
    recommendation: 'Find the agreement that grants your use and keep it with the project, or remove the package.',
    applies: (subject) => subject.class === 'proprietary' && !subject.dev,
  },
  {
    rule: 'unknown-licence',
    concern: 'medium',
    obligations: 'Without a licence that can be read, nothing beyond reading the code is granted.',
    recommendation:
      'Read the file named beside the package, ask its authors to declare an SPDX licence, and note the answer.',
    applies: (subject) => subject.class === 'unknown' && subject.installed && !subject.dev,
  },
  {
    rule: 'library-copyleft',
    concern: 'medium',
    obligations:
      'Users must be able to replace the library with a changed version of it; changes to it stay under its licence.',
    recommendation:
      'Keep it a separate, unmodified dependency (as npm installs it); check bundles and single binaries.',
    applies: (subject) => subject.class === 'weak-copyleft' && !subject.dev && names(subject, /LGPL|WITH/),
  },
  {
    rule: 'file-copyleft',
    concern: 'low',
    obligations:
      'Changed files of the package stay under its licence and must be published; your own files are not affected.',
    recommendation: 'Use it unmodified, keep its notices, and publish any patch that you make to it.',
    applies: (subject) => subject.class === 'weak-copyleft' && !subject.dev,
  },
  {
    rule: 'dev-only-unknown',
    concern: 'low',
    obligations: 'Used in development only; it is not distributed with the product.',
    recommendation:
      'Read the file named beside the package once; it matters if the package ever moves into production.',
    applies: (subject) =>
      (subject.class === 'unknown' || subject.class === 'proprietary') && subject.dev && subject.installed,
  },
  {
    rule: 'dev-only-copyleft',
    concern: 'low',
    obligations:
      'Copyleft binds what is distributed, and a development tool is not; its output rarely carries its licence.',
    recommendation: 'Keep it out of production dependencies and of bundles.',
    applies: (subject) => subject.dev && subject.class !== 'unknown' && subject.class !== 'proprietary',
  },
  {
    rule: 'not-installed',
    concern: 'low',
    obligations: 'The package belongs to another platform and is not installed here, so its licence could not be read.',
    recommendation: 'Run the dossier on the platform that installs it, or read the licence in its registry page.',
    applies: () => true,
  },
];

/** The rule for a package that needs review. */
export function reviewRule(subject: ReviewCase): ReviewRule {
  const rule = REVIEW_RULES.find((candidate) => candidate.applies(subject));
  if (rule === undefined) throw new Error('The last review rule applies to everything.');
  return rule;
}
