import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import streamsPb, {
  type AppendReq,
  type AppendResp,
  type BatchAppendResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import type { Proposed } from './mapping.ts';
import type { LogPosition } from './position.ts';

// An append as a call of its own: what is sent, and what is answered.

/** What an append came to. */
export type Appended =
  | { readonly kind: 'done'; readonly revision: number; readonly position: LogPosition | undefined }
  /** `actual`: the last revision of the stream, -1 for none. */
  | { readonly kind: 'conflict'; readonly actual: number };

/** The expected revision of an append of which nothing is expected: for what may be lost. */
export const ANY = 'any';

export function identifier(stream: string): InstanceType<typeof sharedPb.StreamIdentifier> {
  const name = new sharedPb.StreamIdentifier();
  name.setStreamName(Buffer.from(stream));
  return name;
}

export function appendRequests(
  stream: string,
  events: readonly Proposed[],
  expected: number | typeof ANY,
): readonly AppendReq[] {
  const options = new streamsPb.AppendReq.Options();
  options.setStreamIdentifier(identifier(stream));
  if (expected === ANY) options.setAny(new sharedPb.Empty());
  else if (expected < 0) options.setNoStream(new sharedPb.Empty());
  else options.setRevision(String(expected));
  return [new streamsPb.AppendReq().setOptions(options), ...events.map(requestOf)];
}

function requestOf({ id, type, data, metadata }: Proposed): AppendReq {
  const message = new streamsPb.AppendReq.ProposedMessage();
  message.setId(new sharedPb.UUID().setString(id));
  message.getMetadataMap().set('type', type);
  message.getMetadataMap().set('content-type', 'application/json');
  message.setData(data);
  message.setCustomMetadata(metadata);
  return new streamsPb.AppendReq().setProposedMessage(message);
}

export function appendedOf(answer: AppendResp): Appended {
  const wrong = answer.getWrongExpectedVersion();
  if (wrong !== undefined)
    return { kind: 'conflict', actual: wrong.hasCurrentRevision() ? Number(wrong.getCurrentRevision()) : -1 };
  return doneOf(answer.getSuccess());
}

/** What both ways of appending are answered when it is done. */
export function doneOf(success: AppendResp.Success | BatchAppendResp.Success | undefined): Appended {
  const position = success?.getPosition();
  return {
    kind: 'done',
    revision: Number(success?.getCurrentRevision()),
    position:
      position === undefined
        ? undefined
        : { commit: position.getCommitPosition(), prepare: position.getPreparePosition() },
  };
}
