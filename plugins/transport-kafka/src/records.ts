import { carriedBy, type Envelope, type OutgoingMessage, toBinary } from '@reprise/core/plugin';
import type { IncomingRecord, OutgoingRecord } from './driver.ts';
import { partitionOf } from './partition-of.ts';
import type { Route } from './topics.ts';

/** Says of a record in a topic that channels share whose it is. */
const CHANNEL = 'reprise-channel';

export function toRecord(
  { channel, envelope, place }: OutgoingMessage,
  { topic, shared }: Route,
  partitions: number,
): OutgoingRecord {
  const { key, headers, value } = toBinary(envelope);
  const { traceparent, tracestate } = envelope;
  return {
    topic: topic.name,
    partition: place !== undefined && place < partitions ? place : partitionOf(key, partitions),
    key,
    headers: {
      ...headers,
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(tracestate === undefined ? {} : { tracestate }),
      ...(shared ? { [CHANNEL]: channel } : {}),
    },
    value: Buffer.from(value),
  };
}

/** Which channel a record of a shared topic is of; undefined of one that does not say. */
export const channelOf = ({ headers }: IncomingRecord): string | undefined =>
  headers[CHANNEL] && textOf(headers[CHANNEL]);

/** The message of a record, or why there is none in it. */
export function toEnvelope({ headers, value }: IncomingRecord): Envelope | { readonly unreadable: string } {
  const texts = Object.fromEntries(Object.entries(headers).map(([name, bytes]) => [name, textOf(bytes)]));
  const read = carriedBy({ headers: texts, value: value === null ? '' : textOf(value) });
  return 'code' in read ? { unreadable: read.message } : read;
}

/** The record as it came, with where it was and why it is here. */
export function toDeadLetter(
  record: IncomingRecord,
  topic: string,
  place: { topic: string; partition: number },
  cause: string,
): OutgoingRecord {
  return {
    topic,
    partition: 0,
    key: null,
    headers: {
      ...record.headers,
      'reprise-topic': place.topic,
      'reprise-partition': String(place.partition),
      'reprise-offset': String(record.offset),
      'reprise-cause': cause,
    },
    value: record.value,
  };
}

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
