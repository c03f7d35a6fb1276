import { ERROR_CODES, type ErrorCode } from './error-codes.ts';
import { type JsonObject, jsonProblem } from './json.ts';

export interface RepriseErrorOptions {
  readonly cause?: unknown;
  /** Facts for programs: paths, revisions, names. Plain JSON. */
  readonly details?: JsonObject;
  /** Overrides the catalogue's word on whether the same request may succeed later. */
  readonly retryable?: boolean;
}

/** The one error class of Reprise. `code` is stable; `message` says what happened and why; `fix` says what to do. */
export class RepriseError extends Error {
  override readonly name = 'RepriseError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: JsonObject;

  constructor(code: ErrorCode, message: string, options: RepriseErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
    this.details = options.details ?? {};
  }

  get fix(): string {
    return ERROR_CODES[this.code].fix;
  }
}

/** Holds for errors of any copy of this package, so that two installed versions understand each other. */
export function isRepriseError(value: unknown, code?: ErrorCode): value is RepriseError {
  if (!(value instanceof Error) || value.name !== 'RepriseError') return false;
  return code === undefined || (value as RepriseError).code === code;
}

/** An error as data: what events, messages and `--json` carry. `code` may be an agent's own. */
export interface ErrorData {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly details?: JsonObject;
}

const text = (value: unknown): string => {
  if (value instanceof Error) return value.message === '' ? value.name : value.message;
  if (typeof value === 'string') return value;
  try {
    return String(value);
  } catch {
    // Without a prototype, or with a toString that throws.
    return Object.prototype.toString.call(value);
  }
};

const MAX_MESSAGE_CHARS = 4000;
const MAX_DETAILS_CHARS = 64 * 1024;

/** Details that an event can carry; whatever else an error was given is left out. */
function detailsOf(value: unknown): { readonly details?: JsonObject } {
  if (!isRepriseError(value) || jsonProblem(value.details) !== undefined) return {};
  const isSmall = JSON.stringify(value.details).length <= MAX_DETAILS_CHARS;
  return isSmall && Object.keys(value.details).length > 0 ? { details: value.details } : {};
}

/**
 * Any thrown value as data. An own `code` string and `retryable` boolean of the value are kept, otherwise
 * `fallbackCode` is used and the error counts as retryable as the catalogue says.
 */
export function toErrorData(value: unknown, fallbackCode: ErrorCode): ErrorData {
  const own = (typeof value === 'object' && value !== null ? value : {}) as { code?: unknown; retryable?: unknown };
  const cause = value instanceof Error && value.cause !== undefined ? ` (caused by: ${text(value.cause)})` : '';
  return {
    code: typeof own.code === 'string' && own.code !== '' ? own.code : fallbackCode,
    message: (text(value) + cause).slice(0, MAX_MESSAGE_CHARS),
    retryable: typeof own.retryable === 'boolean' ? own.retryable : ERROR_CODES[fallbackCode].retryable,
    ...detailsOf(value),
  };
}
