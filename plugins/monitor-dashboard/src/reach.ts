import { BlockList, isIP, isIPv6 } from 'node:net';
import { RepriseError } from '@reprise/core/plugin';

/** Where the dashboard can be reached, and how. Without any of it: at this machine alone. */
export interface ReachOptions {
  /** The address or name that it listens on. Default 127.0.0.1. */
  readonly host?: string;
  /** PEM files: the certificate with its chain, and its key. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Addresses or networks (`10.0.0.0/8`) of proxies, which end TLS. Only they are answered then. */
  readonly proxies?: readonly string[];
  /** What browsers call it, as `https://reprise.example`. */
  readonly publicUrls?: readonly string[];
  /** The file of tokens. */
  readonly tokens?: string;
}

/** Where it is reached. */
export interface Reach {
  readonly host: string;
  /** Browsers come by https. */
  readonly secure: boolean;
  readonly tls: ReachOptions['tls'];
  readonly proxies: BlockList | undefined;
  /** The file; undefined: the printed link lets in. */
  readonly tokens: string | undefined;
  /** `host[:port]` as browsers say them. */
  hosts(port: number): ReadonlySet<string>;
  /** The first address to be opened. */
  origin(port: number): string;
}

const unsafe = (message: string): RepriseError => new RepriseError('REPRISE_DASHBOARD_UNSAFE', message);
const invalid = (message: string): RepriseError => new RepriseError('REPRISE_CONFIG_INVALID', message);

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const EVERYWHERE: ReadonlySet<string> = new Set(['', '0.0.0.0', '::', '*']);

/** Only an address itself: what a name means is said elsewhere, and changes. */
const isLoopback = (host: string): boolean =>
  host === 'localhost' || (isIP(host) !== 0 && LOOPBACK.check(host, isIPv6(host) ? 'ipv6' : 'ipv4'));

/** Throws REPRISE_DASHBOARD_UNSAFE for what would let in, or tell, people who are not meant; REPRISE_CONFIG_INVALID for what makes no sense. */
export function reachOf(options: ReachOptions): Reach {
  const { host = '127.0.0.1', tls, proxies = [], publicUrls = [], tokens } = options;
  const secure = tls !== undefined || proxies.length > 0;
  if (!isLoopback(host) && !secure)
    throw unsafe(
      `On ${host || 'all addresses'} others could read everything on its way. Give --tls-cert FILE and --tls-key FILE, or, where a proxy ends TLS, --behind-proxy ADDRESS. On this machine alone, leave --host out.`,
    );
  if (secure && tokens === undefined)
    throw unsafe(
      'Whoever reaches it has to say who he is: give --tokens FILE. `reprise dashboard token add NAME --role viewer --file FILE` makes it.',
    );
  if (!secure && (tokens !== undefined || publicUrls.length > 0))
    throw invalid(
      '--tokens and --public-url are for --tls-cert or --behind-proxy; on this machine alone the printed link lets in.',
    );
  const named = publicUrls.map(originOf);
  if (named.length === 0 && (proxies.length > 0 || (secure && EVERYWHERE.has(host))))
    throw invalid(
      'Say what browsers call it: --public-url https://reprise.example. Requests under other names are refused.',
    );
  return {
    host,
    secure,
    tls,
    proxies: proxies.length === 0 ? undefined : networksOf(proxies),
    tokens,
    hosts: (port) => new Set(named.length > 0 ? named.map(({ host: name }) => name) : ownHosts(host, port, secure)),
    origin: (port) => named[0]?.origin ?? `${secure ? 'https' : 'http'}://${ownHosts(host, port, secure)[0]}`,
  };
}

function ownHosts(host: string, port: number, secure: boolean): readonly string[] {
  const names = isLoopback(host) && !secure ? [...new Set([host, '127.0.0.1', 'localhost'])] : [host];
  return names.map((name) => {
    const inUrl = isIPv6(name) ? `[${name}]` : name.toLowerCase();
    return port === (secure ? 443 : 80) ? inUrl : `${inUrl}:${port}`;
  });
}

function originOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.protocol !== 'https:' || url.origin !== url.href.replace(/\/$/, ''))
    throw invalid(
      `--public-url is https://NAME or https://NAME:PORT, with nothing after it, not ${JSON.stringify(text)}.`,
    );
  return url;
}

function networksOf(texts: readonly string[]): BlockList {
  const networks = new BlockList();
  for (const text of texts) {
    const [address = '', bits, ...more] = text.split('/');
    const family = isIP(address);
    const most = family === 6 ? 128 : 32;
    const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
    if (family === 0 || more.length > 0 || !(prefix > 0 && prefix <= most))
      throw invalid(
        `--behind-proxy is the address of a proxy, as 10.0.0.5 or 10.0.0.0/24, not ${JSON.stringify(text)}.`,
      );
    networks.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4');
  }
  return networks;
}
