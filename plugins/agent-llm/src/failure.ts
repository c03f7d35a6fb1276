import { oneLine } from '@reprise/core/plugin';
import { APICallError, StreamProviderError, ToolChoiceViolationError, TypeValidationError } from 'ai';
import { type LlmCode, LlmError, type LlmErrorFacts } from './errors.ts';

export interface FailureContext {
  /** ms since the Unix epoch. */
  readonly now: number;
  /** Whom the request went to, for people. */
  readonly server: string;
  /** Without what must not be said. */
  strike(text: string): string;
}

/** What a server says of an error, wherever it puts it. */
interface Said {
  readonly message: string;
  readonly code: string;
}

const TOO_LONG_CODES: ReadonlySet<string> = new Set([
  'context_length_exceeded',
  'exceed_context_size_error',
  'context_window_exceeded',
]);
const TOO_LONG =
  /context (length|window|size)|maximum context|prompt is too long|(input|prompt|request) (is )?too (long|large)|too many (input )?tokens/i;
const QUOTA: ReadonlySet<string> = new Set(['insufficient_quota', 'billing_hard_limit_reached']);
const MOST_CHARS = 500;
const MOST_CAUSES = 5;
const MOST_WAIT_MS = 24 * 3_600_000;

/** Whatever the SDK throws, or a stream tells, as an error of ours. */
export function failureOf(error: unknown, context: FailureContext): LlmError {
  if (error instanceof LlmError) return error;
  if (ToolChoiceViolationError.isInstance(error))
    return new LlmError('LLM_TURNS_EXHAUSTED', 'The model calls tools in the last turn, in which it may not.');
  const { server, strike } = context;
  const fail = (code: LlmCode, what: string, facts: LlmErrorFacts = {}): LlmError =>
    new LlmError(code, strike(`The model server ${server} ${what}`), facts);
  const said = saidIn(error);
  const because = said.message === '' ? '.' : `: ${sentence(cut(said.message))}`;
  const details = said.code === '' ? {} : { details: { serverCode: strike(cut(said.code)) } };
  // What a server puts into a stream that began well need not have a status.
  if (StreamProviderError.isInstance(error))
    return fail(codeOf(error.statusCode ?? 500, said), `gave up in the middle of its answer${because}`, details);
  if (!APICallError.isInstance(error) || (error.statusCode ?? 500) < 300)
    return fail('LLM_RESPONSE_BROKEN', `gave an answer that ended too soon or cannot be read (${reasonOf(error)}).`);
  const { statusCode: status, responseHeaders = {} } = error;
  if (status === undefined) return fail('LLM_UNREACHABLE', `could not be reached (${reasonOf(error)}).`);
  const retryAfterMs = retryAfter(responseHeaders, context.now);
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  return fail(codeOf(status, said), `answered ${status}${because}`, { status, ...wait, ...details });
}

function codeOf(status: number, said: Said): LlmCode {
  if (status === 401 || status === 403) return 'LLM_UNAUTHORIZED';
  if (status === 402 || (status === 429 && QUOTA.has(said.code))) return 'LLM_QUOTA_EXHAUSTED';
  if (status === 429) return 'LLM_RATE_LIMITED';
  if (isTooLong(said) || status === 413) return 'LLM_CONTEXT_TOO_LONG';
  if (status >= 500 || status === 408 || status === 409 || status === 425) return 'LLM_SERVER_FAILED';
  return 'LLM_REQUEST_REFUSED';
}

const isTooLong = ({ code, message }: Said): boolean => TOO_LONG_CODES.has(code) || TOO_LONG.test(message);

function saidIn(error: unknown): Said {
  const body = APICallError.isInstance(error) ? parsed(error.responseBody) : memberOf(error, 'data');
  const inner = memberOf(body, 'error') ?? body;
  if (typeof inner === 'string') return { message: inner, code: '' };
  const message = memberOf(inner, 'message');
  const code = memberOf(inner, 'code') ?? memberOf(inner, 'type');
  return { message: typeof message === 'string' ? message : '', code: typeof code === 'string' ? code : '' };
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return text === undefined || /^\s*</.test(text) ? undefined : text; // a page of HTML says nothing
  }
}

const memberOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;

const cut = (text: string): string => (text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}…` : text);

const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);

/** What is at the root of an error: `ECONNREFUSED`, or what was said. */
function reasonOf(error: unknown): string {
  let at: unknown = error;
  for (let depth = 0; depth < MOST_CAUSES; depth += 1) {
    if (TypeValidationError.isInstance(at)) return 'it is not what the protocol says';
    const cause = memberOf(at, 'cause');
    if (!(cause instanceof Error)) break;
    at = cause;
  }
  const code = memberOf(at, 'code');
  return typeof code === 'string' ? code : oneLine(cut(at instanceof Error ? at.message : String(at)));
}

/** `Retry-After` in seconds or as a date, or `retry-after-ms`: ms from now, a day at the most. */
export function retryAfter(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const header = (name: string): string | undefined =>
    Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  const exact = Number(header('retry-after-ms') ?? Number.NaN);
  const plain = header('retry-after')?.trim() ?? '';
  // Of many texts Date.parse makes a date; HTTP's have the name of a month.
  const at = /[A-Za-z]{3}/.test(plain) ? Date.parse(plain) - now : Number.NaN;
  const seconds = /^\d+(\.\d+)?$/.test(plain) ? Number(plain) * 1000 : at;
  const ms = exact >= 0 ? exact : seconds;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, Math.ceil(ms)), MOST_WAIT_MS);
}
