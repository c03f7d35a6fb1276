import { HttpProblem } from './problems.ts';

/** Bytes of a body, at most. */
export const MAX_BODY = 1024 * 1024;

/** What a browser calls this server. */
export interface Site {
  /** `host[:port]`, in small letters. */
  readonly hosts: ReadonlySet<string>;
  /** By https. */
  readonly secure: boolean;
}

/**
 * What only another site, or somebody who tries the doors, sends. Looked at before anybody is asked who he is. Throws HttpProblem. `target` is the path
 * as it was sent: of a Request's URL the dots are gone.
 */
export function guard(request: Request, site: Site, target = request.url): void {
  const { headers, method } = request;
  const host = headers.get('host') ?? '';
  if (!site.hosts.has(host.toLowerCase()))
    throw new HttpProblem(421, 'DASHBOARD_HOST', 'This server answers to its own address only: open the printed link.');
  assertPath(target);
  const from = headers.get('sec-fetch-site');
  const isLink = method === 'GET' && headers.get('sec-fetch-mode') === 'navigate';
  if (from !== null && from !== 'same-origin' && from !== 'none' && !isLink)
    throw new HttpProblem(403, 'DASHBOARD_ORIGIN', 'Another site asked for this.');
  if (method === 'GET' || method === 'HEAD') return;
  const origin = headers.get('origin');
  if (origin === null || !isOwn(origin, site))
    throw new HttpProblem(403, 'DASHBOARD_ORIGIN', 'A change has to come from the page of this server (Origin).');
  const length = headers.get('content-length');
  if (length === null || !/^\d+$/.test(length))
    throw new HttpProblem(411, 'DASHBOARD_LENGTH', 'A body has to say how long it is (Content-Length).');
  if (Number(length) > MAX_BODY)
    throw new HttpProblem(413, 'DASHBOARD_TOO_LARGE', `A body has ${MAX_BODY} bytes at most.`);
  if (!/^application\/json(;\s*charset=utf-8)?$/i.test(headers.get('content-type') ?? ''))
    throw new HttpProblem(415, 'DASHBOARD_NOT_JSON', 'A body is JSON (Content-Type: application/json).');
}

function isOwn(origin: string, { hosts, secure }: Site): boolean {
  const scheme = secure ? 'https://' : 'http://';
  return origin.startsWith(scheme) && hosts.has(origin.slice(scheme.length).toLowerCase());
}

/** A path has one spelling. */
function assertPath(url: string): void {
  const path = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  if (/%|;|\\|\/\/|\/\.{1,2}(\/|$)/.test(path) || (path.length > 1 && path.endsWith('/')))
    throw new HttpProblem(
      400,
      'DASHBOARD_PATH',
      'A path of this server has no %, ;, \\, // or dots, and ends in no /.',
    );
}

/** The value of a cookie. */
export function cookieOf(request: Request, name: string): string | undefined {
  for (const part of (request.headers.get('cookie') ?? '').split(';')) {
    const cut = part.indexOf('=');
    if (cut > 0 && part.slice(0, cut).trim() === name) return part.slice(cut + 1).trim();
  }
  return undefined;
}

const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types svelte-trusted-html reprise',
].join('; ');

/** Of every answer. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CSP,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};
