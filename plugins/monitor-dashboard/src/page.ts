import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface PageFile {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Its name changes with what is in it. */
  readonly immutable: boolean;
}

const BUILT = fileURLToPath(new URL('../page', import.meta.url));

/** The files of the page by their path (`/index.html`), read once. Empty when it was not built. */
export function readPage(folder = BUILT): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  const walk = (inside: string): void => {
    for (const entry of readdirSync(join(folder, inside), { withFileTypes: true })) {
      const path = `${inside}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      const type = TYPES[extname(entry.name)];
      if (!entry.isFile() || type === undefined) continue;
      files.set(path, { type, bytes: new Uint8Array(readFileSync(join(folder, path))), immutable: inside !== '' });
    }
  };
  try {
    walk('');
  } catch {
    return new Map(); // not built: whoever opens it is told how
  }
  return files;
}

/** A page of HTML around trusted pieces of it. */
export const page = (title: string, text: string, head = '', more = ''): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>${title}</title>${head}</head><body><main><h1>${title}</h1><p>${text}</p>${more}</main></body></html>`;

/** Begun at a site that is this one: so the strict cookie goes along. `path`: what is opened then, of our own making. */
export const enteredPage = (path: string): string =>
  page('Reprise', `<a href="${path}">Open the dashboard</a>`, `<meta http-equiv="refresh" content="0;url=${path}">`);
export const NOT_BUILT = page(
  'Reprise dashboard',
  'The page was not built: <code>npm run setup</code> in the repository does it.',
);
