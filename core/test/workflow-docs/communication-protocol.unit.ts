import { readFileSync } from 'node:fs';
import type { GivenCommand } from '@reprise/core/testing';
import { expect } from 'chai';
import { ATTRIBUTES, envelopeShape } from '../../src/orchestration/messaging/envelope-shape.ts';
import { toMessageEnvelope } from '../../src/orchestration/messaging/message-envelope.ts';
import { MESSAGE_TYPES } from '../../src/orchestration/messaging/message-types.ts';
import { mailboxWorkflow } from '../../src/orchestration/runtime/mailbox-run.ts';
import { LATER, NOT_YET_MS } from '../../src/orchestration/runtime/outboxes.ts';
import type { MessageSent } from '../../src/orchestration/workflow/events.ts';
import { AUTH, fromA2A, toA2A } from '../../src/orchestration/workflow/messaging/a2a-states.ts';
import {
  MAX_REASON_CHARS,
  MOST_SENT,
  MOST_TAKEN,
  outgoingFlaw,
  takeFlaw,
} from '../../src/orchestration/workflow/messaging/call-shapes.ts';
import { MAX_CONVERSATIONS } from '../../src/orchestration/workflow/messaging/conversations.ts';
import { mailboxRun } from '../../src/orchestration/workflow/messaging/elsewhere.ts';
import { HAND_OVER_MS } from '../../src/orchestration/workflow/messaging/hand-over.ts';
import {
  DEFAULT_MAILBOX_LIMIT,
  DEFAULT_MAILBOX_RETRY,
  MAX_DEAD_LETTERS,
  MAX_LOSSES,
} from '../../src/orchestration/workflow/messaging/mail.ts';
import { DEDUPE_MS } from '../../src/orchestration/workflow/messaging/outbox.ts';
import { MAX_KEYS, MAX_MESSAGE_CHARS } from '../../src/orchestration/workflow/messaging/outgoing.ts';
import {
  advance,
  isOpen,
  owes,
  type Protocol,
  protocolOf,
  type Role,
  type Stage,
  stagesOf,
} from '../../src/orchestration/workflow/messaging/protocols.ts';
import { schemaOf } from '../../src/orchestration/workflow/untrusted/shape.ts';
import { MAX_MAILBOX_LIMIT, MAX_MESSAGE_MS, MAX_NAME_CHARS, MAX_SUBSCRIBERS } from '../../src/shared/message-limits.ts';
import { PERFORMATIVES } from '../../src/shared/performatives.ts';
import { MailRun, mailWorkflow } from '../workflow/messaging/mail-run.ts';
import { PostOffice } from '../workflow/messaging/post-office.ts';
import { pathOf, readSourceTypes } from './event-types.ts';

const PAGE = readFileSync(pathOf('docs/communication_protocol.md'), 'utf8');
const ROLES: readonly Role[] = ['initiator', 'participant'];
const SECTIONS: Readonly<Record<string, readonly Protocol[]>> = {
  'Request and query': ['request', 'query'],
  'Contract net': ['contract-net'],
  Subscribe: ['subscribe'],
};
const PROTOCOLS = Object.values(SECTIONS).flat();

