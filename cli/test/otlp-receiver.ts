import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

// A receiver of OTLP over HTTP, in protobuf (opentelemetry-proto 1.x), that keeps what spans there were.

export interface OtlpReceiver {
  readonly endpoint: string;
  /** `trace span parent name` of each, as often as it came. */
  readonly spans: readonly string[];
  stop(): Promise<void>;
}

/** `status`: what every request is answered with. */
export async function otlpReceiver(status = 200): Promise<OtlpReceiver> {
  const spans: string[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      if (request.url === '/v1/traces') spans.push(...all(body, 1, 2, 2).map(nameOf));
      response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const nameOf = (span: Buffer): string => {
  const [trace = '', id = '', parent = ''] = [1, 2, 4].map((field) => all(span, field)[0]?.toString('hex'));
  return [trace, id, parent || '-', all(span, 5)[0]?.toString('utf8')].join(' ');
};

/** The values with a length of a field; of members of members, by the path of field numbers. */
function all(message: Buffer, field: number, ...inner: readonly number[]): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < message.length; ) {
    const [key, next] = varint(message, at);
    const wire = key % 8;
    const [length, begin] = wire === 2 ? varint(message, next) : [wire === 1 ? 8 : 4, next];
    if (wire === 2 && Math.floor(key / 8) === field) found.push(message.subarray(begin, begin + length));
    at = wire === 0 ? varint(message, next)[1] : begin + length;
  }
  const [first, ...more] = inner;
  return first === undefined ? found : found.flatMap((one) => all(one, first, ...more));
}

function varint(bytes: Buffer, from: number): readonly [value: number, next: number] {
  let value = 0;
  for (let at = from, weight = 1; ; at += 1, weight *= 128) {
    const byte = bytes[at] ?? 0;
    value += (byte % 128) * weight;
    if (byte < 128) return [value, at + 1];
  }
}
