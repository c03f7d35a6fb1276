import { type ErrorCode, RepriseError } from '@reprise/core/plugin';

/** What a call was for: of an append that failed on the way it is not known what became of it. */
export interface Call {
  readonly what: 'append' | 'read';
  /** As the engine calls it, or words for what is no stream. */
  readonly of: string;
}

/** An error as gRPC gives it; the metadata name the exception of the server. */
interface ServiceError {
  readonly code?: unknown;
  readonly details?: unknown;
  readonly message?: unknown;
  readonly metadata?: { get(name: string): readonly unknown[] };
  /** Of a Refusal. */
  readonly exception?: unknown;
}

/** An error as a batch of appends gives it. */
export interface Refusal {
  readonly code: number;
  readonly details: string;
  readonly exception: string | undefined;
}

/** Status codes of gRPC that say something here. */
const STATUS = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** By what the server names an exception. */
const EXCEPTIONS: Readonly<Record<string, ErrorCode>> = {
  'access-denied': 'REPRISE_STORE_DENIED',
  'stream-deleted': 'REPRISE_STORE_STREAM_DELETED',
  'maximum-append-size-exceeded': 'REPRISE_STORE_TOO_LARGE',
  'missing-required-metadata-property': 'REPRISE_STORE_REFUSED',
  'invalid-transaction': 'REPRISE_STORE_REFUSED',
};

const FINAL: ReadonlyMap<unknown, ErrorCode> = new Map<unknown, ErrorCode>([
  [STATUS.unauthenticated, 'REPRISE_STORE_DENIED'],
  [STATUS.permissionDenied, 'REPRISE_STORE_DENIED'],
  [STATUS.invalidArgument, 'REPRISE_STORE_REFUSED'],
  [STATUS.unimplemented, 'REPRISE_STORE_REFUSED'],
]);

const said = ({ details, message }: ServiceError): string => String(details ?? message ?? '').slice(0, 500);

const exceptionOf = ({ metadata, exception }: ServiceError): string | undefined => {
  const name = typeof metadata?.get === 'function' ? metadata.get('exception')[0] : exception;
  return name === undefined ? undefined : String(name);
};

/** Whether the server refused what was asked, and not that something is wrong with it, or on the way to it. */
export const isRefusal = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && Object.hasOwn(EXCEPTIONS, exceptionOf(error) ?? '');

/** A call that did not come back in time: what became of it is not known. */
export class NoAnswer extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
  }
}

/**
 * Sorts what a call failed with. Final is what the server refused; of an append everything that broke on its way has an unknown outcome, unless
 * it is known that nothing was sent, or that the server took nothing.
 */
export function storeError(error: unknown, call: Call): RepriseError {
  if (error instanceof RepriseError) return error;
  const fault = (typeof error === 'object' && error !== null ? error : { message: error }) as ServiceError;
  const code = codeOf(fault, error, call);
  return new RepriseError(code, sentence(code, fault, call), { cause: error });
}

function codeOf(fault: ServiceError, error: unknown, { what }: Call): ErrorCode {
  const exception = exceptionOf(fault);
  const named = exception === undefined ? undefined : EXCEPTIONS[exception];
  if (named !== undefined) return named;
  const final = FINAL.get(fault.code);
  if (final !== undefined) return final;
  const text = said(fault);
  if (fault.code === STATUS.resourceExhausted && /larger than/.test(text)) return 'REPRISE_STORE_TOO_LARGE';
  if (what === 'read' || nothingWasDone(fault, text)) return 'REPRISE_STORE_UNAVAILABLE';
  return error instanceof NoAnswer || typeof fault.code === 'number'
    ? 'REPRISE_STORE_UNKNOWN_OUTCOME'
    : 'REPRISE_STORE_UNAVAILABLE';
}

/** The server says that it took nothing, or nobody was there to send it to. */
const nothingWasDone = ({ code }: ServiceError, text: string): boolean =>
  /server is (too )?busy|not ready/i.test(text) ||
  (code === STATUS.unavailable && /no connection established|ECONNREFUSED|name resolution/i.test(text));

function sentence(code: ErrorCode, fault: ServiceError, { what, of }: Call): string {
  const cause = exceptionOf(fault) === 'not-leader' ? 'the node that was asked is not the leader' : said(fault);
  const call = what === 'append' ? `an append to ${of}` : `a read of ${of}`;
  switch (code) {
    case 'REPRISE_STORE_UNKNOWN_OUTCOME':
      return `It is not known whether EventStoreDB made ${call}: ${cause}.`;
    case 'REPRISE_STORE_UNAVAILABLE':
      return `EventStoreDB did not answer ${call}: ${cause}.`;
    default:
      return `EventStoreDB refused ${call}: ${cause}.`;
  }
}
