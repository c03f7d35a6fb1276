import {
  BUDGETS,
  createInMemoryStorage,
  DEFAULT_RETRY,
  decodeEvent,
  EVENT_VERSIONS,
  encodeEvent,
  isRepriseError,
  type Json,
  type JsonObject,
  NO_STREAM,
  type RepriseError,
  type RunEvent,
  type RunEventType,
  RunReader,
  type StoredEvent,
  uuidv5,
} from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Upcasters } from '../../src/orchestration/workflow/event-schema.ts';

// What a build makes of what it reads, its own events and those of other builds. (How upcasters chain: test/workflow.)

type Fields<Type extends RunEventType> = Omit<Extract<RunEvent, { readonly type: Type }>, 'type' | 'at'>;
type Arbitraries = { readonly [Type in RunEventType]: fc.Arbitrary<Fields<Type>> };

const text = fc.string({ maxLength: 20, unit: 'binary' });
const count = fc.nat(1_000_000);
const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as Json);
const error = fc.record(
  { code: text, message: text, retryable: fc.boolean(), details: fc.constant<JsonObject>({ path: 'a' }) },
  { requiredKeys: ['code', 'message', 'retryable'] },
);
const reference = fc.record(
  {
    revision: count,
    of: fc.constantFrom('input', 'output', 'items', 'undone'),
    task: text,
    path: fc.array(fc.oneof(text, count), { maxLength: 3 }),
  },
  { requiredKeys: ['revision', 'of', 'task'] },
);
const source = fc.oneof(
  reference,
  fc.record({ value: json }),
  fc.record({ list: fc.array(reference, { maxLength: 3 }) }),
  fc.record({ fields: fc.record({ some: reference, other: fc.record({ value: json }) }) }),
);
const attempt = { taskId: text, attempt: count };
const subscription = { ...attempt, call: count, worker: text, topic: text, mailbox: text };
const definition = fc.constant({
  schemaVersion: 1,
  name: 'w',
  version: '1',
  tasks: [],
  concurrency: 1,
  strategy: 'graph',
} as const);

const budget = fc.dictionary(fc.constantFrom(...BUDGETS), count);

const addedTask = {
  id: 'new',
  set: { kind: 'template', template: null },
  after: [],
  retry: DEFAULT_RETRY,
  timeouts: {},
  priority: 0,
  delivery: 'at-least-once',
} as const;

