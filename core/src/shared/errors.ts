import { ERROR_CODES, type ErrorCode } from './error-codes.ts';
import type { JsonObject } from './json.ts';
import { takeJson } from './take-json.ts';

/** What an error says beside its code and message; `retryable` and `fix` are those of the code, unless they are given. */
export interface RepriseErrorOptions {
  readonly cause?: unknown;
  /** Facts for programs: paths, revisions, names. Plain JSON. */
  readonly details?: JsonObject;
  /** Overrides the catalogue's word on whether the same request may succeed later. */
  readonly retryable?: boolean;
  /** What to do, where that of the catalogue would not help. */
  readonly fix?: string;
}

/** The one error class of Reprise. `code` is stable; `message` says what happened and why; `fix` says what to do. */
export class RepriseError extends Error {
  override readonly name = 'RepriseError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: JsonObject;
  readonly #fix: string | undefined;

  constructor(code: ErrorCode, message: string, options: RepriseErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
    this.details = options.details ?? {};
    this.#fix = options.fix;
  }

  get fix(): string {
    return this.#fix ?? ERROR_CODES[this.code].fix;
  }
}

/** Holds for errors of any copy of this package, so that two installed versions understand each other. */
export function isRepriseError(value: unknown, code?: ErrorCode): value is RepriseError {
  try {
    if (!(value instanceof Error) || value.name !== 'RepriseError') return false;
    return code === undefined || (value as RepriseError).code === code;
  } catch {
    return false; // a revoked proxy, a getter that throws
  }
}

/**
 * An error as data: what events, messages and `--json` carry. `code` may be an agent's own (128 characters at most). All of it is
 * plain JSON, and bounded.
 */
export interface ErrorData {
  readonly code: string;
  /** A URI that names the kind of the error (RFC 9457). */
  readonly type?: string;
  readonly message: string;
  readonly retryable: boolean;
  /** What the thrown value called its status (an HTTP status, a name). */
  readonly status?: number | string;
  readonly details?: JsonObject;
  /** No other attempt before this many ms have passed: the thrown value asked for it. */
  readonly retryAfterMs?: number;
  /** The last real error before this one: what failed before the time ran out, or the task that failed its run. */
  readonly cause?: ErrorData;
}

/** An error of our own as data. */
export const errorData = (code: ErrorCode, message: string): ErrorData => ({
  code,
  message,
  retryable: ERROR_CODES[code].retryable,
});

/** `error` with the last real error before it, which is named in the message, too, unless that ends with it already. A chain of causes keeps its first. */
export function withCause(error: ErrorData, before: ErrorData | undefined): ErrorData {
  if (before === undefined) return error;
  const { cause = before } = before;
  if (error.message.endsWith(`: ${cause.message}`)) return { ...error, cause };
  const message = `${error.message} Before that: ${cause.code}: ${cause.message}`.slice(0, MAX_MESSAGE_CHARS);
  return { ...error, message, cause };
}

const MAX_MESSAGE_CHARS = 4000;
const MAX_DETAILS_CHARS = 64 * 1024;
const MAX_CODE_CHARS = 128;
const MAX_RETRY_AFTER_MS = 366 * 24 * 3_600_000;

