import { readFileSync } from 'node:fs';
import { RepriseError } from '../shared/errors.ts';

/** Where a secret stands: in an environment variable, or in the first line of a file. Never in the configuration itself. */
export type SecretSource = { readonly env: string } | { readonly file: string };

/** Shorter ones can be guessed. */
const LEAST_CHARS = 32;

/** What counts when the configuration names no source: those that are set. */
const BY_DEFAULT = [
  { variable: 'REPRISE_DISPATCH_SECRET', file: false },
  { variable: 'REPRISE_DISPATCH_SECRET_FILE', file: true },
  { variable: 'REPRISE_DISPATCH_SECRET_SECOND', file: false },
  { variable: 'REPRISE_DISPATCH_SECRET_SECOND_FILE', file: true },
] as const;

/**
 * The secrets by which dispatches get their tokens, the one that new tokens are made with first: those that `sources` names, one or two, else those of the
 * environment (REPRISE_DISPATCH_SECRET or …_FILE, and …_SECOND or …_SECOND_FILE). None: []. Throws REPRISE_CONFIG_INVALID, without the secret,
 * when one is named and not there, or shorter than 32 characters.
 */
export function dispatchSecrets(sources: unknown, env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const list = sources === undefined ? fromEnvironment(env) : listOf(sources);
  const secrets = list.map((source) => secretOf(source, env));
  if (secrets.length === 2 && secrets[0] === secrets[1])
    throw invalid('its two secrets are the same. Leave one of them out');
  return secrets;
}

function fromEnvironment(env: NodeJS.ProcessEnv): readonly SecretSource[] {
  const set = BY_DEFAULT.filter(({ variable }) => (env[variable] ?? '') !== '');
  const isSecond = ({ variable }: (typeof BY_DEFAULT)[number]): boolean => variable.includes('_SECOND');
  for (const some of [set.filter(isSecond), set.filter((one) => !isSecond(one))])
    if (some.length > 1)
      throw invalid(`there are both ${some.map(({ variable }) => variable).join(' and ')}. Keep one`);
  if (set.length === 1 && set.every(isSecond))
    throw invalid(`there is ${set[0]?.variable}, and no first one. Set REPRISE_DISPATCH_SECRET, too`);
  return set.map(({ variable, file }) => (file ? { file: env[variable] ?? '' } : { env: variable }));
}

function listOf(sources: unknown): readonly SecretSource[] {
  const list: readonly unknown[] = Array.isArray(sources) ? sources : [sources];
  if (list.length < 1 || list.length > 2)
    throw invalid(`it names ${list.length} secrets; there are one or two, the new one first`);
  if (!list.every(isSource))
    throw invalid(
      'it must be { env: NAME } or { file: PATH }, or a list of two: a secret does not belong in the configuration itself',
    );
  return list;
}

function isSource(value: unknown): value is SecretSource {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const [[key, named] = []] = entries;
  return entries.length === 1 && (key === 'env' || key === 'file') && typeof named === 'string' && named !== '';
}

function secretOf(source: SecretSource, env: NodeJS.ProcessEnv): string {
  const [where, secret] =
    'env' in source
      ? [`the environment variable ${source.env}`, env[source.env] ?? '']
      : [`the file ${source.file}`, firstLineOf(source.file)];
  if (secret === '') throw invalid(`${where} has none`);
  if (secret.length < LEAST_CHARS)
    throw invalid(
      `that of ${where} is shorter than ${LEAST_CHARS} characters. Make one, for example by: openssl rand -base64 32`,
    );
  return secret;
}

function firstLineOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/)[0] ?? '';
  } catch (error) {
    throw invalid(`the file ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

const invalid = (problem: string): RepriseError =>
  new RepriseError(
    'REPRISE_CONFIG_INVALID',
    `The secret for tokens of dispatches (dispatchSecret) cannot be used: ${problem}.`,
  );