/** Any event of each type; that there is one for each is checked by the compiler. */
const EVENTS: Arbitraries = {
  RunStarted: fc.record(
    {
      runId: text,
      commandId: text,
      definition,
      definitionHash: text,
      input: json,
      traceparent: text,
      tenant: text,
      labels: fc.dictionary(text, text),
      budget,
      strategies: fc.dictionary(text, fc.oneof(text, fc.record({ name: text, team: fc.dictionary(text, json) }))),
      lineage: fc.record({ runId: text, revision: count, as: fc.constantFrom('retry', 'fork') }),
      parent: fc.record(
        { runId: text, taskId: text, attempt: count, rootRunId: text, depth: count, key: text },
        { requiredKeys: ['runId', 'taskId', 'attempt', 'rootRunId', 'depth'] },
      ),
      rules: count,
    },
    { requiredKeys: ['runId', 'commandId', 'definition', 'definitionHash', 'input'] },
  ),
  RunPaused: fc.record({ commandId: text, reason: text }, { requiredKeys: ['commandId'] }),
  RunResumed: fc.record({ commandId: text }),
  RunParked: fc.record({ commandId: text, error, command: text }, { requiredKeys: ['commandId', 'error'] }),
  RunCompleted: fc.record({ output: json, stateDigest: text }, { requiredKeys: ['stateDigest'] }),
  RunFailed: fc.record({ error, taskId: text, stateDigest: text }, { requiredKeys: ['error', 'stateDigest'] }),
  RunCancelled: fc.record(
    { commandId: text, reason: text, stateDigest: text },
    { requiredKeys: ['commandId', 'stateDigest'] },
  ),
  TaskReady: fc.record(
    {
      taskId: text,
      reason: fc.constantFrom('condition', 'retry', 'manual', 'join', 'mutex'),
      commandId: text,
      mutex: text,
      across: fc.constantFrom('workflow', 'tenant'),
    },
    { requiredKeys: ['taskId', 'reason'] },
  ),
  MutexGranted: fc.record({ taskId: text }),
  TaskSkipped: fc.record(
    { taskId: text, reason: fc.constantFrom('condition', 'dependencies', 'case', 'manual'), commandId: text },
    { requiredKeys: ['taskId', 'reason'] },
  ),
  TaskEntered: fc.record(
    { ...attempt, input: json, source, until: count, signal: text, child: text, retries: text },
    { requiredKeys: ['taskId', 'attempt'] },
  ),
  TaskCancelled: fc.record({ taskId: text, reason: fc.constantFrom('join', 'closed') }),
  TaskClosing: fc.record(
    {
      taskId: text,
      why: fc.constantFrom('failure', 'limit', 'cancel', 'join', 'end', 'skip', 'override'),
      error,
      commandId: text,
      reason: text,
      compensate: fc.constant(false),
      force: fc.constant(true as const),
      output: json,
    },
    { requiredKeys: ['taskId', 'why'] },
  ),
  TasksAdded: fc.record(
    {
      scope: text,
      tasks: fc.array(fc.constant(addedTask), { maxLength: 3 }),
      before: fc.array(fc.record({ taskId: text, dependency: text }), { maxLength: 3 }),
      commandId: text,
    },
    { requiredKeys: ['scope', 'tasks', 'commandId'] },
  ),
  TasksLinked: fc.record({ taskId: text, after: fc.array(text, { maxLength: 3 }), commandId: text }),
  TasksUnlinked: fc.record({ taskId: text, after: fc.array(text, { maxLength: 3 }), commandId: text }),
  BudgetReached: fc.record({ scope: text, budget: fc.constantFrom(...BUDGETS) }),
  BudgetRaised: fc.record(
    { scope: text, raised: budget, commandId: text, taskId: text },
    { requiredKeys: ['scope', 'raised'] },
  ),
  BudgetAsked: fc.record(
    {
      ...{ taskId: text, attempt: count, scope: text, budget: fc.constantFrom(...BUDGETS), agent: text },
      ...{ limit: count, spent: count, least: count, assignee: text, until: count },
    },
    { requiredKeys: ['taskId', 'attempt', 'scope', 'budget', 'limit', 'spent', 'least', 'assignee'] },
  ),
  DecisionMade: fc.record(
    {
      scope: text,
      strategy: text,
      n: count,
      kind: fc.constantFrom('add', 'ask', 'reject', 'finish', 'giveUp'),
      seen: count,
      tasks: fc.array(text, { maxLength: 3 }),
      to: text,
      role: text,
      about: text,
      why: text,
      ledger: fc.record({
        format: count,
        changes: fc.array(fc.record({ op: fc.constant('add' as const), path: text, value: json })),
      }),
      wakeInMs: count,
      output: json,
      error,
    },
    { requiredKeys: ['scope', 'strategy', 'n', 'kind', 'seen'] },
  ),
  DecisionRefused: fc.record(
    {
      scope: text,
      strategy: text,
      n: count,
      kind: text,
      seen: count,
      tasks: fc.array(text, { maxLength: 3 }),
      why: text,
      code: fc.constantFrom('REPRISE_DECISION_INVALID', 'REPRISE_AGENT_UNKNOWN'),
      message: text,
    },
    { requiredKeys: ['scope', 'strategy', 'n', 'kind', 'seen', 'code', 'message'] },
  ),
  TeamWoken: fc.record({ scope: text }),
  AgentRested: fc.record({ agent: text, until: count, failures: count }),
  AgentBack: fc.record({ agent: text }),
  TaskPrioritySet: fc.record({ taskId: text, priority: count, commandId: text }),
  TasksReset: fc.record(
    {
      region: text,
      why: fc.constantFrom('loop', 'catch', 'repeat', 'fork'),
      tasks: fc.array(text),
      retries: fc.boolean(),
      restarted: fc.array(text),
      renewed: fc.array(text),
      undone: fc.array(text),
      since: count,
      round: count,
      feedback: json,
      attempt: count,
      via: fc.constantFrom('fallback-value', 'fallback-task'),
    },
    { requiredKeys: ['region', 'why', 'round', 'feedback'] },
  ),
  ScopeCaught: fc.record({ scope: text, clause: count, taskId: text, error }),
  CompensationBegan: fc.record({ scope: text, taskId: text, outcome: fc.constantFrom('completed', 'unknown') }),
  RunForked: fc.record({ runId: text, keys: fc.array(text) }, { requiredKeys: ['runId'] }),
  FormAnswered: fc.record(
    { taskId: text, attempt: fc.nat(), commandId: text, answer: json, by: text },
    { requiredKeys: ['taskId', 'attempt', 'commandId', 'answer'] },
  ),
  FormAssigned: fc.record(
    { taskId: text, attempt: fc.nat(), to: text, step: fc.nat(), commandId: text, by: text },
    { requiredKeys: ['taskId', 'attempt', 'to'] },
  ),
  SignalReceived: fc.record({ commandId: text, signal: text, data: json }),
  TaskExpanded: fc.record(
    { taskId: text, from: count, items: fc.array(json, { maxLength: 5 }), source, total: count },
    { requiredKeys: ['taskId', 'from', 'total'] },
  ),
  ItemsAdded: fc.record(
    { taskId: text, from: fc.nat(), items: fc.array(json), commandId: text },
    { requiredKeys: ['taskId', 'from', 'items', 'commandId'] },
  ),
  ItemJoined: fc.record({ taskId: text, index: fc.nat() }),
  TaskYielded: fc.record({ taskId: text, rest: fc.constant('cancel' as const) }, { requiredKeys: ['taskId'] }),
  TaskExpired: fc.record({ taskId: text, error }),
  TaskAdopted: fc.record(
    { taskId: text, status: fc.constantFrom('completed', 'skipped'), output: json },
    { requiredKeys: ['taskId', 'status'] },
  ),
  TaskScheduled: fc.record(
    { ...attempt, agent: text, readySince: count, input: json, source },
    { requiredKeys: ['taskId', 'attempt', 'agent'] },
  ),
  TaskStarted: fc.record({ ...attempt, worker: text }),
  TaskCompleted: fc.record(
    {
      ...attempt,
      via: fc.constantFrom(
        'agent',
        'items',
        'fallback-value',
        'fallback-task',
        'last-round',
        'switch',
        'signal',
        'override',
      ),
      output: json,
      case: text,
      signal: text,
      commandId: text,
    },
    { requiredKeys: ['taskId', 'attempt', 'via'] },
  ),
  TaskRepeated: fc.record(
    { ...attempt, output: json, from: text, round: count, via: fc.constantFrom('fallback-value', 'fallback-task') },
    { requiredKeys: ['taskId', 'attempt', 'output', 'from', 'round'] },
  ),
  TaskAttemptCompleted: fc.record({ ...attempt, output: json }),
  TaskAttemptFailed: fc.record(
    { ...attempt, error, lost: fc.boolean(), retryAt: count },
    { requiredKeys: ['taskId', 'attempt', 'error'] },
  ),
  TaskHandedOff: fc.record(
    { ...attempt, agent: text, input: json, why: text, output: json },
    { requiredKeys: ['taskId', 'attempt', 'agent'] },
  ),
  TaskFellBack: fc.record({
    taskId: text,
    to: fc.oneof(
      fc.record({ kind: fc.constant('agent'), agent: text }),
      fc.record({ kind: fc.constant('task'), task: text }),
    ),
    error,
  }),
  TaskFailed: fc.record({ taskId: text, error }),
  TaskResultIgnored: fc.record({ ...attempt, outcome: fc.constantFrom('completed', 'failed') }),
  MessageSent: fc.record(
    {
      message: text,
      from: fc.oneof(
        fc.record({ task: text, attempt: count }, { requiredKeys: ['task'] }),
        fc.record({ client: text }),
      ),
      to: text,
      recipients: fc.array(text),
      data: json,
      performative: fc.constantFrom('inform', 'cfp'),
      subject: text,
      conversation: text,
      inReplyTo: text,
      expiresAt: count,
      drop: fc.constant(true),
      deadline: count,
      onBehalf: fc.constant(true),
      late: fc.constant(true),
      key: text,
      call: count,
      worker: text,
      on: fc.constant('completion'),
      commandId: text,
    },
    { requiredKeys: ['message', 'from', 'to', 'data'] },
  ),
  MessageReceived: fc.record(
    {
      message: text,
      from: fc.oneof(fc.record({ task: text, run: text }), fc.record({ client: text, run: text })),
      origin: fc.record({ run: text, to: text, n: count }),
      sentAt: count,
      to: text,
      data: json,
      receipt: fc.constantFrom('wanted', 'acknowledged', 'failed'),
      performative: fc.constantFrom('inform', 'cfp'),
      subject: text,
      conversation: text,
      inReplyTo: text,
      expiresAt: count,
      deadline: count,
      onBehalf: fc.constant(true),
      drop: fc.constant(true),
    },
    { requiredKeys: ['message', 'from', 'origin', 'sentAt', 'to', 'data'] },
  ),
  MessageTaken: fc.record({ messages: fc.array(text), client: text, until: count }),
  MessageHandedOn: fc.record(
    { message: text, to: text, run: text, n: count, ask: text, dead: fc.record({ code: text, error }) },
    { requiredKeys: ['message', 'to'] },
  ),
  MessagesHandedOver: fc.record({ run: text, to: text, upTo: count }),
  HandOverAwaited: fc.record({ until: count, messages: count }),
  MailboxSubscribed: fc.record(
    { ...subscription, filter: fc.record({ from: text, where: text }) },
    { requiredKeys: ['taskId', 'attempt', 'call', 'worker', 'topic', 'mailbox'] },
  ),
  MailboxUnsubscribed: fc.record(subscription),
  MessageAwaited: fc.record(
    {
      ...attempt,
      call: count,
      worker: text,
      mailbox: text,
      wanted: fc.record({ from: text }),
      max: count,
      until: count,
    },
    { requiredKeys: ['taskId', 'attempt', 'call', 'worker', 'mailbox', 'max'] },
  ),
  MessageDelivered: fc.record({ ...attempt, messages: fc.array(text), call: count }),
  MessageMissed: fc.record({ ...attempt, call: count, error }, { requiredKeys: ['taskId', 'attempt', 'call'] }),
  MessageAcknowledged: fc.record(
    { ...attempt, messages: fc.array(text), call: count },
    { requiredKeys: ['taskId', 'attempt', 'messages'] },
  ),
  MessageRejected: fc.record(
    {
      ...attempt,
      message: text,
      call: count,
      reason: text,
      code: text,
      retryAt: count,
      because: fc.constantFrom('lost', 'ended'),
    },
    { requiredKeys: ['taskId', 'attempt', 'message', 'reason'] },
  ),
  MessageExpired: fc.record({ messages: fc.array(text) }),
  MessageDeadLettered: fc.record(
    {
      message: text,
      code: text,
      error,
      mailbox: text,
      from: fc.record({ client: text }),
      subject: text,
      performative: fc.constantFrom('request', 'cfp'),
      deliveries: fc.array(fc.record({ task: text, attempt: count, at: count, reason: text })),
      causes: fc.array(text),
    },
    { requiredKeys: ['message', 'code', 'error', 'mailbox', 'from', 'deliveries'] },
  ),
  MessagesClosed: fc.record({ scope: text, messages: fc.array(text), open: count, dead: count }),
  ConversationExpired: fc.record({ message: text, reason: text }),
  DeadLetterEdited: fc.record({ message: text, data: json, commandId: text }),
  DeadLettersRedriven: fc.record(
    { messages: fc.array(text), to: text, commandId: text },
    { requiredKeys: ['messages', 'commandId'] },
  ),
  DeadLettersDiscarded: fc.record({ messages: fc.array(text), commandId: text }, { requiredKeys: ['messages'] }),
  CommandRejected: fc.record(
    { commandId: text, command: text, code: text, message: text, final: fc.constant(true as const) },
    { requiredKeys: ['commandId', 'command', 'code', 'message'] },
  ),
  CommandNoted: fc.record({ commandId: text, command: text }),
};

