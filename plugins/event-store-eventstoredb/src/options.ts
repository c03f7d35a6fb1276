import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { RepriseError } from '@reprise/core/plugin';
import { type ConnectionSettings, parseConnectionString } from './connection-string.ts';

/** Options of the plugin. What ends in `Ms` is milliseconds. */
export interface EventStoreDBOptions {
  /** `esdb://host:2113?tls=false`, or `esdb+discover://…` for a cluster that is found by a name. */
  readonly connectionString: string;
  /** Who connects; also in the connection string. */
  readonly username?: string;
  readonly password?: string;
  /** A file with the password in its first line, for secrets that are mounted. */
  readonly passwordFile?: string;
  /** What all streams begin with, followed by a dot. Default: none. */
  readonly namespace?: string;
  /** How long a call may take, in ms. Default 10,000. */
  readonly deadlineMs?: number;
  /** For how long a process that shows no sign of life keeps its runs, in ms. Default 6,000. */
  readonly leaseMs?: number;
  /** The most that the server takes in one append, in bytes: its own --max-append-size. Default 1,048,576. */
  readonly maxAppendBytes?: number;
  /** Calls that may be under way at once. Default 64. */
  readonly maxInFlight?: number;
  /** Only read. Default false. */
  readonly readOnly?: boolean;
}

export interface ResolvedOptions {
  readonly connection: ConnectionSettings;
  /** '' or ending with a dot. */
  readonly prefix: string;
  readonly deadlineMs: number;
  readonly leaseMs: number;
  readonly maxAppendBytes: number;
  readonly maxInFlight: number;
  readonly readOnly: boolean;
}

const KNOWN = [
  'connectionString',
  'username',
  'password',
  'passwordFile',
  'namespace',
  'deadlineMs',
  'leaseMs',
  'maxAppendBytes',
  'maxInFlight',
  'readOnly',
];
/** A renewal has to fit in well before the lease is over. */
const LEAST_LEASE_MS = 300;
/** Less has no room for an event with its metadata. */
const LEAST_APPEND_BYTES = 16 * 1024;

type Given = { readonly [key in keyof EventStoreDBOptions]?: unknown };

/** Checks options from a configuration and fills in the defaults. Throws REPRISE_CONFIG_INVALID that names each mistake, and no secret. */
export function resolveOptions(input: unknown): ResolvedOptions {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw invalid(['they are not an object']);
  const given: Given = input;
  const problems = Object.keys(input)
    .filter((key) => !KNOWN.includes(key))
    .map((key) => `there is no option ${JSON.stringify(key)} (there are ${KNOWN.join(', ')})`);
  const check = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  const { connectionString, namespace, readOnly = false } = given;
  const read = typeof connectionString === 'string' ? parseConnectionString(connectionString, problems) : undefined;
  check(typeof connectionString === 'string', 'connectionString is missing: esdb://host:2113, for example');
  const connection = read === undefined ? undefined : withCredentials(read, given, check);
  const isPrefix = typeof namespace === 'string' && /^[A-Za-z0-9_]{1,64}$/.test(namespace);
  check(
    namespace === undefined || isPrefix,
    'namespace must be 1 to 64 letters, digits and underscores (a dash would end the category of its streams)',
  );
  check(typeof readOnly === 'boolean', 'readOnly must be true or false');
  const counted = (name: keyof EventStoreDBOptions, fallback: number, least: number, unit: string): number => {
    const value = given[name];
    const holds = value === undefined || (Number.isSafeInteger(value) && Number(value) >= least);
    check(holds, `${name} must be a whole number of ${unit}, ${least} or more`);
    return (value as number | undefined) ?? fallback;
  };
  const numbers = {
    deadlineMs: counted('deadlineMs', read?.defaultDeadline ?? 10_000, 1, 'milliseconds'),
    leaseMs: counted('leaseMs', 6000, LEAST_LEASE_MS, 'milliseconds'),
    maxAppendBytes: counted('maxAppendBytes', 1024 * 1024, LEAST_APPEND_BYTES, 'bytes'),
    maxInFlight: counted('maxInFlight', 64, 1, 'calls'),
  };
  if (problems.length > 0 || connection === undefined) throw invalid(problems);
  return {
    connection,
    prefix: namespace === undefined ? '' : `${namespace as string}.`,
    ...numbers,
    readOnly: readOnly as boolean,
  };
}

function withCredentials(
  settings: ConnectionSettings,
  { username, password, passwordFile }: Given,
  check: (holds: boolean, problem: string) => void,
): ConnectionSettings {
  for (const [name, value] of Object.entries({ username, password, passwordFile }))
    check(value === undefined || (typeof value === 'string' && value !== ''), `${name} must be text`);
  check(password === undefined || passwordFile === undefined, 'password and passwordFile are both there: keep one');
  const secret = typeof passwordFile === 'string' ? passwordOf(passwordFile, check) : (password as string | undefined);
  check((username === undefined) === (secret === undefined), 'username and its password must be there together');
  const own =
    username === undefined || secret === undefined ? undefined : { username: username as string, password: secret };
  check(
    own === undefined || settings.credentials === undefined,
    'there are credentials in connectionString, too: keep one of them',
  );
  const credentials = own ?? settings.credentials;
  check(
    credentials === undefined || settings.tls,
    'with tls=false the client sends no credentials: leave them out, or connect by TLS',
  );
  return { ...settings, credentials };
}

function passwordOf(path: string, check: (holds: boolean, problem: string) => void): string {
  try {
    const [first = ''] = readFileSync(resolve(path), 'utf8').split(/\r?\n/);
    check(first !== '', `passwordFile ${path} is empty in its first line`);
    return first;
  } catch (error) {
    check(false, `passwordFile ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`);
    return '';
  }
}

const invalid = (problems: readonly string[]): RepriseError =>
  new RepriseError(
    'REPRISE_CONFIG_INVALID',
    `The options of @reprise/event-store-eventstoredb are not usable: ${problems.join('; ')}.`,
    { details: { problems: [...problems] } },
  );
