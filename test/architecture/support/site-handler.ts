import { existsSync, readFileSync, statSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** Serves files of a folder below a path, as any web server does: nothing else is answered. */
export const siteHandler =
  (folder: string, base: string): RequestListener =>
  (request, response) => {
    const path = decodeURIComponent((request.url ?? '').split(/[?#]/)[0] ?? '');
    const inside = normalize(path.slice(base.length - 1)).replace(/\/$/, '/index.html');
    const file = join(folder, inside);
    if (!path.startsWith(base) || !file.startsWith(folder) || !existsSync(file) || statSync(file).isDirectory()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    response.end(readFileSync(file));
  };
