import { globSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A page of the repository, and where the site has it. */
export interface SitePage {
  /** Relative to the root of the repository. */
  readonly source: string;
  /** Relative to the root of the site, with `.md`. */
  readonly site: string;
}

const PATTERNS = [
  '*.md',
  'docs/**/*.md',
  'core/*.md',
  'cli/*.md',
  'cli/create-reprise/*.md',
  'plugins/*/*.md',
  'test/conformance/*.md',
];

/** The home page is a page of the site only: on GitHub, README.md is that. */
const HOME = 'docs/site/home.md';

function siteOf(source: string): string {
  const [first = '', ...rest] = source.split('/');
  if (source === HOME) return 'index.md';
  if (source === 'docs/README.md') return 'contents.md';
  if (rest.length === 0) return source.toLowerCase();
  if (first === 'docs') return rest.join('/').replace(/(^|\/)README\.md$/, '$1index.md');
  const folder = first === 'plugins' ? 'plugins' : 'packages';
  const file = posix.basename(source);
  const name = posix.basename(posix.dirname(source));
  return file === 'README.md' ? `${folder}/${name}.md` : `${folder}/${name}/${file.toLowerCase()}`;
}

/** Every page that a reader may open, by its path. Two pages that would be one on the site are an error. */
export function sitePages(): readonly SitePage[] {
  const exclude = (path: string): boolean => /node_modules|\.reprise|\.docs/.test(path);
  const sources = new Set(PATTERNS.flatMap((pattern) => globSync(pattern, { cwd: ROOT, exclude })));
  const pages = [...sources].sort().map((source) => ({ source, site: siteOf(source) }));
  const taken = new Map<string, string>();
  for (const { source, site } of pages) {
    const other = taken.get(site);
    if (other !== undefined) throw new Error(`${source} and ${other} would both be ${site} on the site: rename one.`);
    taken.set(site, source);
  }
  return pages;
}
