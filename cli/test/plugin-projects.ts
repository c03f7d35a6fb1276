import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type Files = Readonly<Record<string, string | object>>;

/** Writes files; objects as JSON. */
export function write(folder: string, files: Files): string {
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  }
  return folder;
}

/** A module that exports a factory `make` of a monitor that takes what it is given. */
export const monitorModule = (name: string, body = ''): string =>
  `export default (options) => { ${body}
  return { name: '${name}', kind: 'monitor', create: () => ({ name: '${name}', onEvent() {}, forceFlush: async () => {}, shutdown: async () => {} }) }; };\n`;

/** The files of a package with a monitor, whose channel must be given. */
export function monitorPackage(more: object = {}, files: Files = {}): Files {
  return {
    'package.json': {
      name: '@acme/monitor-slack',
      version: '1.4.2',
      description: 'Tells Slack',
      type: 'module',
      exports: './index.js',
      reprise: {
        kind: 'monitor',
        entry: '.',
        options: './options.schema.json',
        declares: { network: ['hooks.slack.com'], files: [], processes: false },
        core: '>=0.1.0',
      },
      ...more,
    },
    'index.js': monitorModule('slack'),
    'options.schema.json': {
      type: 'object',
      additionalProperties: false,
      required: ['channel'],
      properties: {
        channel: { type: 'string', description: 'Where to', minLength: 2 },
        retries: { type: 'integer', minimum: 0, default: 3 },
        auth: { type: 'object', properties: { token: { type: 'string' } } },
      },
    },
    ...files,
  };
}

/** Packs a package as its author would, and says where the tarball is. */
export function tarballOf(folder: string): string {
  const output = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', dirname(folder)], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const report = JSON.parse(output) as readonly { filename: string }[] | Record<string, { filename: string }>;
  const [packed] = Object.values(report) as readonly { filename: string }[];
  return join(dirname(folder), packed?.filename ?? '');
}

export const readJson = <Value>(...path: readonly string[]): Value =>
  JSON.parse(readFileSync(join(...path), 'utf8')) as Value;

/** The files that a failed change must leave as they were. */
export const stateOf = (folder: string): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(
    ['package.json', 'package-lock.json', 'reprise.plugins.json', 'node_modules/@acme/monitor-slack/package.json'].map(
      (name) => [name, existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : undefined],
    ),
  );
