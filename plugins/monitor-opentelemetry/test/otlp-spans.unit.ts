import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { toReadable } from '../src/mapping.ts';
import { encodeSpans } from '../src/sending/otlp-spans.ts';
import { ProtobufWriter } from '../src/sending/protobuf.ts';
import type { Span } from '../src/spans/span.ts';

// Our own encoder against OpenTelemetry's: byte for byte.

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '',
    'x'.repeat(127),
    'x'.repeat(128),
    'ä'.repeat(63),
    'ä'.repeat(64),
    '€'.repeat(6000),
    '\ud800',
    'a😀',
  ),
);
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(0, -0, -1, 127, 128, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 2 ** 63, -(2 ** 63), 1e300),
);
const attributes = fc.dictionary(text, fc.oneof(text, number, fc.boolean(), fc.array(text, { maxLength: 4 })), {
  maxKeys: 6,
});
const time = fc.oneof(
  fc.integer({ min: 0, max: 4e12 }),
  fc.double({ min: 0, max: 4e12, noNaN: true }),
  fc.constantFrom(0, 999, 1000, 65_536_000, 65_535_999.999, 4_294_967_296),
);
const span: fc.Arbitrary<Span> = fc.record({
  traceId: hex(32),
  spanId: hex(16),
  parentSpanId: fc.option(hex(16), { nil: undefined }),
  name: text,
  kind: fc.constantFrom('internal', 'producer', 'consumer'),
  start: time,
  end: time,
  attributes,
  events: fc.array(fc.record({ name: text, time, attributes }), { maxLength: 3 }),
  droppedEvents: fc.nat(),
  links: fc.array(fc.record({ traceId: hex(32), spanId: hex(16), attributes }), { maxLength: 3 }),
  status: fc.oneof(
    fc.record({ code: fc.constantFrom('unset', 'ok', 'error') }),
    fc.record({ code: fc.constant('error'), message: text }),
  ) as fc.Arbitrary<Span['status']>,
});

const theirs = (spans: readonly Span[], resource: Record<string, string>): string => {
  const of = resourceFromAttributes(resource);
  return Buffer.from(ProtobufTraceSerializer.serializeRequest(spans.map((one) => toReadable(one, of))) ?? []).toString(
    'hex',
  );
};

describe('spans as OTLP', () => {
  it('are the bytes that OpenTelemetry makes of them, also with a writer that was used before', () => {
    const writer = new ProtobufWriter();
    fc.assert(
      fc.property(
        fc.array(span, { minLength: 1, maxLength: 5 }),
        // OpenTelemetry's resources lose a member of the name `__proto__`.
        fc.dictionary(
          fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
          fc.string(),
          { maxKeys: 3 },
        ),
        (spans, resource) => {
          const ours = Buffer.from(encodeSpans(spans, resource, writer)).toString('hex');
          expect(ours).to.equal(theirs(spans, resource));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('are no view of memory that is written to again', () => {
    const writer = new ProtobufWriter();
    const [one, other] = fc.sample(span, 2) as [Span, Span];
    const first = encodeSpans([one], {}, writer);
    const before = Buffer.from(first).toString('hex');
    encodeSpans([other], { more: 'x'.repeat(200_000) }, writer);
    expect(Buffer.from(first).toString('hex')).to.equal(before);
  });
});
