#!/usr/bin/env node
// The documentation as a site: `npm run docs` builds it into .docs/site, or where `-- --out FOLDER` says; `-- --base /path/` for one
// that is not at the root of its host.
// `npm run docs:dev` serves it on 127.0.0.1, and follows what is written.
import { existsSync, readdirSync, watch } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSite, SITE_FOLDER, serveSite } from './docs/build-site.ts';
import { ROOT } from './docs/pages.ts';

const HELP = `npm run docs [-- --base /path/] [--out FOLDER]   build the site into .docs/site, or FOLDER
npm run docs:dev [-- --port N]                   serve it on 127.0.0.1 (port 5173), and follow what is written
`;

const OPTIONS = {
  base: { type: 'string', default: '/' },
  out: { type: 'string', default: SITE_FOLDER },
  dev: { type: 'boolean', default: false },
  port: { type: 'string', default: '5173' },
  help: { type: 'boolean', default: false },
} as const;

function fail(message: string, code = 2): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function argumentsGiven() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    return fail(`${messageOf(error)}\n${HELP}`);
  }
}

/** A build empties its folder: one with something else in it is left alone. */
function assertOwn(folder: string): void {
  if (!existsSync(folder) || readdirSync(folder).length === 0 || existsSync(join(folder, 'hashmap.json'))) return;
  fail(`${folder} has something in it that is no site, and would be emptied: name another folder by --out.`);
}

const values = argumentsGiven();
if (values.help) process.stdout.write(HELP);
else if (values.dev) {
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    fail(`--port ${values.port} is no port: a number up to 65535.`);
  const again = await serveSite(join(ROOT, '.docs', 'dev'), port).catch((error: unknown) => fail(messageOf(error), 1));
  const onChange = (_event: string, file: string | null): void => {
    if (file?.endsWith('.md') !== true) return;
    try {
      again();
    } catch (error) {
      // Half a page, while it is written: what was served before is served on.
      process.stderr.write(`${messageOf(error)}\n`);
    }
  };
  for (const folder of ['docs', 'plugins']) watch(join(ROOT, folder), { recursive: true }, onChange);
  watch(ROOT, onChange);
} else {
  if (!/^\/(?:[\w.-]+\/)*$/.test(values.base))
    fail(`--base ${values.base} is no base: it begins and ends with a slash.`);
  const folder = resolve(ROOT, values.out);
  assertOwn(folder);
  const started = performance.now();
  // A folder of its own: two builds at once do not meet.
  await buildSite(join(ROOT, '.docs', `build-${process.pid}`), folder, values.base).catch((error: unknown) =>
    fail(messageOf(error), 1),
  );
  process.stdout.write(`Built ${values.out} in ${((performance.now() - started) / 1000).toFixed(1)} s.\n`);
}
