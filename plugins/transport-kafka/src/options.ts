import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { RepriseError } from '@reprise/core/plugin';

/** Options of the plugin. What ends in `Ms` is milliseconds. */
export interface KafkaOptions {
  /** Where the cluster is found: `host:port`, several of them, or a text with commas between. */
  readonly brokers: string | readonly string[];
  /**
   * The client that speaks to Kafka: `kafkajs`, which comes with this package, or `platformatic`, where @platformatic/kafka is installed beside it and Node is 22.22 or
   * newer, or 24.6 or newer. Default `kafkajs`.
   */
  readonly driver?: DriverName;
  /** What the brokers' logs call this process. Default `reprise`. */
  readonly clientId?: string;
  /** What all topics and groups begin with, followed by a dot. Default: none. */
  readonly namespace?: string;
  /** Of topics that are made here. Default 12. */
  readonly partitions?: number;
  /** Of topics that are made here. Default: the brokers' own. */
  readonly replicationFactor?: number;
  /** Make topics that are missing. Default true. */
  readonly createTopics?: boolean;
  /** Encrypted, with the authorities that the system trusts, or with these files. Default false. */
  readonly tls?: boolean | TlsOptions;
  readonly sasl?: SaslOptions;
  /**
   * `many`: the orchestrators of a namespace share its runs, by partition. `one`: one of them drives all runs, whoever the event store says; the others
   * wait for it to end. Default `many`, where the event store lets several drive; `one` with any other.
   */
  readonly orchestrators?: 'one' | 'many';
  /** For how long a process that shows no sign of life keeps its partitions, in ms. Default 10,000. */
  readonly sessionMs?: number;
  /** For how long something is tried while no broker answers, in ms. Default 30,000. */
  readonly retryMs?: number;
}

/** The client that speaks to the broker. */
export type DriverName = 'kafkajs' | 'platformatic';

/** Files of certificates, in PEM. */
export interface TlsOptions {
  /** The certificate of the authority that signed the brokers' (PEM). */
  readonly caFile?: string;
  /** A certificate of this process, and its key (PEM). */
  readonly certFile?: string;
  readonly keyFile?: string;
  /** The name that the brokers' certificate is for, where it is not the host's. */
  readonly serverName?: string;
}

/** How clients say who they are. */
export type SaslOptions =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      /** One of these two; the file has it in its first line. */
      readonly password?: string;
      readonly passwordFile?: string;
    }
  | {
      readonly mechanism: 'oauthbearer';
      /** One of these two; the file is read anew for every connection. */
      readonly token?: string;
      readonly tokenFile?: string;
    };

export interface ResolvedOptions {
  readonly brokers: readonly string[];
  readonly driver: DriverName;
  readonly clientId: string;
  /** '' or ending with a dot. */
  readonly prefix: string;
  readonly partitions: number;
  readonly replicationFactor: number | undefined;
  readonly createTopics: boolean;
  readonly tls: ResolvedTls | undefined;
  readonly sasl: ResolvedSasl | undefined;
  readonly orchestrators: 'one' | 'many';
  readonly sessionMs: number;
  readonly retryMs: number;
}

export interface ResolvedTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
}

export type ResolvedSasl =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: string;
    }
  | { readonly mechanism: 'oauthbearer'; token(): string };

type Given<T> = { readonly [key in keyof T]?: unknown };
type Check = (holds: boolean, problem: string) => void;
type AnySasl = {
  mechanism?: unknown;
  username?: unknown;
  password?: unknown;
  passwordFile?: unknown;
  token?: unknown;
  tokenFile?: unknown;
};

const KNOWN = [
  'brokers',
  'driver',
  'clientId',
  'namespace',
  'partitions',
  'replicationFactor',
  'createTopics',
  'tls',
  'sasl',
  'orchestrators',
  'sessionMs',
  'retryMs',
];
const KNOWN_TLS = ['caFile', 'certFile', 'keyFile', 'serverName'];
const WITH_PASSWORD = ['plain', 'scram-sha-256', 'scram-sha-512'];
const MECHANISMS = [...WITH_PASSWORD, 'oauthbearer'];

