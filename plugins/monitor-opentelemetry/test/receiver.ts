import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

// A receiver of OTLP (protobuf over HTTP) in this process: it keeps what it is sent, as much of it as tests look at. Field numbers: opentelemetry-proto 1.x.

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface ReceivedLog {
  readonly body: string;
  readonly severity: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Receiver {
  readonly endpoint: string;
  readonly spans: readonly ReceivedSpan[];
  readonly logs: readonly ReceivedLog[];
  /** Names of the metrics that were sent. */
  readonly metrics: ReadonlySet<string>;
  /** All that was sent, as text: what must not be there can be looked for. */
  readonly bytes: () => string;
  stop(): Promise<void>;
}

/** `answer`: what becomes of each request, once it was read; default 200. */
export async function startReceiver(
  answer: (request: IncomingMessage, response: ServerResponse) => void = ok,
): Promise<Receiver> {
  const spans: ReceivedSpan[] = [];
  const logs: ReceivedLog[] = [];
  const metrics = new Set<string>();
  const raw: Buffer[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request);
    raw.push(body);
    if (request.url === '/v1/traces') spans.push(...inScopes(body).map(toSpan));
    if (request.url === '/v1/logs') logs.push(...inScopes(body).map(toLog));
    if (request.url === '/v1/metrics') for (const metric of inScopes(body)) metrics.add(textOf(metric, 1));
    answer(request, response);
  };
  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    logs,
    metrics,
    bytes: () => Buffer.concat(raw).toString('latin1'),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const ok = (_request: IncomingMessage, response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
};

type Field = { readonly number: number; readonly value: Buffer | bigint };

function* fields(message: Buffer): Generator<Field> {
  for (let at = 0; at < message.length; ) {
    const [key, next] = varint(message, at);
    const [number, wire] = [Number(key >> 3n), Number(key & 7n)];
    if (wire === 0) {
      const [value, end] = varint(message, next);
      yield { number, value };
      at = end;
    } else if (wire === 1 || wire === 5) {
      const size = wire === 1 ? 8 : 4;
      yield { number, value: message.subarray(next, next + size) };
      at = next + size;
    } else {
      const [length, begin] = varint(message, next);
      yield { number, value: message.subarray(begin, begin + Number(length)) };
      at = begin + Number(length);
    }
  }
}

function varint(bytes: Buffer, from: number): readonly [value: bigint, next: number] {
  let [value, shift] = [0n, 0n];
  for (let at = from; ; at += 1) {
    const byte = bytes[at] ?? 0;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return [value, at + 1];
    shift += 7n;
  }
}

const all = (message: Buffer, number: number): readonly Buffer[] =>
  [...fields(message)].flatMap((field) =>
    field.number === number && Buffer.isBuffer(field.value) ? [field.value] : [],
  );

const textOf = (message: Buffer, number: number): string => all(message, number)[0]?.toString('utf8') ?? '';
const hexOf = (message: Buffer, number: number): string => all(message, number)[0]?.toString('hex') ?? '';

/** Spans, records or metrics of a request: of its resources, of their scopes. */
const inScopes = (request: Buffer): readonly Buffer[] =>
  all(request, 1)
    .flatMap((resource) => all(resource, 2))
    .flatMap((scope) => all(scope, 2));

function attributesOf(message: Buffer, number: number): Readonly<Record<string, string>> {
  return Object.fromEntries(all(message, number).map((pair) => [textOf(pair, 1), plainOf(all(pair, 2)[0])]));
}

function plainOf(value: Buffer | undefined): string {
  for (const field of value === undefined ? [] : fields(value)) {
    if (!Buffer.isBuffer(field.value)) return String(field.value);
    if (field.number === 4) return String(field.value.readDoubleLE());
    return field.value.toString('utf8');
  }
  return '';
}

const toSpan = (span: Buffer): ReceivedSpan => ({
  traceId: hexOf(span, 1),
  spanId: hexOf(span, 2),
  parentSpanId: hexOf(span, 4),
  name: textOf(span, 5),
  attributes: attributesOf(span, 9),
});

const toLog = (record: Buffer): ReceivedLog => ({
  body: plainOf(all(record, 5)[0]),
  severity: Number([...fields(record)].find(({ number }) => number === 2)?.value ?? 0),
  traceId: hexOf(record, 9),
  spanId: hexOf(record, 10),
  attributes: attributesOf(record, 6),
});
