import { isBuiltin } from 'node:module';
import { RepriseError } from '@reprise/core';

/** A package's name as npm takes it for a new one, without the characters that need quotes. */
const PACKAGE = /^(?:@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/;
const KEBAB = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
/** No file may have them on Windows. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)$/;
const MAX_PACKAGE_CHARS = 214;
const MAX_KEBAB_CHARS = 64;

/** A new project: its package's name, and the folder that it is made in. */
export interface ProjectName {
  readonly name: string;
  readonly folder: string;
}

/** `taken`: packages that the project depends on. Throws REPRISE_NAME_INVALID, which says why. */
export function projectNamed(typed: string, taken: ReadonlySet<string>): ProjectName {
  const name = typed.trim();
  const folder = name.slice(name.lastIndexOf('/') + 1);
  const problem = packageProblem(name, folder, taken);
  if (problem === undefined) return { name, folder };
  throw invalid(`A project cannot be called ${JSON.stringify(typed)}: ${problem}`, typed, suggestion(typed));
}

function packageProblem(name: string, folder: string, taken: ReadonlySet<string>): string | undefined {
  if (name === '') return 'it is empty.';
  if (name === '.') return 'that is the current folder: `reprise init` adds to a project that is there.';
  if (isPath(name)) {
    return 'it is a path. A project is made in a new folder of the current one: go to where that is to be, then give its name alone.';
  }
  if (name.length > MAX_PACKAGE_CHARS) return `it is longer than ${MAX_PACKAGE_CHARS} characters.`;
  if (!PACKAGE.test(name))
    return 'a name has small letters, digits, hyphens, dots and underscores only, as npm has it.';
  if (DEVICE.test(folder)) return 'that is the name of a device on Windows.';
  if (folder === 'node_modules' || isBuiltin(name)) return 'Node has that name for itself.';
  if (taken.has(name)) return 'it depends on a package of that name.';
  return undefined;
}

/** `@scope/name` is none. */
const isPath = (name: string): boolean =>
  /^\.{1,2}$|\\|^[A-Za-z]:/.test(name) || (name.startsWith('@') ? name.split('/').length > 2 : name.includes('/'));

/** The name of something in a project: an id, and the name of its file. Throws REPRISE_NAME_INVALID. */
export function kebabName(typed: string): string {
  if (KEBAB.test(typed) && typed.length <= MAX_KEBAB_CHARS && !DEVICE.test(typed)) return typed;
  const why = `${JSON.stringify(typed)} cannot be a name: it becomes that of a file, and an id. It has small letters, digits and single hyphens, begins with a letter, and has at most ${MAX_KEBAB_CHARS} characters.`;
  throw invalid(why, typed, suggestion(typed));
}

/** What was probably meant. */
function suggestion(typed: string): string | undefined {
  const last = typed.split(/[\\/]/).findLast((part) => part !== '') ?? '';
  const words = last.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
  const name = words
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, MAX_KEBAB_CHARS);
  return name !== typed && KEBAB.test(name) && !DEVICE.test(name) && !isBuiltin(name) ? name : undefined;
}

const invalid = (why: string, name: string, meant: string | undefined): RepriseError =>
  new RepriseError('REPRISE_NAME_INVALID', meant === undefined ? why : `${why} Perhaps: ${meant}`, {
    details: { name: name.slice(0, 1000), ...(meant === undefined ? {} : { suggestion: meant }) },
  });

/** Words that no variable of a module may be called. */
const RESERVED_WORDS =
  'arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for ' +
  'function if implements import in instanceof interface let new null package private protected public return static super switch ' +
  'this throw true try typeof undefined var void while with yield';

/** What the modules that are generated import, or declare. */
const USED_NAMES = 'assert defineAgent defineProjection file parseWorkflow readFileSync simulate test workflow';

const UNUSABLE: ReadonlySet<string> = new Set(`${RESERVED_WORDS} ${USED_NAMES}`.split(' '));

/** `nightly-report` as a variable: `nightlyReport`. What no variable can be called gets the suffix; with `always`, so does the rest. */
export function identifierOf(name: string, suffix: string, always = false): string {
  const identifier = name.replace(/-([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase());
  const has = identifier.toLowerCase().endsWith(suffix.toLowerCase());
  return UNUSABLE.has(identifier) || (always && !has) ? `${identifier}${suffix}` : identifier;
}
