import sharedPb, { type UUID } from '@eventstore/db-client/generated/shared_pb.js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import streamsPb, { type BatchAppendReq, type BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import timestampPb from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { type Appended, doneOf, identifier } from './append.ts';
import type { Proposed } from './mapping.ts';
import type { Refusal } from './store-error.ts';

/** A call of gRPC in both directions. */
export interface BatchCall {
  write(request: BatchAppendReq): boolean;
  end(): void;
  on(event: 'data', listener: (answer: BatchAppendResp) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
}

interface Pending {
  resolve(appended: Appended): void;
  reject(error: unknown): void;
}

/** What the errors of a batch are called elsewhere. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'event_store.client.AccessDenied': 'access-denied',
  'event_store.client.StreamDeleted': 'stream-deleted',
  'event_store.client.MaximumAppendSizeExceeded': 'maximum-append-size-exceeded',
  'event_store.client.InvalidTransaction': 'invalid-transaction',
  'event_store.client.BadRequest': 'invalid-transaction',
};
const CONFLICT = 'event_store.client.WrongExpectedVersion';
const UNKNOWN = 2;

/**
 * Appends over one call: each is answered by its number, in whatever order. When the call breaks, what became of those that wait is not known, and
 * theirs only: another stream has its own. Answers to an append that nobody waits for any longer go by.
 *
 *   open ──leave()──► left ──the last is answered──► ended
 *     └──broken, or closed by the server──► ended ◄──────┘
 */
export class BatchStream {
  readonly #call: BatchCall;
  readonly #pending = new Map<number, Pending>();
  #last = 0;
  #left = false;
  #broken: { readonly error: unknown } | undefined;

  constructor(call: BatchCall) {
    this.#call = call;
    call.on('data', (answer) => this.#answered(answer));
    call.on('error', (error) => this.#break(error));
    call.on('end', () => this.#break(new Error('the server closed the stream of appends')));
  }

  get open(): boolean {
    return !this.#left && this.#broken === undefined;
  }

  /** `onLate` is handed what forgets the append. */
  append(
    stream: string,
    events: readonly Proposed[],
    expected: number,
    deadline: Date,
    onLate: (forget: () => void) => void,
  ): Promise<Appended> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken.error);
    this.#last += 1;
    const number = this.#last;
    const { promise, resolve, reject } = Promise.withResolvers<Appended>();
    this.#pending.set(number, { resolve, reject });
    onLate(() => this.#settled(number));
    this.#call.write(requestOf(number, stream, events, expected, deadline));
    return promise;
  }

  /** Takes nothing more; ends when all is answered. */
  leave(): void {
    this.#left = true;
    this.#endIfDone();
  }

  #answered(answer: BatchAppendResp): void {
    const pending = this.#settled(numberOf(answer.getCorrelationId()));
    if (pending === undefined) return;
    try {
      pending.resolve(appendedOf(answer));
    } catch (error) {
      pending.reject(error);
    }
  }

  #settled(number: number): Pending | undefined {
    const pending = this.#pending.get(number);
    this.#pending.delete(number);
    this.#endIfDone();
    return pending;
  }

  #endIfDone(): void {
    if (this.#left && this.#pending.size === 0 && this.#broken === undefined) this.#call.end();
  }

  #break(error: unknown): void {
    this.#broken ??= { error };
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of waiting) reject(error);
  }
}

function requestOf(
  number: number,
  stream: string,
  events: readonly Proposed[],
  expected: number,
  deadline: Date,
): BatchAppendReq {
  const options = new streamsPb.BatchAppendReq.Options();
  options.setStreamIdentifier(identifier(stream));
  options.setDeadline(timestampPb.Timestamp.fromDate(deadline));
  if (expected < 0) options.setNoStream(new emptyPb.Empty());
  else options.setStreamPosition(String(expected));
  const request = new streamsPb.BatchAppendReq();
  request.setCorrelationId(
    new sharedPb.UUID().setString(`00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`),
  );
  request.setOptions(options);
  request.setIsFinal(true);
  return request.setProposedMessagesList(events.map(messageOf));
}

function messageOf({ id, type, data, metadata }: Proposed) {
  const message = new streamsPb.BatchAppendReq.ProposedMessage();
  message.setId(new sharedPb.UUID().setString(id));
  message.getMetadataMap().set('type', type);
  message.getMetadataMap().set('content-type', 'application/json');
  message.setData(data);
  message.setCustomMetadata(metadata);
  return message;
}

const LOW_BITS = 48;

/** Servers answer in two whole numbers what they were asked in text. */
function numberOf(id: UUID | undefined): number {
  const structured = id?.getStructured();
  if (structured === undefined) return Number.parseInt((id?.getString() ?? '').slice(-12), 16);
  return Number(BigInt.asUintN(LOW_BITS, BigInt(structured.getLeastSignificantBits())));
}

function appendedOf(answer: BatchAppendResp): Appended {
  const error = answer.getError();
  return error === undefined ? doneOf(answer.getSuccess()) : conflictOf(error);
}

/** Throws every other error, as a call of its own would have failed. */
function conflictOf(error: Status): Appended {
  const details = error.getDetails();
  const type = details?.getTypeName() ?? '';
  const wrong =
    type === CONFLICT ? details?.unpack(sharedPb.WrongExpectedVersion.deserializeBinary, CONFLICT) : undefined;
  if (wrong)
    return {
      kind: 'conflict',
      actual: wrong.hasCurrentStreamRevision() ? Number(wrong.getCurrentStreamRevision()) : -1,
    };
  const refusal: Refusal = { code: UNKNOWN, details: error.getMessage() || type, exception: EXCEPTIONS[type] };
  throw refusal;
}
