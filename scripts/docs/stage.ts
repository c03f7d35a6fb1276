import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { navigationProblems } from '../../docs/site/navigation.ts';
import { renderApi } from './api/render.ts';
import { withDiagrams } from './diagrams.ts';
import { imagePath, rewriteLinks } from './links.ts';
import { ROOT, type SitePage, sitePages } from './pages.ts';
import { sourcePages } from './source-pages.ts';

const write = (folder: string, path: string, text: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};

/** Files that pages link to, and show; filled while they are written. */
interface Wanted {
  readonly sources: Set<string>;
  readonly images: Set<string>;
}

function writePage(folder: string, { source, site }: SitePage, sites: ReadonlyMap<string, string>, wanted: Wanted) {
  const text = rewriteLinks(readFileSync(join(ROOT, source), 'utf8'), source, site, {
    pageOf: (path) => sites.get(path),
    onSource: (path) => wanted.sources.add(path),
    onImage: (path) => wanted.images.add(path),
  });
  write(
    folder,
    site,
    withDiagrams(text, (path, svg) => write(join(folder, 'public'), path, svg)),
  );
}

/** VitePress wants its configuration beside the pages. */
function writeConfig(folder: string): void {
  const inside = join(folder, '.vitepress');
  const to = (from: string, path: string): string => relative(from, join(ROOT, path)).replaceAll('\\', '/');
  write(inside, 'config.ts', `export { default } from '${to(inside, 'docs/site/config.ts')}';\n`);
  const theme = join(inside, 'theme');
  write(inside, 'theme/index.ts', `export { default } from '${to(theme, 'docs/site/theme/index.ts')}';\n`);
}

/** Says no to a page that has no place. */
export function assertNavigation(): void {
  const problems = navigationProblems(sitePages().map(({ source }) => source));
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

/**
 * Writes the pages of the site into a folder inside the repository, as VitePress takes them: those of the repository with their links
 * changed, those made from the code, sources as text, images. What was there is removed. `again` writes the pages anew.
 */
export function stage(folder: string): { again(): void } {
  assertNavigation();
  rmSync(folder, { recursive: true, force: true });
  writeConfig(folder);
  const api = renderApi();
  for (const [path, text] of api.pages) write(folder, path, text);
  const again = (): void => {
    const wanted = { sources: new Set(api.sources), images: new Set<string>() };
    const pages = sitePages();
    const sites = new Map(pages.map(({ source, site }) => [source, site]));
    for (const page of pages) writePage(folder, page, sites, wanted);
    for (const [path, html] of sourcePages(wanted.sources)) write(join(folder, 'public'), path, html);
    for (const path of wanted.images) {
      const target = join(folder, 'public', imagePath(path));
      mkdirSync(dirname(target), { recursive: true });
      cpSync(join(ROOT, path), target);
    }
  };
  again();
  return { again };
}