function section(title: string): string {
  const found = PAGE.split(/^## /m).find((text) => text.startsWith(`${title}\n`));
  if (found === undefined) throw new Error(`The page has no section '${title}'.`);
  return found;
}

/** The arrows of its diagram, one a performative: `asked --> agreed : participant agree`. */
const arrowsIn = (title: string): readonly string[] =>
  [...section(title).matchAll(/^ {2}(\S+) --> (\S+)(?: : (\w+) (.+))?$/gm)].flatMap(([, from, to, role, said]) => {
    const arrow = `${from} --> ${to}`.replaceAll('_', '-');
    return said?.split(' or ').map((one) => `${arrow} : ${role} ${one}`) ?? [arrow];
  });

/** The arrows that the code has. What was not understood is said beside the diagrams. */
function arrowsOf(protocols: readonly Protocol[]): readonly string[] {
  const arrows = new Set<string>();
  for (const protocol of protocols) {
    for (const said of PERFORMATIVES)
      if (protocolOf(said) === protocol) arrows.add(`[*] --> asked : initiator ${said}`);
    for (const stage of stagesOf(protocol))
      for (const role of ROLES)
        for (const said of PERFORMATIVES) {
          const next = advance(protocol, stage, role, said);
          if (next === undefined || said === 'not-understood') continue;
          arrows.add(`${stage} --> ${next} : ${role} ${said}`);
          if (!isOpen(next)) arrows.add(`${next} --> [*]`);
        }
  }
  return [...arrows];
}

/** The rows of its table, without their heading; code is text. */
const rowsIn = (title: string): readonly (readonly string[])[] =>
  [...section(title).matchAll(/^\| (.+) \|$/gm)].slice(1).map(([, row = '']) =>
    row
      .replaceAll('`', '')
      .split('|')
      .map((cell) => cell.trim()),
  );

/** The protocols that come to that stage. */
const within = (stage: Stage): readonly Protocol[] =>
  PROTOCOLS.filter(
    (protocol) =>
      stage === 'not-understood' || arrowsOf([protocol]).some((arrow) => arrow.includes(` --> ${stage} : `)),
  );

/** The longest text that a field of a message may be. */
function longest(field: 'to' | 'inReplyTo'): number {
  const takes = (size: number): boolean =>
    outgoingFlaw({ to: 'a', data: null, [field]: 'x'.repeat(size) }) === undefined;
  let size = 1;
  while (size < 10_000 && takes(size + 1)) size += 1;
  return size;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** For how long a program may have a message, at the least and at the most. */
function leases(): readonly [number, number] {
  const takes = (leaseMs: number): boolean =>
    takeFlaw({ type: 'TakeMessages', commandId: 'c', runId: 'r', client: 'c', mailbox: '#a', max: 1, leaseMs }) ===
    undefined;
  let least = 1;
  while (least < HOUR_MS && !takes(least)) least += 1;
  let most = HOUR_MS;
  while (takes(most + HOUR_MS)) most += HOUR_MS;
  return [least, takes(most + 1) ? Number.NaN : most / HOUR_MS];
}

const [LEAST_LEASE, MOST_LEASE] = leases();

/** By what the page calls it. */
const LIMITS: readonly (readonly [string, number])[] = [
  ['JSON of a message', MAX_MESSAGE_CHARS],
  ['open messages of a mailbox', DEFAULT_MAILBOX_LIMIT],
  ['the same, at the most', MAX_MAILBOX_LIMIT],
  ['deliveries that count', DEFAULT_MAILBOX_RETRY.maxAttempts],
  ['deliveries that were lost', MAX_LOSSES],
  ['messages of one call to send', MOST_SENT],
  ['messages that are taken', MOST_TAKEN],
  ['mailboxes that have what', MAX_SUBSCRIBERS],
  ['keys of a task', MAX_KEYS],
  ['conversations that are open', MAX_CONVERSATIONS],
  ['messages on their way', DEFAULT_MAILBOX_LIMIT],
  ['messages in a name of no run', mailboxWorkflow().definition.mailboxes?.['inbox']?.limit ?? 0],
  ['dead letters of a run', MAX_DEAD_LETTERS],
  ['key, type, name', MAX_NAME_CHARS],
  ['address', longest('to')],
  ['id', longest('inReplyTo')],
  ['reason', MAX_REASON_CHARS],
  ['expiry, deadline', MAX_MESSAGE_MS / DAY_MS],
  ['how long the end of a run waits', HAND_OVER_MS / MINUTE_MS],
  ['how long a run remembers', DEDUPE_MS / DAY_MS],
  ['how long a run that is not there', NOT_YET_MS / SECOND_MS],
  ['lease of a program, at the least', LEAST_LEASE],
  ['lease of a program, at the most', MOST_LEASE],
];

/** The events that the notes of a sequence diagram name, of one of its runs. */
const eventsNoted = (diagram: string, run = 'R'): readonly string[] =>
  [...diagram.matchAll(/^ {2}Note over (\w): (.+)$/gm)].flatMap(([, whose, note = '']) =>
    whose === run ? (note.match(/\b[A-Z][a-z]+[A-Z]\w+/g) ?? []) : [],
  );

describe('the page of the protocol', () => {
  const [asked = '', failing = ''] = section('From one agent to another').split('```mermaid').slice(1);
  const noted = (run: MailRun, from: number): readonly string[] =>
    run.events
      .slice(from)
      .map(({ type }) => type)
      .filter((type) => /^(Message|Conversation|TaskCompleted|TaskAttemptFailed|HandOver)/.test(type));

  it('draws a question and its answer as they are on record', () => {
    const run = new MailRun(mailWorkflow({ writer: {}, critic: {} }));
    run.beginAll();
    const from = run.events.length;
    run.hear('critic');
    run.say('writer', 'critic', 'draft', { performative: 'request' });
    const [question] = run.of('MessageSent');
    const answers = { conversation: question?.message ?? '', inReplyTo: question?.message ?? '' };
    run.hear('writer', { wanted: { inReplyTo: answers.inReplyTo } });
    run.say('critic', 'writer', 'good', { performative: 'inform', ...answers });
    run.complete('writer');
    expect(noted(run, from)).to.deep.equal(eventsNoted(asked));
  });

  it('draws what comes back until it is a dead letter as it is on record', () => {
    const retry = { ...DEFAULT_MAILBOX_RETRY, maxAttempts: 9 };
    const run = new MailRun(mailWorkflow({ writer: {}, critic: { retry } }));
    run.beginAll();
    run.hear('critic');
    run.say('writer', 'critic', 'draft', { performative: 'request' });
    const from = run.events.length;
    const { maxAttempts } = DEFAULT_MAILBOX_RETRY;
    for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
      run.fail('critic');
      if (attempt === maxAttempts) break;
      run.retry('critic');
      run.beginAll();
      run.hear('critic');
      run.now += DEFAULT_MAILBOX_RETRY.maxDelayMs;
      run.due();
    }
    const events = noted(run, from);
    const first = eventsNoted(failing).slice(0, 4);
    const last = eventsNoted(failing).slice(4);
    expect(last).to.have.lengthOf(4);
    expect(events.slice(0, 4)).to.deep.equal(first);
    expect(events.slice(-4)).to.deep.equal(last);
    expect(events.filter((type) => type === 'MessageRejected')).to.have.lengthOf(maxAttempts);
  });

  it('draws a question to another run, and its answer, as both have them on record', () => {
    const one = new MailRun(mailWorkflow({ writer: { may: ['sendAcross'] } }), null, { runId: 'one' });
    const two = new MailRun(mailWorkflow({ critic: { may: [] } }), null, { runId: 'two' });
    const runs = [one, two];
    for (const run of runs) run.beginAll();
    const from = runs.map((run) => run.events.length);
    const post = new PostOffice(...runs);
    two.hear('critic');
    one.say('writer', 'critic', 'draft', { run: 'two', performative: 'request' });
    post.run();
    const id = one.of('MessageSent')[0]?.message ?? '';
    two.say('critic', 'writer', 'good', { run: 'one', inReplyTo: id, conversation: id });
    post.run();
    const [between = ''] = section('Between runs').split('```mermaid').slice(1);
    expect(noted(one, from[0] ?? 0)).to.deep.equal(eventsNoted(between, 'S'));
    expect(noted(two, from[1] ?? 0)).to.deep.equal(eventsNoted(between, 'T'));
    expect(one.of('MessageSent')[0]).to.deep.include({ run: 'two', n: 1 });
    expect(two.of('MessageSent')[0]).to.deep.include({ run: 'one', n: 1 });
  });

  it('draws what a name of no run hands on, and has back, as all have it on record', () => {
    const name = mailboxRun(undefined, 'desk');
    const one = new MailRun(mailWorkflow({ writer: { may: ['sendAcross'] } }), null, { runId: 'one' });
    const two = new MailRun(mailWorkflow({ critic: { may: ['sendAcross'] } }), null, { runId: 'two' });
    const at = new MailRun({ definition: mailboxWorkflow().definition }, { name: 'desk' }, { runId: name });
    const runs = [two, at];
    for (const run of [one, two]) run.beginAll();
    const from = runs.map((run) => run.events.length);
    const post = new PostOffice(one, two, at);
    two.hear('critic', { mailbox: '@desk' });
    post.run();
    one.say('writer', '@desk', 'draft');
    post.run();
    const [message = ''] = two.of('MessageDelivered')[0]?.messages ?? [];
    two.settle('critic', { reject: [{ message, reason: 'not mine' }] });
    post.run();
    const [diagram = ''] = section('Names of no run').split('```mermaid').slice(1);
    expect(noted(two, from[0] ?? 0)).to.deep.equal(eventsNoted(diagram, 'T'));
    expect(noted(at, from[1] ?? 0)).to.deep.equal(eventsNoted(diagram, 'N'));
    expect(at.state.mail?.open.get(message)).to.deep.include({ mailbox: '#inbox', deliveries: 1 });
  });

  it('says what a run is refused with that sends to another, and may send again', () => {
    const text = section('Crashes and faults between runs');
    for (const code of LATER) expect(text).to.contain(code);
    const one = new MailRun(mailWorkflow({ a: { may: ['sendAcross'] } }), null, { runId: 'one' });
    one.beginAll();
    one.say('a', 'x', 'last words', { run: 'two' });
    const [outbox] = [...(one.state.mail?.boxes.keys() ?? [])];
    expect(outbox).to.equal('>two/x');
    expect(section('Between runs')).to.contain('`>RUN/ADDRESS`');
    one.complete('a');
    expect(noted(one, 0)).to.deep.equal(['MessageSent', 'TaskCompleted', 'HandOverAwaited']);
    one.now += HAND_OVER_MS;
    one.due();
    expect(noted(one, 0).slice(-2)).to.deep.equal(['MessageDeadLettered', 'MessagesClosed']);
    expect(section('The end of a run that talks')).to.contain(one.of('MessageDeadLettered')[0]?.code);
  });

  it('says what a program has on record', () => {
    const run = new MailRun(mailWorkflow({ a: {} }, { desk: {} }));
    const rows = rowsIn('Programs');
    const recorded = (what: RegExp): string => rows.find(([does]) => what.test(does ?? ''))?.[2] ?? 'no such row';
    const client = 'kim';
    const told = (command: GivenCommand): string => {
      const types = run.send(command).map(({ type }) => type);
      return types.length > 0 ? types.join(', ') : 'nothing';
    };
    const post = {
      type: 'PostMessage',
      from: client,
      message: { to: '#desk', data: 1, performative: 'request' },
    } as const;
    const lease = { max: 1, leaseMs: 30_000 };
    const take = { type: 'TakeMessages', client, mailbox: '#desk', ...lease } as const;
    expect(recorded(/^send\(\)/)).to.equal(told(post));
    expect(recorded(/^receive\(\)/)).to.equal(told(take));
    const [id = ''] = run.of('MessageTaken')[0]?.messages ?? [];
    expect(recorded(/^extend\(\)/)).to.equal(told({ type: 'SettleTaken', client, extend: [id], leaseMs: 500 }));
    const rejects = told({ type: 'SettleTaken', client, reject: [{ message: id, reason: 'no', delayMs: 0 }] });
    run.now += 1;
    told(take);
    const reply = { to: client, data: 2, inReplyTo: id, conversation: id };
    expect(recorded(/^reply\(\)/)).to.equal(told({ ...post, message: reply }));
    expect(run.of('MessageSent').at(-1)?.to).to.equal('client:kim');
    run.send(post);
    told(take);
    const [next = ''] = run.of('MessageTaken').at(-1)?.messages ?? [];
    const acknowledges = told({ type: 'SettleTaken', client, acknowledge: [next] });
    expect(recorded(/^ack\(\)/)).to.equal(`${acknowledges}; ${rejects}`);
  });

  it('has all that a message has: as it is said, on record, and as it is taken', () => {
    const fieldsOf = (file: string, name: string): readonly string[] =>
      readSourceTypes(file)
        .interfaces.get(name)
        ?.map((field) => field.name)
        .filter((field) => !(name === 'MessageSent' && field === 'type')) ?? [];
    const column = (index: number): readonly string[] =>
      rowsIn('Envelope').flatMap((row) => (row[index] === '' ? [] : [row[index] ?? '']));
    const messaging = 'core/src/orchestration/workflow/messaging/message.ts';
    // What agents and workflows write as `expires` is a time in ms there.
    const said = fieldsOf(messaging, 'Outgoing').map((field) => field.replace(/Ms$/, ''));
    const onRecord = fieldsOf('core/src/orchestration/workflow/events.ts', 'MessageSent');
    expect(onRecord).to.include('onBehalf');
    expect([...column(1)].sort()).to.deep.equal([...said].sort());
    expect([...column(2)].sort()).to.deep.equal([...onRecord].sort());
    expect([...column(3)].sort()).to.deep.equal(
      [...fieldsOf('core/src/shared/received-message.ts', 'ReceivedMessage')].sort(),
    );
  });

  it('has every attribute of the envelope, and whether it is always there', () => {
    const { required } = schemaOf(envelopeShape) as { readonly required: readonly string[] };
    expect(rowsIn('Envelope and versions').map(([name, there]) => [name, there])).to.deep.equal(
      ATTRIBUTES.map((name) => [name, required.includes(name) ? 'always' : '']),
    );
    for (const type of MESSAGE_TYPES) expect(section('Envelope and versions')).to.contain(type);
  });

  it('says which attribute has what of a message', () => {
    const from = (name: string): MessageSent['from'] => ({ task: name, attempt: name.length });
    const event: MessageSent = {
      ...{ type: 'MessageSent', at: 1, message: 'id', from: from('a'), to: 'to', data: 1, performative: 'agree' },
      ...{ subject: 'about', conversation: 'c', inReplyTo: 'q', expiresAt: 2, deadline: 3, onBehalf: true, drop: true },
      ...{ key: 'k', call: 4, worker: 'w', run: 'r', n: 1, receipt: 'wanted', ask: { id: 'a' } },
      ...{ recipients: ['x'], late: true, on: 'completion', decidedBy: 1 },
    };
    const envelopeOf = (one: MessageSent) =>
      toMessageEnvelope({ runId: 'r', event: one, metadata: { causationId: 'c', correlationId: 'r' } });
    // All of them: a member that the mapping forgets does not compile here.
    const others: Required<Omit<MessageSent, 'type' | 'commandId'>> = {
      ...{ at: 9, message: 'other', from: from('bb'), to: 'other', data: 9, performative: 'refuse', subject: 'other' },
      ...{ conversation: 'other', inReplyTo: 'other', expiresAt: 9, deadline: 9, onBehalf: false, drop: false },
      ...{ key: 'other', call: 9, worker: 'other', run: 'other', n: 9, receipt: 'failed', ask: { id: 'other' } },
      ...{ recipients: ['other'], late: false, on: undefined as unknown as 'completion', decidedBy: 9 },
    };
    const changed = (member: string): readonly string[] => {
      const [one, other] = [event, { ...event, [member]: others[member as keyof typeof others] }].map((each) =>
        Object.entries(envelopeOf(each)).map(([name, value]) => `${name} ${JSON.stringify(value)}`),
      );
      return (one ?? []).filter((text) => !other?.includes(text)).map((text) => text.split(' ', 1)[0] ?? '');
    };
    const rows = rowsIn('Envelope and versions').flatMap(([name = '', , , member = '']) =>
      member === '' ? [] : [[name, member] as const],
    );
    expect([...new Set(rows.map(([, member]) => member))].sort()).to.deep.equal(Object.keys(others).sort());
    for (const member of Object.keys(others))
      expect([...changed(member)].sort(), member).to.deep.equal(
        rows.flatMap(([name, of]) => (of === member ? [name] : [])).sort(),
      );
  });

  it('has the limits that hold', () => {
    const rows = rowsIn('Limits');
    expect(rows.map(([, limit]) => limit)).to.deep.equal(LIMITS.map(([, limit]) => limit.toLocaleString('en-US')));
    for (const [index, [what]] of LIMITS.entries()) expect(rows[index]?.[0]).to.match(new RegExp(`^${what}`));
  });

  for (const [title, protocols] of Object.entries(SECTIONS))
    it(`draws what may be said: ${title}`, () => {
      expect(arrowsOf(protocols)).to.have.length.above(8);
      expect([...arrowsIn(title)].sort()).to.deep.equal([...arrowsOf(protocols)].sort());
    });

  it('has every performative, with what it opens, and the states of A2A that say it', () => {
    const states = [
      'SUBMITTED',
      'WORKING',
      'INPUT_REQUIRED',
      'AUTH_REQUIRED',
      'COMPLETED',
      'FAILED',
      'CANCELED',
      'REJECTED',
    ] as const;
    expect(
      rowsIn('Performatives').map(([said, , , opens, a2a]) => [said, opens, a2a?.split(', ').sort().join(', ')]),
    ).to.deep.equal(
      PERFORMATIVES.map((said) => [
        said,
        protocolOf(said) ?? '',
        states
          .filter((state) => fromA2A(state, state === 'CANCELED' ? 'cancelling' : 'asked') === said)
          .sort()
          .join(', '),
      ]),
    );
  });

  it('has every stage, with who owes and its state of A2A', () => {
    const rows = rowsIn('Stages');
    const stages = new Set<string>(
      PROTOCOLS.flatMap((protocol) => [
        ...stagesOf(protocol),
        ...arrowsOf([protocol]).flatMap((arrow) => / --> ([\w-]+) /.exec(arrow)?.[1] ?? []),
      ]),
    );
    expect(rows.map(([stage]) => stage).sort()).to.deep.equal([...stages, 'not-understood'].sort());
    for (const [name, protocols, who, a2a] of rows) {
      const stage = name as Stage;
      const auth = toA2A(stage, AUTH);
      const state = toA2A(stage) === auth ? auth : `${toA2A(stage)}; of type ${AUTH} ${auth}`;
      expect([name, protocols, who, a2a]).to.deep.equal([stage, within(stage).join(', '), owes(stage) ?? '', state]);
    }
  });
});
