import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { RepriseError } from '@reprise/core/plugin';
import { kept, type Role, secret } from './sessions.ts';

/** Somebody who may open the dashboard, as the file of tokens has him. The token itself is nowhere: its hash is. */
export interface Token {
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the token, 64 hexadecimal digits. */
  readonly sha256: string;
  /** ISO 8601. */
  readonly created: string;
}

/** So that tools that look for secrets in texts know one. */
const PREFIX = 'rpd_';
const MAX_BYTES = 1024 * 1024;
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,63}$/u;
const ROLES: readonly unknown[] = ['viewer', 'operator'];

const invalid = (message: string, cause?: unknown): RepriseError =>
  new RepriseError('REPRISE_TOKEN_FILE_INVALID', message, cause === undefined ? {} : { cause });

/** Whether it is fit to be put on record as who commanded. */
export const isTokenName = (name: string): boolean => NAME.test(name);

/** Reads the file. Throws REPRISE_TOKEN_FILE_INVALID when it is not there, others can read or change it, or it is not what token commands write. */
export function readTokens(path: string): readonly Token[] {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const what = absent ? `There is no file ${path}.` : `${path} cannot be read: ${(error as Error).message}.`;
    throw invalid(`${what} \`reprise dashboard token add NAME --role viewer --file ${path}\` makes one.`, error);
  }
  try {
    assertOwn(path, file);
    return parse(path, readFileSync(file, 'utf8'));
  } finally {
    closeSync(file);
  }
}

function assertOwn(path: string, file: number): void {
  const { mode, uid, size } = fstatSync(file);
  if (size > MAX_BYTES) throw invalid(`${path} is no file of tokens: it has more than ${MAX_BYTES} bytes.`);
  const user = process.getuid?.();
  if (user === undefined) return; // Windows: its files have no such mode
  if (uid !== user && uid !== 0)
    throw invalid(`${path} belongs to another user, who could let anybody in. It has to belong to whoever serves.`);
  if ((mode & 0o077) !== 0)
    throw invalid(`Others can read or change ${path} (mode ${(mode & 0o777).toString(8)}): chmod 600 ${path}`);
}

function parse(path: string, text: string): readonly Token[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(`${path} is no JSON: ${(error as Error).message}`, error);
  }
  const { version, tokens } = (value ?? {}) as { readonly version?: unknown; readonly tokens?: unknown };
  if (version !== 1 || !Array.isArray(tokens))
    throw invalid(`${path} is no file of tokens: it has no { "version": 1, "tokens": [] }.`);
  const names = new Set<string>();
  for (const [at, token] of tokens.entries()) {
    const problem = problemOf(token, names);
    if (problem !== undefined) throw invalid(`${path}: token ${at + 1} ${problem}.`);
  }
  return tokens as readonly Token[];
}

function problemOf(token: unknown, names: Set<string>): string | undefined {
  const { name, role, sha256, created } = (token ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || !isTokenName(name)) return 'has no name that can be put on record';
  if (names.has(name)) return `has the name of another: ${name}`;
  names.add(name);
  if (!ROLES.includes(role)) return `(${name}) has no role: viewer or operator`;
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) return `(${name}) has no SHA-256`;
  if (typeof created !== 'string' || Number.isNaN(Date.parse(created)))
    return `(${name}) does not say when it was made`;
  return undefined;
}

/** Who gets a token, and what he may. */
export interface NewToken {
  readonly name: string;
  readonly role: Role;
  /** ms since the Unix epoch. */
  readonly now: number;
  /** One of that name is taken back with it. */
  readonly replace?: boolean;
}

/** Adds somebody, and makes the file where there is none. Resolves with the token, which is told once. Throws REPRISE_USAGE, REPRISE_TOKEN_FILE_INVALID. */
export function addToken(path: string, { name, role, now, replace = false }: NewToken): string {
  if (!isTokenName(name))
    throw new RepriseError(
      'REPRISE_USAGE',
      `${JSON.stringify(name)} is no name: letters, digits and . _ @ + -, 64 characters at most, beginning with a letter or digit.`,
    );
  const token = PREFIX + secret();
  change(path, (tokens) => {
    if (!replace && tokens.some((one) => one.name === name))
      throw new RepriseError(
        'REPRISE_USAGE',
        `${path} has a token of ${name} already. With --replace it is taken back, and this one is given instead.`,
      );
    const others = tokens.filter((one) => one.name !== name);
    return [...others, { name, role, sha256: kept(token), created: new Date(now).toISOString() }];
  });
  return token;
}

/** Takes back somebody's token. Throws REPRISE_USAGE when there is none, REPRISE_TOKEN_FILE_INVALID. */
export function revokeToken(path: string, name: string): void {
  readTokens(path); // so that none is made where there is none
  change(path, (tokens) => {
    const others = tokens.filter((one) => one.name !== name);
    if (others.length === tokens.length)
      throw new RepriseError(
        'REPRISE_USAGE',
        `${path} has no token of ${JSON.stringify(name)}. \`reprise dashboard token list --file ${path}\` lists them.`,
      );
    return others;
  });
}

/** What is written beside the file and put in its place is its lock, too: whoever finds one there has to wait for who made it. */
function change(path: string, edit: (tokens: readonly Token[]) => readonly Token[]): void {
  const next = `${path}.new`;
  let file: number;
  try {
    file = openSync(next, 'wx', 0o600);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw invalid(`${path} cannot be written: ${message}`, error);
    throw invalid(`${next} is there: another command changes the file right now. If none does, delete it.`, error);
  }
  let done = false;
  try {
    const before = statSync(path, { throwIfNoEntry: false }) === undefined ? [] : readTokens(path);
    const text = `${JSON.stringify({ version: 1, tokens: edit(before) }, undefined, 2)}\n`;
    fchmodSync(file, 0o600);
    writeSync(file, text);
    fsyncSync(file);
    renameSync(next, path);
    done = true;
  } finally {
    closeSync(file);
    if (!done) rmSync(next, { force: true });
  }
}
