import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ROOT } from '../pages.ts';
import type { ApiModule } from './modules.ts';

/** One exported name. */
export interface ApiName {
  readonly name: string;
  readonly kind: string;
  /** Its docstring, without the comment's stars; empty when there is none. */
  readonly text: string;
  /** The declaration as the compiler wrote it, members' docstrings included; overloads one after the other. */
  readonly code: string;
  /** The source that declares it; relative to the root of the repository. */
  readonly source: string;
}

interface Declared {
  readonly name: string;
  readonly kind: string;
  readonly text: string;
  readonly code: string;
}

const HEAD =
  /^(?:export )?(?:declare )?(?:abstract )?(async function|function|interface|class|type|const|let|enum) ([\w$]+)/;
const STATEMENT = /^(?:export|declare|abstract|interface|class|type|const|function|import|\/\/)/;

/** Whether a statement begins in a line, or its docstring; those of the members of a union stand at the margin, too. */
function begins(lines: readonly string[], at: number): boolean {
  if (lines[at]?.startsWith('/**') !== true) return STATEMENT.test(lines[at] ?? '');
  let end = at;
  while (end < lines.length && lines[end]?.includes('*/') !== true) end += 1;
  return STATEMENT.test(lines[end + 1] ?? '');
}

const files = new Map<string, readonly string[]>();

function linesOf(path: string): readonly string[] {
  const known = files.get(path);
  if (known !== undefined) return known;
  const full = join(ROOT, path);
  if (!existsSync(full)) throw new Error(`${path} is not there: \`npm run setup\` builds it.`);
  const lines = readFileSync(full, 'utf8').split('\n');
  files.set(path, lines);
  return lines;
}

/** The docstring that ends right above a line. */
function textAbove(lines: readonly string[], at: number): string {
  if (lines[at - 1]?.trim().endsWith('*/') !== true) return '';
  let start = at - 1;
  while (start > 0 && !lines[start]?.startsWith('/**')) start -= 1;
  return plainText(lines.slice(start, at).join('\n'));
}

const plainText = (comment: string): string =>
  comment
    .replace(/^\s*\/\*\*\s?|\s*\*\/\s*$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .replace(/\{@link ([^}\s]+)[^}]*\}/g, '`$1`')
    .trim();

/** A declaration by its name in one file of declarations. */
function declaredIn(path: string, name: string): Declared | undefined {
  const lines = linesOf(path);
  let kind = '';
  let text = '';
  const parts: string[] = [];
  for (const [at, line] of lines.entries()) {
    const head = HEAD.exec(line);
    if (head?.[2] !== name) continue;
    let end = at + 1;
    while (end < lines.length && !begins(lines, end)) end += 1;
    kind = (head[1] ?? '').replace('async ', '');
    text ||= textAbove(lines, at);
    parts.push(lines.slice(at, end).join('\n').trim());
  }
  if (parts.length === 0) return undefined;
  return { name, kind, text, code: withoutPrivate(parts.join('\n')) };
}

const withoutPrivate = (code: string): string =>
  code
    .split('\n')
    .filter((line) => !/^\s+(?:#private;|private )/.test(line))
    .join('\n')
    .replace(/^export (?:declare )?/gm, '');

const LIST = /^export (?:type )?\{([^}]*)\}(?: from '([^']+)')?/gm;

interface Listed {
  readonly name: string;
  readonly original: string;
  readonly from: string | undefined;
}

/** What a file hands on by lists. */
const listedIn = (path: string): readonly Listed[] =>
  [...linesOf(path).join('\n').matchAll(LIST)].flatMap(([, names = '', from]) =>
    names
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== '')
      .map((name) => {
        const [original = name, as = original] = name.split(' as ');
        return { name: as, original, from };
      }),
  );

/** What a name that a file imports is called where it comes from. */
function importedIn(path: string, name: string): Listed | undefined {
  const lists = linesOf(path)
    .join('\n')
    .matchAll(/^import (?:type )?\{([^}]*)\} from '([^']+)'/gm);
  for (const [, names = '', from] of lists) {
    for (const one of names.split(',').map((part) => part.trim().replace(/^type /, ''))) {
      const [original = one, as = original] = one.split(' as ');
      if (as === name) return { name, original, from };
    }
  }
  return undefined;
}

const fileOf = (from: string, path: string): string =>
  posix.normalize(posix.join(posix.dirname(path), from.replace(/\.[jt]s$/, '.d.ts')));

function resolve(path: string, name: string): (Declared & { readonly path: string }) | undefined {
  const declared = declaredIn(path, name);
  if (declared !== undefined) return { ...declared, path };
  const listed = listedIn(path).find((one) => one.name === name);
  if (listed !== undefined && listed.from === undefined && listed.original !== name)
    return resolve(path, listed.original);
  const named = listed?.from === undefined ? importedIn(path, name) : listed;
  const from = named?.from;
  if (named !== undefined && from?.startsWith('.') === true) return resolve(fileOf(from, path), named.original);
  // `export * from`, which has no list.
  for (const [, all = ''] of linesOf(path)
    .join('\n')
    .matchAll(/^export (?:type )?\* from '(\.[^']+)'/gm)) {
    const found = resolve(fileOf(all, path), name);
    if (found !== undefined) return found;
  }
  return undefined;
}

const sourceOf = (path: string): string => path.replace('/dist/', '/src/').replace(/\.d\.ts$/, '.ts');

/** Everything that a module exports, in its order. A name whose declaration is not found is an error. */
export function namesOf(module: ApiModule): readonly ApiName[] {
  const own = linesOf(module.entry).flatMap((line) => (line.startsWith('export ') ? (HEAD.exec(line)?.[2] ?? []) : []));
  const names = new Set([...listedIn(module.entry).map(({ name }) => name), ...own]);
  if (names.size === 0) throw new Error(`Nothing that ${module.name} exports was found in ${module.entry}.`);
  return [...names].map((name) => {
    const found = resolve(module.entry, name);
    if (found === undefined) throw new Error(`Where ${module.name} declares ${name} was not found.`);
    return { name, kind: found.kind, text: found.text, code: found.code, source: sourceOf(found.path) };
  });
}

/** Whether a reader is told what it is: by a docstring of its own, or, of an interface, by one of every member. */
export function isDocumented({ text, kind, code }: ApiName): boolean {
  if (text !== '') return true;
  if (kind !== 'interface' && kind !== 'class') return false;
  const members = [...code.matchAll(/^ {4}(?:readonly )?'?[\w$]+'?\??[:(<]/gm)];
  const told = members.filter(({ index }) => /\*\/\s*$/.test(code.slice(0, index)));
  return members.length > 0 && told.length === members.length;
}
