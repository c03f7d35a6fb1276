import type { Finding, Inspection, Verdict } from '../records.ts';
import { dossierSchema, label, totalsOf } from './dossier.ts';
import { codeSpan } from './markdown-text.ts';
import { BYTES_ROW, FILES_ROW, PACKAGES_ROW, PACKAGES_TITLE, REVIEW_TITLE } from './to-markdown.ts';

export interface Expectation {
  readonly packages: readonly Inspection[];
  /** Paths of the packages whose licence needs review. */
  readonly flagged: readonly string[];
}

/** What one file says, in a form that both files can be brought to. */
interface Claims {
  /** Path and label of every entry, in order. */
  readonly entries: readonly { readonly path: string; readonly label: string }[];
  readonly reviewed: ReadonlySet<string>;
  readonly totals: Readonly<Record<string, number | undefined>>;
}

const MAX_PATHS = 50;

/** Compares both files of a report, as read back from the disk, with what they should hold. */
export function checkReport(markdown: string | undefined, json: string | undefined, expected: Expectation): Verdict {
  const findings = [
    ...(markdown === undefined
      ? [unreadable('the Markdown file')]
      : check('the Markdown file', readMarkdown(markdown), expected, codeSpan)),
    ...checkJson(json, expected),
  ];
  return { complete: findings.length === 0, findings };
}

const unreadable = (file: string): Finding => ({ code: 'unreadable', message: `${file} cannot be read`, paths: [] });

function checkJson(json: string | undefined, expected: Expectation): readonly Finding[] {
  let value: unknown;
  try {
    value = JSON.parse(json ?? '');
  } catch (error) {
    if (error instanceof SyntaxError) return [unreadable('the JSON file')];
    throw error;
  }
  const parsed = dossierSchema.safeParse(value);
  if (!parsed.success) return [unreadable('the JSON file')];
  const { packages, review, totals } = parsed.data;
  const claims: Claims = {
    entries: packages.map((entry) => ({ path: entry.path, label: label(entry) })),
    reviewed: new Set(review.flatMap((group) => group.packages.map(({ path }) => path))),
    totals: { ...totals },
  };
  const findings = check('the JSON file', claims, expected, (text) => text);
  // The totals must also be those of the very entries that the file lists.
  const summed: Readonly<Record<string, number>> = { ...totalsOf(packages) };
  const stated: Readonly<Record<string, number>> = { ...totals };
  const wrong = Object.keys(summed).filter((key) => summed[key] !== stated[key]);
  if (wrong.length === 0) return findings;
  const message = `the JSON file: the entries do not add up to the stated totals (${wrong.join(', ')})`;
  return [...findings, { code: 'totals-do-not-add-up', message, paths: [] }];
}

function check(file: string, claims: Claims, expected: Expectation, form: (text: string) => string): Finding[] {
  const wanted = new Map(expected.packages.map((one) => [form(one.path), one]));
  const seen = new Set<string>();
  const problems = new Map<string, string[]>();
  const note = (code: string, path: string): void => {
    const paths = problems.get(code);
    if (paths === undefined) problems.set(code, [path]);
    else paths.push(path);
  };
  for (const entry of claims.entries) {
    const one = wanted.get(entry.path);
    if (one === undefined) note('unexpected-package', entry.path);
    else if (seen.has(entry.path)) note('duplicate-package', one.path);
    else if (form(label(one)) !== entry.label) note('wrong-name-or-version', one.path);
    seen.add(entry.path);
  }
  for (const [key, { path }] of wanted) if (!seen.has(key)) note('missing-package', path);
  for (const path of expected.flagged) if (!claims.reviewed.has(form(path))) note('missing-review', path);
  const findings = [...problems].map(([code, paths]) => ({
    code,
    message: `${file}: ${paths.length} × ${code}`,
    paths: paths.slice(0, MAX_PATHS),
  }));
  const totals: Readonly<Record<string, number>> = { ...totalsOf([...expected.packages]) };
  const wrong = Object.keys(claims.totals).filter((key) => claims.totals[key] !== totals[key]);
  if (wrong.length > 0) {
    findings.push({ code: 'wrong-total', message: `${file}: wrong totals (${wrong.join(', ')})`, paths: [] });
  }
  return findings;
}

function readMarkdown(markdown: string): Claims {
  const lines = markdown.split('\n');
  const start = lines.indexOf(PACKAGES_TITLE);
  const entries: { path: string; label: string }[] = [];
  for (const [index, line] of (start < 0 ? [] : lines.slice(start)).entries()) {
    if (!line.startsWith('### ')) continue;
    const path = /^`[^`]*`/.exec(lines[start + index + 2] ?? '')?.[0] ?? '';
    entries.push({ path, label: line.slice('### '.length) });
  }
  const reviewStart = lines.indexOf(REVIEW_TITLE);
  const reviewed = new Set<string>();
  for (const line of reviewStart < 0 ? [] : lines.slice(reviewStart + 1)) {
    if (line.startsWith('## ')) break;
    const path = /^- (`[^`]*`): /.exec(line)?.[1];
    if (path !== undefined) reviewed.add(path);
  }
  const total = (row: string): number | undefined => {
    const prefix = `| ${row} | `;
    const line = lines.find((candidate) => candidate.startsWith(prefix));
    if (line === undefined) return undefined;
    const cell = line.slice(prefix.length).replace(/ \|$/, '');
    // "482.5 MB (482,469,773 bytes)": the exact number counts.
    return Number((/\(([\d,]+) bytes?\)$/.exec(cell)?.[1] ?? cell).replaceAll(',', ''));
  };
  const totals = { packages: total(PACKAGES_ROW), bytes: total(BYTES_ROW), files: total(FILES_ROW) };
  return { entries, reviewed, totals };
}
