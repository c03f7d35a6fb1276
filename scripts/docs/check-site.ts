import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';

const idsIn = (html: string): ReadonlySet<string> =>
  new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => unescaped(id)));

const unescaped = (text: string): string =>
  text
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, '<')
    .replace(/&amp;/g, '&');

/** What a page makes a browser load by itself: scripts, styles, images, frames; not where its links lead. */
const loadedBy = (html: string): readonly string[] =>
  [...html.matchAll(/<(?:script|img|iframe|source|video)\b[^>]*\ssrc="([^"]+)"|<link\b[^>]*\shref="([^"]+)"/g)].map(
    ([, src, href]) => unescaped(src ?? href ?? ''),
  );

const linksIn = (html: string): readonly string[] =>
  [...html.matchAll(/<a\b[^>]*\shref="([^"]*)"/g)].map(([, href = '']) => unescaped(href));

const ELSEWHERE = /^(?:[a-z][a-z+.-]*:|\/\/)/;

/** What is wrong with a built site: files that are not there, anchors that are not there, what is loaded from another host. */
export function siteProblems(folder: string, base = '/'): readonly string[] {
  const paths = globSync('**/*.html', { cwd: folder }).map((path) => path.replaceAll('\\', '/'));
  const pages = new Map(paths.sort().map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
  const ids = new Map([...pages].map(([path, html]) => [path, idsIn(html)]));
  const place = (from: string, target: string): string | undefined => {
    const path = decodeURI(target.split(/[?#]/)[0] ?? '');
    if (path === '') return from;
    if (path.startsWith('/') && !path.startsWith(base)) return undefined;
    const full = path.startsWith('/') ? path.slice(base.length) : posix.join(posix.dirname(from), path);
    const file = posix.normalize(full === '' || full.endsWith('/') ? `${full}index.html` : full);
    const there = [file, `${file}.html`].find(
      (one) => existsSync(join(folder, one)) && statSync(join(folder, one)).isFile(),
    );
    return there;
  };
  const problems: string[] = [];
  for (const [path, html] of pages) {
    for (const target of loadedBy(html)) {
      if (ELSEWHERE.test(target) && !target.startsWith('data:'))
        problems.push(`${path} loads ${target}, of another host`);
      else if (!target.startsWith('data:') && place(path, target) === undefined)
        problems.push(`${path} loads ${target}, which is not there`);
    }
    for (const target of linksIn(html)) {
      if (ELSEWHERE.test(target)) continue;
      const to = place(path, target);
      const anchor = decodeURIComponent(target.split('#')[1] ?? '');
      if (to === undefined) problems.push(`${path} links to ${target}, which is not there`);
      else if (anchor !== '' && ids.get(to)?.has(anchor) !== true)
        problems.push(`${path} links to ${target}: no such heading`);
    }
  }
  return [...problems, ...styleProblems(folder)];
}

/** Styles load fonts and images, too, and so do those of a drawing. */
const styleProblems = (folder: string): readonly string[] =>
  globSync(['assets/*.css', '**/*.svg'], { cwd: folder }).flatMap((path) =>
    [...readFileSync(join(folder, path), 'utf8').matchAll(/url\(["']?(?:https?:)?\/\/[^)]*\)/g)].map(
      ([what]) => `${path} loads ${what}, of another host`,
    ),
  );
