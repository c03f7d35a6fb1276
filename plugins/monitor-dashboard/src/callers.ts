import { type BlockList, isIP, isIPv6 } from 'node:net';
import { HttpProblem } from './problems.ts';

/** An IPv4 address that came through a socket of IPv6 is one of IPv4. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');

const isIn = (networks: BlockList, address: string): boolean =>
  isIP(address) !== 0 && networks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');

/**
 * Who calls: the address at the other end of the connection, or, where proxies are named, what they say it is. Forwarded headers of nobody else are
 * looked at. Throws HttpProblem for who is no such proxy, and for what came to one without TLS.
 */
export function callerOf(headers: Headers, peer: string | undefined, proxies: BlockList | undefined): string {
  const address = plainAddress(peer ?? '');
  if (proxies === undefined) return address;
  if (!isIn(proxies, address))
    throw new HttpProblem(
      403,
      'DASHBOARD_PROXY',
      'Only the proxy in front of this server is answered (--behind-proxy).',
    );
  if (headers.get('x-forwarded-proto')?.toLowerCase() !== 'https')
    throw new HttpProblem(
      403,
      'DASHBOARD_PROXY',
      'The proxy has to take requests by https only, and say so: X-Forwarded-Proto: https.',
    );
  // Each proxy adds whom it heard it from at the end: the last that is no proxy is the caller.
  const said = (headers.get('x-forwarded-for') ?? '').split(',').map((part) => plainAddress(part.trim()));
  const caller = said.findLast((one) => isIP(one) === 0 || !isIn(proxies, one));
  return caller === undefined || isIP(caller) === 0 ? address : caller;
}
