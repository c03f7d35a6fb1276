import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { sourcePage } from './links.ts';
import { ROOT } from './pages.ts';

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

const STYLE = `:root{color-scheme:light dark}body{font:14px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;margin:0}
header{font-family:system-ui,sans-serif;padding:.8rem 1rem;border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent)}
header a{margin-right:1rem}main{padding:1rem;overflow-x:auto}pre{margin:0;counter-reset:line}
pre span::before{counter-increment:line;content:counter(line);display:inline-block;width:3.5em;padding-right:1em;text-align:right;color:GrayText}
li{line-height:1.8}`;

const page = (path: string, up: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><link rel="icon" href="data:,"><title>${escaped(path)} | Reprise</title><style>${STYLE}</style></head>
<body><header><a href="${up}index.html">Reprise</a> <strong>${escaped(path)}</strong></header><main>${body}</main></body></html>
`;

const linesOf = (text: string): string =>
  `<pre>${text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => `<span>${escaped(line)}</span>`)
    .join('\n')}</pre>`;

const HIDDEN = /^(?:node_modules|dist|coverage|\.git|\.reprise|\.docs)$|\.(?:log|tsbuildinfo)$/;

/** What a folder has; linked is what the site shows. */
function listingOf(path: string, shown: ReadonlySet<string>, up: string): string {
  const entries = readdirSync(join(ROOT, path), { withFileTypes: true }).filter(({ name }) => !HIDDEN.test(name));
  const items = entries
    .map((entry) => ({ name: entry.name, text: entry.isDirectory() ? `${entry.name}/` : entry.name }))
    .sort((a, b) => a.text.localeCompare(b.text))
    .map(({ name, text }) => {
      const inside = posix.join(path, name);
      const label = escaped(text);
      return `<li>${shown.has(inside) ? `<a href="${up}${sourcePage(inside).slice(1)}">${label}</a>` : label}</li>`;
    });
  return `<ul>${items.join('')}</ul>`;
}

/** Files and folders that pages link to, as pages of their own; by where the site has them. A link to nothing is an error. */
export function sourcePages(paths: ReadonlySet<string>): ReadonlyMap<string, string> {
  const made = new Map<string, string>();
  for (const path of paths) {
    const full = join(ROOT, path);
    if (path.startsWith('..') || !existsSync(full)) throw new Error(`A page links to ${path}, which is not there.`);
    const target = sourcePage(path).slice(1);
    const up = '../'.repeat(target.split('/').length - 1);
    const body = statSync(full).isDirectory() ? listingOf(path, paths, up) : linesOf(readFileSync(full, 'utf8'));
    made.set(target, page(path, up, body));
  }
  return made;
}