const asStored = (event: RunEvent): StoredEvent => JSON.parse(JSON.stringify(encodeEvent(event))) as StoredEvent;

function unreadable(call: () => unknown): RepriseError {
  try {
    call();
  } catch (reason) {
    if (isRepriseError(reason, 'REPRISE_EVENT_UNREADABLE')) return reason;
    throw reason;
  }
  return expect.fail('it was read');
}

describe('events in a store', () => {
  for (const [type, fields] of Object.entries<fc.Arbitrary<object>>(EVENTS)) {
    it(`give ${type} back as it was`, () => {
      fc.assert(
        fc.property(fields, fc.nat(), (own, at) => {
          const event = { ...structuredClone(own), type, at } as RunEvent;
          const stored = asStored(event);
          expect(decodeEvent(stored)).to.deep.equal(event);
          expect(stored.metadata.schemaVersion).to.equal(EVENT_VERSIONS[event.type]);
          expect([stored.type, stored.time]).to.deep.equal([type, at]);
          expect(Object.keys(stored.data).sort()).to.deep.equal(Object.keys(own).sort());
        }),
        { numRuns: 30 },
      );
    });
  }

  it('are left as they are by whoever reads them', () => {
    const stored = asStored({ type: 'TaskStarted', at: 5, taskId: 'a', attempt: 1, worker: 'w' });
    const before = structuredClone(stored);
    const versions = { ...EVENT_VERSIONS, TaskStarted: 2 };
    const upcasters: Upcasters = { TaskStarted: { 1: (data) => ({ ...data, worker: 'other' }) } };
    expect(decodeEvent(stored, versions, upcasters)).to.deep.include({ worker: 'other', at: 5 });
    expect(stored).to.deep.equal(before);
  });

  it('may have other versions per type, each with upcasters of its own', () => {
    const versions = { ...EVENT_VERSIONS, TaskStarted: 3, TaskFailed: 2 };
    const steps: string[] = [];
    const note =
      (step: string) =>
      (data: JsonObject): JsonObject => {
        steps.push(step);
        return { ...data, [step]: true };
      };
    const upcasters: Upcasters = { TaskStarted: { 1: note('s1'), 2: note('s2') }, TaskFailed: { 1: note('f1') } };
    const old = (type: string, schemaVersion: number): StoredEvent => ({
      type,
      time: 1,
      data: {},
      metadata: { schemaVersion },
    });
    expect(decodeEvent(old('TaskStarted', 1), versions, upcasters)).to.deep.equal({
      type: 'TaskStarted',
      at: 1,
      s1: true,
      s2: true,
    });
    expect(decodeEvent(old('TaskFailed', 1), versions, upcasters)).to.deep.equal({
      type: 'TaskFailed',
      at: 1,
      f1: true,
    });
    expect(decodeEvent(old('TaskReady', 1), versions, upcasters)).to.deep.equal({ type: 'TaskReady', at: 1 });
    expect(steps).to.deep.equal(['s1', 's2', 'f1']);
  });

  it('keep the type and time that they are stored under, whatever their data and upcasters say', () => {
    const data = { type: 'RunCancelled', at: 99, taskId: 'a' };
    const stored: StoredEvent = { type: 'TaskFailed', time: 5, data, metadata: { schemaVersion: 1 } };
    expect(decodeEvent(stored)).to.deep.equal({ type: 'TaskFailed', at: 5, taskId: 'a' });
    const upcasters: Upcasters = { TaskFailed: { 1: (own) => ({ ...own, type: 'RunFailed', at: 98 }) } };
    expect(decodeEvent(stored, { ...EVENT_VERSIONS, TaskFailed: 2 }, upcasters)).to.deep.include({
      type: 'TaskFailed',
      at: 5,
    });
  });

  it('are refused with what is wrong with them', () => {
    const stored = (type: string, schemaVersion: number): StoredEvent => ({
      type,
      time: 1,
      data: {},
      metadata: { schemaVersion },
    });
    const cases: readonly (readonly [StoredEvent, string])[] = [
      [stored('TaskTeleported', 1), "The event type 'TaskTeleported' is unknown to this build."],
      [stored('constructor', 1), "The event type 'constructor' is unknown to this build."],
      [stored('TaskStarted', 2), "'TaskStarted' is of version 2; this build knows up to 1."],
      [stored('TaskStarted', 0), "No upcaster brings 'TaskStarted' from version 0 up."],
    ];
    for (const [event, message] of cases) {
      const refused = unreadable(() => decodeEvent(event));
      expect(refused.message).to.equal(message);
      expect(refused.retryable).to.equal(false);
      expect(refused.fix).to.contain('build');
    }
  });

  it('of a gap in a chain of upcasters are refused, and name the step', () => {
    const versions = { ...EVENT_VERSIONS, TaskStarted: 4 };
    const upcasters: Upcasters = { TaskStarted: { 1: (data) => data, 3: (data) => data } };
    const stored: StoredEvent = { type: 'TaskStarted', time: 1, data: {}, metadata: { schemaVersion: 1 } };
    const refused = unreadable(() => decodeEvent(stored, versions, upcasters));
    expect(refused.message).to.equal("No upcaster brings 'TaskStarted' from version 2 up.");
  });
});

