/** What a call failed with. */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const BASE = '/api/v1';

/** What a call without a session fails with. */
const NO_SESSION = 'DASHBOARD_NO_SESSION';
let onNoSession = (): void => undefined;
/** Calls back each time an answer says that there is no session (any more). */
export const whenNoSession = (listener: () => void): void => {
  onNoSession = listener;
};

type Value = string | number | boolean | undefined;

const GONE = 'The server of this page does not answer: is `reprise dashboard` still running?';

async function answerOf<T>(response: Response): Promise<T> {
  // An answer may break off behind its head: the call was taken back, or the server has died.
  const whole = await response.json().then(
    (body: unknown) => ({ body }),
    () => undefined,
  );
  if (response.ok) {
    if (whole === undefined) throw new Problem(0, 'DASHBOARD_GONE', GONE);
    return whole.body as T;
  }
  const body = whole?.body as { readonly error?: { readonly code: string; readonly message: string } } | undefined;
  const { code = 'DASHBOARD_GONE', message = `The server answered ${response.status}.` } = body?.error ?? {};
  if (code === NO_SESSION) onNoSession();
  throw new Problem(response.status, code, message);
}

async function fetched(path: string, options?: RequestInit): Promise<Response> {
  try {
    return await fetch(BASE + path, options);
  } catch {
    throw new Problem(0, 'DASHBOARD_GONE', GONE);
  }
}

/** Reads. Rejects with a Problem. */
export async function get<T>(
  path: string,
  query: Readonly<Record<string, Value>> = {},
  signal?: AbortSignal,
): Promise<T> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return answerOf<T>(await fetched(text === '' ? path : `${path}?${text}`, signal === undefined ? {} : { signal }));
}

/** Changes something. Rejects with a Problem. */
export async function post<T>(path: string, body: object): Promise<T> {
  const options = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  return answerOf<T>(await fetched(path, options));
}
