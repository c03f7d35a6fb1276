import gossipPb from '@eventstore/db-client/generated/gossip_pb.js';
import serverFeaturesPb from '@eventstore/db-client/generated/serverfeatures_pb.js';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import statusPb from '@eventstore/db-client/generated/status_pb.js';
import streamsPb, {
  type AppendReq,
  type BatchAppendReq,
  type ReadReq,
} from '@eventstore/db-client/generated/streams_pb.js';
import grpc from '@grpc/grpc-js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import type { AppendOutcome, Expected, Proposal, ServerEvent } from './server-log.ts';

// Messages of the protocol, made and read.

export const uuidOf = (id: string) => new sharedPb.UUID().setString(id);

export function streamOf(name: string) {
  const identifier = new sharedPb.StreamIdentifier();
  identifier.setStreamName(Buffer.from(name));
  return identifier;
}

type Identified = { getStreamIdentifier(): InstanceType<typeof sharedPb.StreamIdentifier> | undefined };

export const nameOf = (from: Identified | undefined): string =>
  Buffer.from(from?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString('utf8');

type Message = InstanceType<typeof AppendReq.ProposedMessage> | InstanceType<typeof BatchAppendReq.ProposedMessage>;

export const proposalOf = (message: Message): Proposal => ({
  id: message.getId()?.getString().toLowerCase() ?? '',
  type: message.getMetadataMap().get('type') ?? '',
  contentType: message.getMetadataMap().get('content-type') ?? '',
  data: message.getData_asU8(),
  metadata: message.getCustomMetadata_asU8(),
});

export function expectedOf(options: InstanceType<typeof AppendReq.Options>): Expected {
  if (options.hasNoStream()) return -1;
  if (options.hasStreamExists()) return 'exists';
  return options.hasRevision() ? Number(options.getRevision()) : 'any';
}

export function batchExpectedOf(options: InstanceType<typeof BatchAppendReq.Options>): Expected {
  if (options.hasNoStream()) return -1;
  if (options.hasStreamExists()) return 'exists';
  return options.hasStreamPosition() ? Number(options.getStreamPosition()) : 'any';
}

export function appendAnswer(outcome: Exclude<AppendOutcome, { kind: 'deleted' }>) {
  const answer = new streamsPb.AppendResp();
  if (outcome.kind === 'conflict') {
    const wrong = new streamsPb.AppendResp.WrongExpectedVersion();
    if (outcome.actual < 0) wrong.setCurrentNoStream(new sharedPb.Empty());
    else wrong.setCurrentRevision(String(outcome.actual));
    return answer.setWrongExpectedVersion(wrong);
  }
  const position = new streamsPb.AppendResp.Position();
  position.setCommitPosition(String(outcome.position));
  position.setPreparePosition(String(outcome.position));
  const success = new streamsPb.AppendResp.Success().setCurrentRevision(String(outcome.revision));
  return answer.setSuccess(success.setPosition(position));
}

/** As servers answer: the two halves as signed whole numbers. */
function structured(id: string) {
  const hex = id.replaceAll('-', '');
  const halves = new sharedPb.UUID.Structured();
  halves.setMostSignificantBits(String(BigInt.asIntN(64, BigInt(`0x${hex.slice(0, 16)}`))));
  halves.setLeastSignificantBits(String(BigInt.asIntN(64, BigInt(`0x${hex.slice(16)}`))));
  return new sharedPb.UUID().setStructured(halves);
}

export function batchAnswer(
  correlation: InstanceType<typeof sharedPb.UUID> | undefined,
  stream: string,
  outcome: AppendOutcome,
) {
  const answer = new streamsPb.BatchAppendResp().setStreamIdentifier(streamOf(stream));
  answer.setCorrelationId(structured(correlation?.getString() ?? ''));
  if (outcome.kind === 'done') {
    const position = new sharedPb.AllStreamPosition();
    position.setCommitPosition(String(outcome.position));
    position.setPreparePosition(String(outcome.position));
    const success = new streamsPb.BatchAppendResp.Success().setCurrentRevision(String(outcome.revision));
    return answer.setSuccess(success.setPosition(position));
  }
  if (outcome.kind === 'deleted') return batchRefusal(correlation, stream, 'stream-deleted', '');
  const wrong = new sharedPb.WrongExpectedVersion();
  if (outcome.actual < 0) wrong.setCurrentNoStream(new emptyPb.Empty());
  else wrong.setCurrentStreamRevision(String(outcome.actual));
  return answer.setError(statusOf('WrongExpectedVersion', wrong.serializeBinary(), 'WrongExpectedVersion'));
}

/** How errors that have an exception elsewhere are called in an answer to a batch; every other is Unknown. */
const BATCH_ERRORS: Readonly<Record<string, () => readonly [string, Uint8Array]>> = {
  'stream-deleted': () => ['StreamDeleted', new sharedPb.StreamDeleted().serializeBinary()],
  'access-denied': () => ['AccessDenied', new sharedPb.AccessDenied().serializeBinary()],
  'maximum-append-size-exceeded': () => [
    'MaximumAppendSizeExceeded',
    new sharedPb.MaximumAppendSizeExceeded().serializeBinary(),
  ],
  timeout: () => ['Timeout', new sharedPb.Timeout().serializeBinary()],
};

export function batchRefusal(
  correlation: InstanceType<typeof sharedPb.UUID> | undefined,
  stream: string,
  exception: string,
  message: string,
) {
  const answer = new streamsPb.BatchAppendResp().setStreamIdentifier(streamOf(stream));
  answer.setCorrelationId(structured(correlation?.getString() ?? ''));
  const [type, bytes] = BATCH_ERRORS[exception]?.() ?? ['Unknown', new sharedPb.Unknown().serializeBinary()];
  return answer.setError(statusOf(type, bytes, message));
}

function statusOf(type: string, bytes: Uint8Array, message: string) {
  const packed = new anyPb.Any();
  packed.pack(bytes, `event_store.client.${type}`);
  return new statusPb.Status().setMessage(message).setDetails(packed);
}

export function eventAnswer(event: ServerEvent) {
  const recorded = new streamsPb.ReadResp.ReadEvent.RecordedEvent();
  recorded.setId(uuidOf(event.id));
  recorded.setStreamIdentifier(streamOf(event.stream));
  recorded.setStreamRevision(String(event.revision));
  recorded.setCommitPosition(String(event.position));
  recorded.setPreparePosition(String(event.position));
  recorded.getMetadataMap().set('type', event.type);
  recorded.getMetadataMap().set('content-type', event.contentType);
  recorded.getMetadataMap().set('created', String(event.created * 10_000));
  recorded.setData(event.data);
  recorded.setCustomMetadata(event.metadata);
  const read = new streamsPb.ReadResp.ReadEvent().setEvent(recorded);
  return new streamsPb.ReadResp().setEvent(read.setCommitPosition(String(event.position)));
}

export function notFoundAnswer(stream: string) {
  const missing = new streamsPb.ReadResp.StreamNotFound().setStreamIdentifier(streamOf(stream));
  return new streamsPb.ReadResp().setStreamNotFound(missing);
}

export function confirmationAnswer(id: string) {
  const confirmation = new streamsPb.ReadResp.SubscriptionConfirmation();
  confirmation.setSubscriptionId(id);
  return new streamsPb.ReadResp().setConfirmation(confirmation);
}

export function checkpointAnswer(position: number) {
  const checkpoint = new streamsPb.ReadResp.Checkpoint();
  checkpoint.setCommitPosition(String(position));
  checkpoint.setPreparePosition(String(position));
  return new streamsPb.ReadResp().setCheckpoint(checkpoint);
}

/** Whether the name of a stream is asked for by a request to `$all`. */
export function filterOf(options: InstanceType<typeof ReadReq.Options>): (event: ServerEvent) => boolean {
  const filter = options.getFilter();
  if (filter === undefined) return () => true;
  const names = filter.getStreamIdentifier();
  const types = filter.getEventType();
  const expression = names ?? types;
  const regex = expression?.getRegex() ? new RegExp(expression.getRegex()) : undefined;
  const prefixes = expression?.getPrefixList() ?? [];
  return ({ stream, type }) => {
    const text = names === undefined ? type : stream;
    return regex?.test(text) ?? prefixes.some((prefix) => text.startsWith(prefix));
  };
}

/** An error as the server raises it: a status of gRPC, with what it is in the metadata. */
export function refusal(code: grpc.status, details: string, exception?: string, more: Record<string, string> = {}) {
  const metadata = new grpc.Metadata();
  if (exception !== undefined) metadata.set('exception', exception);
  for (const [name, value] of Object.entries(more)) metadata.set(name, value);
  return { code, details, metadata, name: 'Refusal', message: details };
}

export function featuresAnswer(version: string, batch: boolean) {
  const answer = new serverFeaturesPb.SupportedMethods();
  answer.setEventStoreServerVersion(version);
  const method = new serverFeaturesPb.SupportedMethod();
  method.setMethodName('batchappend');
  method.setServiceName('event_store.client.streams.streams');
  return batch ? answer.setMethodsList([method]) : answer;
}

export interface Member {
  readonly port: number;
  readonly state: 'leader' | 'follower' | 'read_only_replica';
  readonly alive?: boolean;
}

export function gossipAnswer(members: readonly Member[]) {
  const { VNodeState } = gossipPb.MemberInfo;
  const states = {
    leader: VNodeState.LEADER,
    follower: VNodeState.FOLLOWER,
    read_only_replica: VNodeState.READONLYREPLICA,
  };
  const info = members.map(({ port, state, alive = true }) => {
    const member = new gossipPb.MemberInfo();
    member.setInstanceId(uuidOf('00000000-0000-4000-8000-000000000001'));
    member.setState(states[state]);
    member.setIsAlive(alive);
    const place = new gossipPb.EndPoint();
    place.setAddress('127.0.0.1');
    place.setPort(port);
    return member.setHttpEndPoint(place);
  });
  return new gossipPb.ClusterInfo().setMembersList(info);
}