describe('a reader of a history with an event of another build', () => {
  const reading = async (type: string, schemaVersion: number) => {
    const store = createInMemoryStorage();
    const metadata = { causationId: 'c', correlationId: 'r' };
    const known = encodeEvent({ type: 'RunResumed', at: 1, commandId: 'c' });
    await store.events.append(
      'run-r',
      [
        { ...known, id: uuidv5('test', '0'), metadata: { ...metadata, ...known.metadata } },
        { id: uuidv5('test', '1'), type, time: 2, data: {}, metadata: { ...metadata, schemaVersion } },
      ],
      NO_STREAM,
    );
    return new RunReader(store);
  };
  const refusal = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'it was read',
      (reason: unknown) => reason,
    );

  for (const [type, version] of [
    ['TaskTeleported', 1],
    ['TaskStarted', 7],
  ] as const) {
    it(`reads what comes before ${type} of version ${version}, then says that it cannot`, async () => {
      const reader = await reading(type, version);
      const entries = reader.history('r');
      expect((await entries.next()).value?.event.type).to.equal('RunResumed');
      for (const work of [entries.next(), reader.last('r'), reader.state('r'), reader.replay('r')]) {
        const reason = await refusal(work);
        expect(isRepriseError(reason, 'REPRISE_EVENT_UNREADABLE'), String(reason)).to.equal(true);
      }
      expect((await refusal(reader.state('r'))) as Error)
        .to.have.property('message')
        .that.contains(type);
    });
  }
});
