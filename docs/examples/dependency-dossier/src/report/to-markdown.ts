import { DEV_FACTOR, RISK_FACTORS } from '../risk/risk-factors.ts';
import { type Dossier, type Entry, label, type Material } from './dossier.ts';
import { codeSpan, exactBytes, formatBytes, prose, table } from './markdown-text.ts';

/** Titles that the critic finds its way by. */
export const REVIEW_TITLE = '## Licences to review';
export const PACKAGES_TITLE = '## Packages';
/** Rows of the first table that the critic adds up again. */
export const PACKAGES_ROW = 'Packages';
export const BYTES_ROW = 'Size on disk';
export const FILES_ROW = 'Files';

const TOP_RISKS = 15;
const LABELS = new Map(RISK_FACTORS.map(({ code, label: text }) => [code, text]));

const reasonsOf = (reasons: readonly string[]): string => reasons.map((code) => LABELS.get(code) ?? code).join('; ');

/** The report for people. `material` has the packages that a short edition gives no entry. */
export function toMarkdown(dossier: Dossier, material: Material): string {
  const byPath = new Map(material.packages.map((inspection) => [inspection.path, inspection]));
  const name = (path: string): string => codeSpan(label(byPath.get(path) ?? { name: path, version: '?' }));
  const parts = [
    heading(dossier),
    glance(dossier),
    licences(dossier),
    review(dossier, name),
    risks(material, name),
    `${PACKAGES_TITLE}\n`,
    ...dossier.packages.map(entry),
  ];
  return `${parts.join('\n')}\n`;
}

function heading({ project, source, date, edition }: Dossier): string {
  const origin = `Made from ${codeSpan(source)}${date === undefined ? '' : `, ${prose(date)}`}. ${edition === 'short' ? 'Short edition.' : 'Complete edition.'}`;
  return `# Dependency dossier of ${codeSpan(project.version === '' ? project.name : label(project))}\n\n${origin}\n`;
}

function glance({ totals }: Dossier): string {
  const rows: readonly (readonly [string, number | string])[] = [
    [PACKAGES_ROW, totals.packages],
    ['Installed on this machine', totals.installed],
    ['For development only', totals.development],
    ['Optional', totals.optional],
    ['Deprecated', totals.deprecated],
    ['With install scripts', totals.installScripts],
    ['With native code', totals.nativeCode],
    [BYTES_ROW, exactBytes(totals.bytes)],
    [FILES_ROW, totals.files],
  ];
  return `## At a glance\n\n${table(
    ['what', 'how many'],
    rows.map(([what, value]) => [what, String(value)]),
  )}\n`;
}

function licences({ licences: all }: Dossier): string {
  const rows = all.map(({ declared, expression, class: licenceClass, count }) => [
    declared === null ? 'none' : codeSpan(declared).replaceAll('|', '\\|'),
    expression === undefined || expression === declared ? '' : prose(expression),
    licenceClass,
    String(count),
  ]);
  return `## Licences\n\n${table(['licence', 'read as', 'class', 'packages'], rows)}\n`;
}

function review({ review: groups }: Dossier, name: (path: string) => string): string {
  if (groups.length === 0) return `${REVIEW_TITLE}\n\nNone: every licence is permissive.\n`;
  const sections = groups.map(({ rule, concern, obligations, recommendation, packages }) => {
    const lines = packages.map(
      ({ path, read }) => `- ${codeSpan(path)}: ${name(path)}${read === undefined ? '' : `, read ${codeSpan(read)}`}`,
    );
    const title = `### ${rule} (${concern} concern)`;
    return `${title}\n\n${obligations}\n\n*${recommendation}*\n\n${lines.join('\n')}\n`;
  });
  return `${REVIEW_TITLE}\n\n${sections.join('\n')}`;
}

function risks({ ranked }: Material, name: (path: string) => string): string {
  const rows = ranked.slice(0, TOP_RISKS).map(({ path, score, reasons }) => {
    // A nested copy is told from the one at the top by its path.
    const place = path.lastIndexOf('node_modules/') > 0 ? ` in ${codeSpan(path)}` : '';
    return [String(score), `${name(path)}${place}`, reasonsOf(reasons)];
  });
  const scale = RISK_FACTORS.map(({ label: text, points }) => `${text} ${points}`).join(', ');
  const text = `A score is the sum of its reasons (${scale}), times ${DEV_FACTOR} for development only.`;
  return `## Highest risks\n\n${text}\n\n${rows.length === 0 ? 'None.' : table(['score', 'package', 'it …'], rows)}\n`;
}

function entry(one: Entry): string {
  const facts = [
    codeSpan(one.path),
    one.licence === undefined ? 'no licence' : `${codeSpan(one.licence)} (${one.class})`,
    one.installed ? `${formatBytes(one.bytes)} in ${one.files} files` : 'not installed',
    one.module,
    one.types === 'none' ? undefined : `${one.types} types`,
    one.engines === undefined ? undefined : `Node ${codeSpan(one.engines)}`,
    one.scripts === undefined ? undefined : `scripts: ${one.scripts.join(', ')}`,
    one.found === undefined ? undefined : `installed as ${codeSpan(one.found)}`,
    one.dev === true ? 'development' : undefined,
    one.optional === true ? 'optional' : undefined,
    one.problem,
  ].filter((fact) => fact !== undefined);
  const risk = one.score === 0 ? '' : `\n\nRisk ${one.score}: ${reasonsOf(one.reasons)}.`;
  return `### ${codeSpan(label(one))}\n\n${facts.join(' · ')}${risk}\n\n${prose(one.summary)}\n`;
}
