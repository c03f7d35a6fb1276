import type { Json } from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { toBinary } from '../../src/orchestration/messaging/binary-mode.ts';
import {
  fromMessageEnvelope,
  type RecordedMessage,
  toMessageEnvelope,
} from '../../src/orchestration/messaging/message-envelope.ts';
import { fromBinary } from '../../src/orchestration/messaging/read-binary.ts';
import { readMessage } from '../../src/orchestration/messaging/read-message.ts';
import type { MessageSent } from '../../src/orchestration/workflow/events.ts';
import type { Party } from '../../src/orchestration/workflow/messaging/message.ts';
import { jsonProblem } from '../../src/shared/json.ts';
import { PERFORMATIVES } from '../../src/shared/performatives.ts';

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
const path = fc.constantFrom('writer', 'book/pay', 'quotes[12]', 'a.b/c[0]/d');
const mailbox = fc.oneof(path, fc.constant('#desk'));

// As JSON has it, which knows no -0.
const data: fc.Arbitrary<Json> = fc
  .jsonValue({ maxDepth: 3 })
  .map((value) => JSON.parse(JSON.stringify(value)) as Json)
  .filter((value) => jsonProblem(value) === undefined);

const optional = fc.record(
  {
    performative: fc.constantFrom(...PERFORMATIVES),
    subject: name,
    conversation: name,
    inReplyTo: name,
    expiresAt: time,
    deadline: time,
    drop: fc.constant(true),
    key: name,
  },
  { requiredKeys: [] },
);

const ofAttempt = fc.record({ attempt: fc.integer({ min: 1, max: 1000 }), call: fc.nat(1_000_000), worker: name });

/** Of an attempt, of a task of the workflow, of a program, and what the run says for a task or a name. */
const whose: fc.Arbitrary<Partial<MessageSent> & { readonly from: Party }> = fc.oneof(
  fc.tuple(path, ofAttempt).map(([task, { attempt, ...more }]) => ({ from: { task, attempt }, ...more })),
  path.map((task) => ({ from: { task } })),
  name.map((client) => ({ from: { client }, commandId: 'cause' })),
  path.map((task) => ({ from: { task }, onBehalf: true })),
  fc.constant({ from: { client: '#desk' }, onBehalf: true }),
);

const recorded: fc.Arbitrary<RecordedMessage> = fc
  .record({
    id: name,
    at: time,
    to: mailbox,
    data,
    optional,
    whose,
    delivery: fc.option(fc.integer({ min: 1, max: 99 })),
  })
  .map(({ id, at, to, data: said, optional: more, whose: of, delivery }) => ({
    runId: 'run-1',
    event: { type: 'MessageSent', at, message: id, to, data: said, ...more, ...of },
    metadata: { causationId: 'cause', correlationId: 'root-1' },
    ...(delivery !== null && { delivery }),
  }));

describe('What agents say to each other', () => {
  it('goes over a border in either mode, and comes back as it was on record', () => {
    fc.assert(
      fc.property(recorded, (message) => {
        const envelope = toMessageEnvelope(message);
        expect(readMessage(JSON.parse(JSON.stringify(envelope)))).to.deep.equal(envelope);
        expect(fromBinary(toBinary(envelope))).to.deep.equal(envelope);
        expect(fromMessageEnvelope(envelope)).to.deep.equal(message);
        for (const attribute of Object.keys(envelope)) expect(attribute).to.match(/^[a-z0-9]{1,20}$/);
      }),
    );
  });

  it('is refused in binary mode as it is in the other', () => {
    const envelope = toMessageEnvelope({
      runId: 'run-1',
      event: { type: 'MessageSent', at: 0, message: 'm', from: { task: 'writer', attempt: 1 }, to: 'critic', data: 1 },
      metadata: { causationId: 'cause', correlationId: 'run-1' },
    });
    const { headers, value } = toBinary(envelope);
    const codeOf = (change: Readonly<Record<string, string>>, body = value): unknown =>
      fromBinary({ headers: { ...headers, ...change }, value: body });
    expect(codeOf({ 'x-trace': 'of somebody else', ce_comacmefoo: 'bar' })).to.deep.equal(envelope);
    expect(codeOf({ ce_attempt: 'first' })).to.include({ code: 'REPRISE_MESSAGE_INVALID' });
    expect(codeOf({ ce_dropexpired: 'maybe' })).to.include({ code: 'REPRISE_MESSAGE_INVALID' });
    expect(codeOf({ 'content-type': 'text/plain' })).to.include({ code: 'REPRISE_MESSAGE_INVALID' });
    expect(codeOf({ ce_dataschema: 'urn:reprise:message:2' })).to.include({ code: 'REPRISE_MESSAGE_TOO_NEW' });
    expect(codeOf({}, '{')).to.include({ code: 'REPRISE_INVALID_PAYLOAD' });
    expect(codeOf({}, '{"__proto__":1}')).to.include({ code: 'REPRISE_INVALID_PAYLOAD' });
  });
});