/** Checks options from a configuration and fills in the defaults. Throws REPRISE_CONFIG_INVALID that names each mistake, and no secret. */
export function resolveOptions(input: unknown): ResolvedOptions {
  if (!isObject(input)) throw invalid(['they are not an object']);
  const given: Given<KafkaOptions> = input;
  const problems: string[] = [];
  const check: Check = (holds, problem) => {
    if (!holds) problems.push(problem);
  };
  known(input, KNOWN, '', check);
  const { clientId = 'reprise', namespace, createTopics = true, replicationFactor, tls = false } = given;
  const { orchestrators = 'many', driver = 'kafkajs' } = given;
  check(driver === 'kafkajs' || driver === 'platformatic', 'driver must be kafkajs or platformatic');
  check(orchestrators === 'one' || orchestrators === 'many', 'orchestrators must be one or many');
  check(isText(clientId), 'clientId must be text');
  check(
    namespace === undefined || (typeof namespace === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(namespace)),
    'namespace must be 1 to 64 letters, digits, underscores and dashes',
  );
  check(typeof createTopics === 'boolean', 'createTopics must be true or false');
  const counted = (name: keyof KafkaOptions, fallback: number, least: number, most: number, unit: string): number => {
    const value = given[name];
    const holds =
      value === undefined || (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most);
    check(holds, `${name} must be a whole number of ${unit}, ${least} to ${most}`);
    return (value as number | undefined) ?? fallback;
  };
  const resolved = {
    brokers: brokersOf(given.brokers, check),
    driver: driver as DriverName,
    clientId: clientId as string,
    prefix: namespace === undefined ? '' : `${namespace as string}.`,
    partitions: counted('partitions', 12, 1, 10_000, 'partitions'),
    replicationFactor:
      replicationFactor === undefined ? undefined : counted('replicationFactor', 1, 1, 100, 'replicas'),
    createTopics: createTopics as boolean,
    tls: tlsOf(tls, check),
    sasl: given.sasl === undefined ? undefined : saslOf(given.sasl, check),
    orchestrators: orchestrators as 'one' | 'many',
    sessionMs: counted('sessionMs', 10_000, 1000, 3_600_000, 'milliseconds'),
    retryMs: counted('retryMs', 30_000, 1, 86_400_000, 'milliseconds'),
  };
  if (problems.length > 0) throw invalid(problems);
  return resolved;
}

function brokersOf(value: unknown, check: Check): string[] {
  const list: readonly unknown[] = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [];
  check(list.length > 0, "brokers is missing: ['host:9092'], for example");
  return list.map((one) => {
    const text = typeof one === 'string' ? one.trim() : '';
    const [, port] = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(text) ?? [];
    // What it says may have a password in it, so it is not repeated.
    check(
      port !== undefined && Number(port) > 0 && Number(port) < 65_536,
      'brokers must be host:port each, without a scheme or a user',
    );
    return text;
  });
}

function tlsOf(value: unknown, check: Check): ResolvedTls | undefined {
  if (typeof value === 'boolean') return value ? {} : undefined;
  if (!isObject(value)) {
    check(false, 'tls must be true, false, or an object of files');
    return undefined;
  }
  known(value, KNOWN_TLS, 'tls.', check);
  const { caFile, certFile, keyFile, serverName }: Given<TlsOptions> = value;
  check((certFile === undefined) === (keyFile === undefined), 'tls.certFile and tls.keyFile must be there together');
  check(serverName === undefined || isText(serverName), 'tls.serverName must be text');
  const pem = (name: string, path: unknown): string | undefined =>
    path === undefined ? undefined : fileOf(`tls.${name}`, path, check);
  const [ca, cert, key] = [pem('caFile', caFile), pem('certFile', certFile), pem('keyFile', keyFile)];
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(isText(serverName) ? { serverName } : {}),
  };
}

function saslOf(value: unknown, check: Check): ResolvedSasl | undefined {
  if (!isObject(value) || !MECHANISMS.includes(String((value as AnySasl).mechanism))) {
    check(false, `sasl must be an object with a mechanism (${MECHANISMS.join(', ')})`);
    return undefined;
  }
  const { mechanism, username, password, passwordFile, token, tokenFile }: AnySasl = value;
  const oauth = mechanism === 'oauthbearer';
  const names = oauth ? ['token', 'tokenFile'] : ['username', 'password', 'passwordFile'];
  known(value, ['mechanism', ...names], 'sasl.', check);
  const [name, secret, file] = oauth ? ['token', token, tokenFile] : ['password', password, passwordFile];
  check((secret === undefined) !== (file === undefined), `sasl must have either ${name} or ${name}File`);
  check(secret === undefined || isText(secret), `sasl.${name} must be text`);
  const first = (): string => fileOf(`sasl.${name}File`, file, check).split(/\r?\n/)[0] ?? '';
  const read = isText(secret) ? secret : file === undefined ? '' : first();
  check(read !== '' || secret !== undefined || file === undefined, `sasl.${name}File is empty in its first line`);
  if (oauth) return { mechanism: 'oauthbearer', token: () => (isText(secret) ? secret : first()) };
  check(isText(username), 'sasl.username must be text');
  return { mechanism: mechanism as 'plain', username: username as string, password: read };
}

function fileOf(name: string, path: unknown, check: Check): string {
  if (!isText(path)) {
    check(false, `${name} must be the path of a file`);
    return '';
  }
  try {
    return readFileSync(resolve(path), 'utf8');
  } catch (error) {
    check(false, `${name} ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`);
    return '';
  }
}

function known(value: object, names: readonly string[], prefix: string, check: Check): void {
  for (const key of Object.keys(value))
    check(names.includes(key), `there is no option ${JSON.stringify(prefix + key)} (there are ${names.join(', ')})`);
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const invalid = (problems: readonly string[]): RepriseError =>
  new RepriseError(
    'REPRISE_CONFIG_INVALID',
    `The options of @reprise/transport-kafka are not usable: ${[...new Set(problems)].join('; ')}.`,
    { details: { problems: [...problems] } },
  );
