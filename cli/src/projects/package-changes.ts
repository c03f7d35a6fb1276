import { readFileSync } from 'node:fs';
import { configInvalid } from '../config/config-error.ts';
import { ownVersion } from './templates.ts';
import { overwrite } from './write-files.ts';

/** A change of a file that is there: what it is, in words, and how it is made. */
export interface Change {
  readonly file: string;
  readonly what: string;
  /** Packages that it adds. */
  readonly packages?: readonly string[];
  make(): void;
}

type Manifest = Readonly<Record<string, unknown>>;

const NEEDED = ['@reprise/cli', '@reprise/core'];
/** What `npm init` writes. */
const NO_TEST = 'echo "Error: no test specified" && exit 1';
const TEST = 'node --test';

/** What package.json lacks: dependencies, and a script `test` where there is none yet. Throws REPRISE_CONFIG_INVALID. */
export function packageChanges(file: string): readonly Change[] {
  const text = read(file);
  const manifest = parse(file, text);
  const known = { ...group(manifest, 'dependencies'), ...group(manifest, 'devDependencies') };
  const missing = NEEDED.filter((name) => known[name] === undefined);
  const scripts = group(manifest, 'scripts');
  const hasTest = ![undefined, '', NO_TEST].includes(scripts['test'] as string | undefined);
  if (missing.length === 0 && hasTest) return [];
  const added = Object.fromEntries(missing.map((name) => [name, `^${ownVersion()}`]));
  const changed = {
    ...manifest,
    ...(hasTest ? {} : { scripts: { ...scripts, test: TEST } }),
    ...(missing.length === 0 ? {} : { dependencies: sorted({ ...group(manifest, 'dependencies'), ...added }) }),
  };
  const dependencies = Object.entries(added).map(([name, range]) => `${name} ${range}`);
  const what = [
    ...(dependencies.length === 0 ? [] : [`dependencies ${dependencies.join(' and ')}`]),
    ...(hasTest ? [] : [`script test: ${TEST}`]),
  ];
  return [{ file, what: what.join('; '), packages: missing, make: () => overwrite(file, asWritten(changed, text)) }];
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw configInvalid(file, `could not be read: ${(error as Error).message}.`, error);
  }
}

function parse(file: string, text: string): Manifest {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw configInvalid(file, `is no JSON: ${(error as Error).message}.`, error);
  }
  if (!isRecord(manifest)) throw configInvalid(file, 'is no object.');
  for (const key of ['dependencies', 'devDependencies', 'scripts'])
    if (!isRecord(manifest[key] ?? {})) throw configInvalid(file, `its ${key} are no object.`);
  return manifest;
}

const isRecord = (value: unknown): value is Manifest =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const group = (manifest: Manifest, key: string): Manifest => (manifest[key] ?? {}) as Manifest;

const sorted = (entries: Manifest): Manifest =>
  Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));

/** JSON with the indentation and the last line feed of the text that it replaces. */
function asWritten(value: unknown, before: string): string {
  const indent = /^[ \t]+(?=")/m.exec(before)?.[0] ?? '  ';
  const end = before.includes('\r\n') ? '\r\n' : '\n';
  const text = `${JSON.stringify(value, null, indent)}${/\n$/.test(before) ? '\n' : ''}`;
  return text.replaceAll('\n', end);
}

const IGNORED = /^\/?\.reprise\/?\s*$/m;

/** The line by which version control leaves the store alone, when .gitignore lacks it. */
export function ignoreChanges(file: string): readonly Change[] {
  const text = readFileSync(file, 'utf8');
  if (IGNORED.test(text)) return [];
  const before = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  return [{ file, what: '.reprise/, the history of runs', make: () => overwrite(file, `${before}.reprise/\n`) }];
}
