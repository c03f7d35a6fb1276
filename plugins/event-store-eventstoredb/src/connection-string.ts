/** What a connection string says. Times are ms, but `gossipTimeout`, which is in seconds, as in every client of EventStoreDB. */
export interface ConnectionSettings {
  /** `esdb+discover://`: the first host is a name under which the nodes of a cluster are found. */
  readonly discover: boolean;
  readonly hosts: readonly { readonly address: string; readonly port: number }[];
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  readonly tls: boolean;
  readonly tlsCAFile: string | undefined;
  readonly userCertFile: string | undefined;
  readonly userKeyFile: string | undefined;
  readonly nodePreference: NodePreference;
  readonly maxDiscoverAttempts: number | undefined;
  readonly discoveryInterval: number | undefined;
  readonly gossipTimeout: number | undefined;
  readonly keepAliveInterval: number | undefined;
  readonly keepAliveTimeout: number | undefined;
  readonly defaultDeadline: number | undefined;
  readonly connectionName: string | undefined;
}

const PREFERENCES = ['leader', 'follower', 'read_only_replica', 'random'] as const;
export type NodePreference = (typeof PREFERENCES)[number];

const DEFAULT_PORT = 2113;
/** The least that the client takes without a warning, in ms. -1 switches keep-alives off. */
const LEAST_KEEP_ALIVE = 10_000;

const flat = (text: string): string => text.toLowerCase().replaceAll(/[_-]/g, '');

const PREFERENCE_BY_NAME = new Map(PREFERENCES.map((name) => [flat(name), name]));

const NUMBERS = [
  'maxDiscoverAttempts',
  'discoveryInterval',
  'gossipTimeout',
  'keepAliveInterval',
  'keepAliveTimeout',
  'defaultDeadline',
] as const;
const TEXTS = ['tlsCAFile', 'userCertFile', 'userKeyFile', 'connectionName'] as const;
const OTHERS = ['tls', 'tlsVerifyCert', 'nodePreference', 'throwOnAppendFailure'] as const;
const KNOWN = new Map([...NUMBERS, ...TEXTS, ...OTHERS].map((name) => [flat(name), name as string]));

/**
 * Reads a connection string; `problems` is added what is wrong with it, one sentence each, none of which shows its text: it may hold a
 * password. It is read here, not by the client, which prints all of a string that has an option it does not know.
 */
export function parseConnectionString(text: string, problems: string[]): ConnectionSettings | undefined {
  const say = (problem: string): undefined => void problems.push(`connectionString ${problem}`);
  const scheme = /^(esdb|esdb\+discover):\/\//.exec(text.trim());
  if (scheme === null) return say('must begin with esdb:// or esdb+discover://');
  const [before = '', query = ''] = split(text.trim().slice(scheme[0].length), '?');
  const at = before.lastIndexOf('@');
  const hosts = readHosts(before.slice(at + 1).replace(/\/+$/, ''), say);
  const credentials = at === -1 ? undefined : readCredentials(before.slice(0, at), say);
  const options = readOptions(query, say);
  if (hosts === undefined || options === undefined) return undefined;
  const number = (name: (typeof NUMBERS)[number]) => readNumber(name, options.get(name), say);
  const preference = options.get('nodePreference');
  const nodePreference = preference === undefined ? 'leader' : PREFERENCE_BY_NAME.get(flat(preference));
  if (nodePreference === undefined) say(`has a nodePreference that is none of ${PREFERENCES.join(', ')}`);
  if (options.get('tlsVerifyCert') === 'false')
    say('has tlsVerifyCert=false, which this client cannot do: name the certificate of the authority with tlsCAFile');
  if ((options.get('userCertFile') === undefined) !== (options.get('userKeyFile') === undefined))
    say('must name userCertFile and userKeyFile together');
  return {
    discover: scheme[1] === 'esdb+discover',
    hosts,
    credentials,
    tls: readFlag('tls', options.get('tls'), say) ?? true,
    tlsCAFile: options.get('tlsCAFile'),
    userCertFile: options.get('userCertFile'),
    userKeyFile: options.get('userKeyFile'),
    nodePreference: nodePreference ?? 'leader',
    maxDiscoverAttempts: number('maxDiscoverAttempts'),
    discoveryInterval: number('discoveryInterval'),
    gossipTimeout: number('gossipTimeout'),
    keepAliveInterval: number('keepAliveInterval'),
    keepAliveTimeout: number('keepAliveTimeout'),
    defaultDeadline: number('defaultDeadline'),
    connectionName: options.get('connectionName'),
  };
}

type Say = (problem: string) => undefined;

function split(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function readCredentials(text: string, say: Say): ConnectionSettings['credentials'] {
  const [name, secret] = split(text, ':');
  const username = decoded(name);
  const password = secret === undefined ? undefined : decoded(secret);
  if (username === undefined || username === '' || password === undefined)
    return say('must have `user:password` before the @, percent-encoded where they have other than letters and digits');
  return { username, password };
}

function readHosts(text: string, say: Say): ConnectionSettings['hosts'] | undefined {
  const hosts = text.split(',').map((host) => /^(\[[\dA-Fa-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/.exec(host.trim()));
  const read = hosts.flatMap((found) =>
    found?.[1] === undefined ? [] : [{ address: found[1], port: Number(found[2] ?? DEFAULT_PORT) }],
  );
  if (read.length === hosts.length && read.every(({ port }) => port > 0 && port < 65_536)) return read;
  return say('must name its hosts as host:port, with commas between them');
}

function readOptions(text: string, say: Say): ReadonlyMap<string, string> | undefined {
  const options = new Map<string, string>();
  for (const pair of text.split('&').filter((one) => one !== '')) {
    const [key, raw] = split(pair, '=');
    const name = KNOWN.get(flat(key));
    const value = raw === undefined ? undefined : decoded(raw)?.trim();
    // The name of an option is said only if it looks like one: what stands after a stray ? may be the rest of a password.
    if (name === undefined)
      return say(/^[a-zA-Z]{1,30}$/.test(key) ? `has no option ${key}` : 'has an option that there is not');
    if (value === undefined || value === '') return say(`has no value for ${name}`);
    options.set(name, value);
  }
  return options;
}

function readFlag(name: string, value: string | undefined, say: Say): boolean | undefined {
  if (value === undefined || value === 'true' || value === 'false')
    return value === undefined ? undefined : value === 'true';
  return say(`must have true or false for ${name}`);
}

function readNumber(name: (typeof NUMBERS)[number], value: string | undefined, say: Say): number | undefined {
  if (value === undefined) return undefined;
  const number = /^-?\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (name.startsWith('keepAlive')) {
    if (number === -1 || number >= LEAST_KEEP_ALIVE) return number;
    return say(`must have -1 or ${LEAST_KEEP_ALIVE} ms and more for ${name}`);
  }
  return number > 0 ? number : say(`must have a whole number above 0 for ${name}`);
}
