import type { Delivery, Envelope, OutgoingMessage, Transport } from '@reprise/core/plugin';
import { createKafkaTransport, type KafkaOptions } from '@reprise/transport-kafka';

let made = 0;

/** A message that no other call returns. */
export function message(channel: string, key: string): OutgoingMessage {
  made += 1;
  const envelope: Envelope = {
    specversion: '1.0',
    id: `m-${made}`,
    source: 'reprise/tests',
    type: 'reprise.command',
    subject: key,
    time: '2026-01-01T00:00:00.000Z',
    datacontenttype: 'application/json',
    correlationid: key,
    causationid: 'test',
    partitionkey: key,
    data: { number: made },
  };
  return { channel, envelope };
}

export const idOf = ({ envelope }: { readonly envelope: Envelope }): string => envelope.id;

/** Resolves when `holds` does; the test's own time limit ends a wait in vain. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(20);
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const ids = (list: readonly Delivery[]): string[] => list.map(idOf);

/** What was thrown. */
export const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

const open: Transport[] = [];

export async function started(options: KafkaOptions): Promise<Transport> {
  const transport = createKafkaTransport({ partitions: 4, ...options });
  open.push(transport);
  await transport.start();
  return transport;
}

/** To be called after each test. */
export async function stopAll(): Promise<void> {
  await Promise.all(open.splice(0).map((transport) => transport.stop()));
}
