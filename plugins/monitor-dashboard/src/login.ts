import type { Clock } from '@reprise/core/plugin';
import type { Context, Hono } from 'hono';
import { HttpProblem } from './problems.ts';
import type { Declared } from './route.ts';
import type { Person, Sessions } from './sessions.ts';
import { WrongTokens } from './wrong-tokens.ts';

/** The routes of sessions that are begun with a token. */
export const SESSION_ROUTES: readonly Declared[] = [
  { id: 'session.begin', method: 'post', path: '/login', permission: 'open', session: true },
  { id: 'session.end', method: 'post', path: '/logout', permission: 'view', session: true },
];

/** Bytes of what is sent with a token. */
const MAX_BODY = 1024;

export interface LoginParts {
  readonly sessions: Sessions;
  readonly clock: Clock;
  /** Throws HttpProblem unless he has a session. */
  personOf(request: Request): Person;
  sessionOf(request: Request): string | undefined;
  callerOf(context: Context): string;
  /** `Set-Cookie` of a session; undefined: of none any more. */
  cookieOf(session: string | undefined): string;
  /** Who signed in, or tried to, from where. */
  onNote?(text: string): void;
}

/** A token is traded for a session. */
export function addLogin(app: Hono, base: string, parts: LoginParts): void {
  const { sessions, clock, personOf, sessionOf, callerOf, cookieOf, onNote } = parts;
  const wrong = new WrongTokens(clock);
  const answer = (value: object, session: string | undefined): Response =>
    Response.json(value, { headers: { 'cache-control': 'no-store', 'set-cookie': cookieOf(session) } });

  app.post(`${base}/login`, async (context) => {
    const { raw } = context.req;
    const caller = callerOf(context);
    const wait = wrong.wait(caller);
    if (wait > 0)
      throw new HttpProblem(
        429,
        'DASHBOARD_TOO_MANY',
        'Too many wrong tokens came from your address. Try again in a minute.',
        Math.ceil(wait / 1000),
      );
    const session = sessions.begin(await tokenOf(raw));
    const person = sessions.who(session);
    if (session === undefined || person === undefined) {
      wrong.count(caller);
      onNote?.(`a wrong token from ${caller}`);
      throw new HttpProblem(401, 'DASHBOARD_TOKEN_WRONG', 'That token is not known, or was taken back.');
    }
    onNote?.(`${person.name} (${person.role}) signed in from ${caller}`);
    return answer({ role: person.role, by: person.name }, session);
  });
  app.post(`${base}/logout`, (context) => {
    const { raw } = context.req;
    const { name } = personOf(raw);
    sessions.end(sessionOf(raw) ?? '');
    onNote?.(`${name} signed out`);
    return answer({}, undefined);
  });
}

async function tokenOf(request: Request): Promise<string> {
  if (Number(request.headers.get('content-length')) > MAX_BODY)
    throw new HttpProblem(413, 'DASHBOARD_TOO_LARGE', `What is sent with a token has ${MAX_BODY} bytes at most.`);
  const body = (await request.json().catch(() => undefined)) as { readonly token?: unknown } | null | undefined;
  if (typeof body?.token !== 'string' || body.token === '')
    throw new HttpProblem(400, 'DASHBOARD_CALL_INVALID', 'The body is {"token": "…"}.');
  return body.token.trim();
}
