import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import streamsPb, { type ReadReq, type ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { identifier } from './append.ts';
import type { Kept } from './mapping.ts';
import type { LogPosition } from './position.ts';

// What is asked of EventStoreDB when it is read, and its answers.

const { Options } = streamsPb.ReadReq;
const FORWARDS = Options.ReadDirection.FORWARDS;
const BACKWARDS = Options.ReadDirection.BACKWARDS;
/** Events that are looked at in one go for those that fit a filter. */
const SEARCH_WINDOW = 4096;

/** `from`: a revision, inclusive; undefined for the first of them, backwards for the last. */
export function streamRequest(stream: string, from: number | undefined, backwards: boolean, count: number): ReadReq {
  const of = new Options.StreamOptions();
  of.setStreamIdentifier(identifier(stream));
  if (from !== undefined) of.setRevision(String(from));
  else if (backwards) of.setEnd(new sharedPb.Empty());
  else of.setStart(new sharedPb.Empty());
  const options = plain(backwards).setStream(of);
  options.setNoFilter(new sharedPb.Empty());
  return new streamsPb.ReadReq().setOptions(options.setCount(String(count)));
}

/** The events of streams whose names fit `filter`, from a position on, the one at it included; undefined: from the first. */
export function allRequest(filter: string, from: LogPosition | undefined, count: number): ReadReq {
  const options = filtered(plain(false).setAll(place(from)), filter);
  return new streamsPb.ReadReq().setOptions(options.setCount(String(count)));
}

/** The last event of all, of whatever stream. */
export function endRequest(): ReadReq {
  const all = new Options.AllOptions();
  all.setEnd(new sharedPb.Empty());
  const options = plain(true).setAll(all);
  options.setNoFilter(new sharedPb.Empty());
  return new streamsPb.ReadReq().setOptions(options.setCount('1'));
}

/** Whatever is appended to streams whose names fit `filter`, after a position. */
export function followRequest(filter: string, after: LogPosition | undefined): ReadReq {
  const options = filtered(plain(false).setAll(place(after)), filter);
  options.setSubscription(new Options.SubscriptionOptions());
  return new streamsPb.ReadReq().setOptions(options);
}

function plain(backwards: boolean): InstanceType<typeof Options> {
  const options = new Options();
  options.setReadDirection(backwards ? BACKWARDS : FORWARDS);
  options.setResolveLinks(false);
  return options.setUuidOption(new Options.UUIDOption().setString(new sharedPb.Empty()));
}

function place(position: LogPosition | undefined): InstanceType<typeof Options.AllOptions> {
  const all = new Options.AllOptions();
  if (position === undefined) return all.setStart(new sharedPb.Empty());
  const at = new Options.Position();
  at.setCommitPosition(position.commit);
  at.setPreparePosition(position.prepare);
  return all.setPosition(at);
}

function filtered(options: InstanceType<typeof Options>, filter: string): InstanceType<typeof Options> {
  const names = new Options.FilterOptions.Expression();
  names.setRegex(filter);
  const of = new Options.FilterOptions();
  of.setStreamIdentifier(names);
  of.setMax(SEARCH_WINDOW);
  of.setCheckpointintervalmultiplier(1);
  return options.setFilter(of);
}

/** The event of an answer, and where it stands in the log (undefined from servers before 22.6, of reads of a stream). */
export interface Answer {
  readonly kept: Kept;
  readonly position: LogPosition | undefined;
  /** When the server wrote it, by its own clock, in ms since the Unix epoch. */
  readonly created: number;
}

/** The server's clock counts 100 ns. */
const TICKS_PER_MS = 10_000;

/** What servers write where they do not know a position: all bits set. */
const UNKNOWN = '18446744073709551615';

/** Undefined for an answer that is no event. */
export function answerOf(answer: ReadResp): Answer | undefined {
  const event = answer.getEvent()?.getEvent();
  if (event === undefined) return undefined;
  const commit = event.getCommitPosition();
  const kept = {
    id: event.getId()?.getString() ?? '',
    type: event.getMetadataMap().get('type') ?? '',
    data: event.getData_asU8(),
    metadata: event.getCustomMetadata_asU8(),
    stream: Buffer.from(event.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString('utf8'),
    revision: Number(event.getStreamRevision()),
  };
  const position = commit === UNKNOWN ? undefined : { commit, prepare: event.getPreparePosition() };
  return { kept, position, created: Number(event.getMetadataMap().get('created')) / TICKS_PER_MS };
}