/** A property of any value. What a getter or a proxy throws counts as not there. */
function read(value: unknown, key: string): unknown {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return undefined;
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

const shown = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined;

/** What a thrown value says, in words; never throws, whatever it is (a revoked proxy, a getter that throws). */
export function messageOf(value: unknown): string {
  const cut = (text: string): string => text.slice(0, MAX_MESSAGE_CHARS);
  if (typeof value === 'string') return cut(value);
  const own = shown(read(value, 'message'));
  if (own !== undefined && own !== '') return cut(own);
  try {
    if (value instanceof Error) return cut(shown(read(value, 'name')) ?? 'Error');
    const plain = takeJson(value, MAX_MESSAGE_CHARS);
    if (typeof value === 'object' && plain.ok) return cut(JSON.stringify(plain.value));
    return cut(String(value));
  } catch {
    return 'a value that cannot be shown was thrown';
  }
}

/** Errors that are followed from cause to cause. */
const MAX_CAUSES = 8;
const MAX_STACK_CHARS = 16 * 1024;

/** The stack of a thrown value and of what caused it, as far as there are some that can be read. */
export function stackOf(value: unknown): string | undefined {
  const stacks: string[] = [];
  const seen = new Set<unknown>();
  for (let at = value; at !== undefined && !seen.has(at) && seen.size < MAX_CAUSES; at = read(at, 'cause')) {
    seen.add(at);
    const stack = read(at, 'stack');
    if (typeof stack === 'string') stacks.push(stack.slice(0, MAX_STACK_CHARS));
    else if (stacks.length > 0) stacks.push(messageOf(at));
  }
  return stacks.length === 0 ? undefined : stacks.join('\ncaused by ').slice(0, MAX_STACK_CHARS);
}

/**
 * Whether what an agent threw is more likely a mistake than an answer: it has no code of its own, or one that Node or the system gave it. What an
 * agent gave a code to is an answer that its workflow may count on.
 */
export function isMistake(value: unknown): boolean {
  const code = codeOf(value);
  return code === undefined || code.startsWith('ERR_') || typeof read(value, 'syscall') === 'string';
}

function codeOf(value: unknown): string | undefined {
  const code = shown(read(value, 'code'));
  return code === undefined || code === '' ? undefined : code.slice(0, MAX_CODE_CHARS);
}

/** Details that an event can carry: plain JSON, and small. Whatever else an error was given is left out. */
function detailsOf(value: unknown): { readonly details?: JsonObject } {
  const details = read(value, 'details');
  try {
    if (typeof details !== 'object' || details === null || Array.isArray(details)) return {};
    const taken = takeJson(details, MAX_DETAILS_CHARS);
    if (!taken.ok || Object.keys(taken.value as JsonObject).length === 0) return {};
    return { details: taken.value as JsonObject };
  } catch {
    return {}; // a getter or a proxy that throws: what else the error says is kept
  }
}

/** With its scheme: RFC 9457 advises against any other. */
const ERROR_TYPE = /^[A-Za-z][A-Za-z0-9+.-]*:[^\s\p{Cc}<>"{}|\\^`]+$/u;
const MAX_TYPE_CHARS = 1024;

/** Whether a text can be the `type` of an error. */
export const isErrorType = (text: string): boolean => text.length <= MAX_TYPE_CHARS && ERROR_TYPE.test(text);

function typeOf(value: unknown): { readonly type?: string } {
  const type = read(value, 'type');
  return typeof type === 'string' && isErrorType(type) ? { type } : {};
}

function statusOf(value: unknown): { readonly status?: number | string } {
  const status = read(value, 'status');
  if (typeof status === 'number' && Number.isFinite(status)) return { status };
  return typeof status === 'string' && status !== '' ? { status: status.slice(0, MAX_CODE_CHARS) } : {};
}

function retryAfterOf(value: unknown): { readonly retryAfterMs?: number } {
  const after = read(value, 'retryAfterMs');
  if (typeof after !== 'number' || !(after >= 0)) return {};
  return { retryAfterMs: Math.ceil(Math.min(after, MAX_RETRY_AFTER_MS)) };
}

/**
 * Any thrown value as data; does not throw. Its own `code`, `type` (when it is a URI), `message`, `status`, `details`, `retryAfterMs` and `retryable` are kept
 * where they are usable, otherwise `fallbackCode` is used and the error counts as retryable as the catalogue says. The message
 * of an Error's `cause` follows its own, unless its first line is there already.
 */
export function toErrorData(value: unknown, fallbackCode: ErrorCode): ErrorData {
  const cause = read(value, 'cause');
  const message = messageOf(value);
  const reason = cause === undefined ? '' : messageOf(cause);
  const [first = ''] = reason.split('\n');
  const because = cause === undefined || (first !== '' && message.includes(first)) ? '' : ` (caused by: ${reason})`;
  const retryable = read(value, 'retryable');
  return {
    code: codeOf(value) ?? fallbackCode,
    ...typeOf(value),
    message: (message + because).slice(0, MAX_MESSAGE_CHARS),
    retryable: typeof retryable === 'boolean' ? retryable : ERROR_CODES[fallbackCode].retryable,
    ...statusOf(value),
    ...detailsOf(value),
    ...retryAfterOf(value),
  };
}
