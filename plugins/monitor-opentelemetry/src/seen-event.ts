import type { Json, ObservedEvent } from '@reprise/core/plugin';

/** What telemetry takes from an event: names, numbers and codes. Inputs, outputs, messages' data and what people and models wrote are not looked at. */
export interface SeenEvent {
  readonly runId: string;
  readonly revision: number;
  readonly type: string;
  /** When it was appended; milliseconds since the Unix epoch. */
  readonly time: number;
  /** W3C trace context, of the run or one of its attempts: of the first event that is seen of a run. */
  readonly traceparent?: string;
  readonly facts: Facts;
}

/** By name; a member of a member is `error.code`. */
export type Facts = Readonly<Record<string, Fact>>;

export type Fact = string | number | boolean | readonly string[];

/** Characters of a text, and members of a list, that are kept: no id that the core takes is longer, nor are there more messages in one event. */
const MAX_TEXT = 1100;
const MAX_ID = 4200;
const MAX_LIST = 10_000;
/** Characters of all texts of a list. */
const MAX_LIST_CHARS = 100_000;

/** Ids of messages hold those of runs and tasks. */
const IDS: ReadonlySet<string> = new Set(['message', 'messages', 'recipients', 'inReplyTo', 'sent']);

const ERROR = ['error.code', 'error.retryable'];
const USAGE = ['usage.tokens', 'usage.cost'];
const ATTEMPT = ['taskId', 'attempt'];
const FROM = ['from.task', 'from.attempt', 'from.client', 'from.run'];
const MESSAGE = ['message', ...FROM, 'to', 'run', 'performative', 'conversation', 'inReplyTo'];
const TEAM = ['scope', 'strategy', 'n', 'kind', 'tasks'];

/** What is taken from each type of event; of others nothing but that they were. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  RunStarted: [
    'definition.name',
    'definition.version',
    'traceparent',
    'tenant',
    'lineage.runId',
    'lineage.as',
    'parent.runId',
    'parent.rootRunId',
  ],
  RunPaused: [],
  RunResumed: [],
  RunParked: ERROR,
  RunCompleted: [],
  RunFailed: [...ERROR, 'taskId'],
  RunCancelled: [],
  RunForked: ['runId'],
  TaskReady: ['taskId', 'reason'],
  TaskSkipped: ['taskId', 'reason'],
  TaskCancelled: ['taskId', 'reason'],
  TaskClosing: ['taskId', 'why', ...ERROR],
  TaskEntered: [...ATTEMPT, 'until', 'signal', 'mailbox', 'sent', 'form', 'child'],
  TaskExpanded: ['taskId', 'total'],
  TaskExpired: ['taskId', ...ERROR],
  TaskScheduled: [...ATTEMPT, 'agent', 'readySince'],
  TaskStarted: [...ATTEMPT, 'worker'],
  TaskCompleted: [...ATTEMPT, 'via', 'error.code', ...USAGE],
  TaskAttemptCompleted: [...ATTEMPT, ...USAGE],
  TaskAttemptFailed: [...ATTEMPT, ...ERROR, 'lost', 'retryAt', ...USAGE],
  TaskRepeated: [...ATTEMPT, 'from', 'round'],
  TaskHandedOff: [...ATTEMPT, 'agent', ...USAGE],
  TaskFellBack: ['taskId', 'to.kind', 'to.agent', 'to.task', ...ERROR],
  TaskFailed: ['taskId', ...ERROR, ...USAGE],
  TaskAdopted: ['taskId', 'status'],
  TasksReset: ['region', 'why', 'round', 'from', 'attempt', 'tasks', ...USAGE],
  ScopeCaught: ['scope', 'clause', 'taskId', ...ERROR],
  SignalReceived: ['signal'],
  FormAssigned: ['taskId', 'step'],
  BudgetReached: ['scope', 'budget', 'agent'],
  BudgetAsked: ['taskId', 'scope', 'budget', 'agent'],
  BudgetRaised: ['scope'],
  AgentRested: ['agent', 'failures'],
  CommandRejected: ['command', 'code'],
  DecisionMade: [...TEAM, 'to'],
  DecisionRefused: [...TEAM, 'code'],
  MessageSent: [...MESSAGE, 'recipients'],
  MessageReceived: MESSAGE,
  MessageDelivered: ['messages', ...ATTEMPT],
  MessageTaken: ['messages', 'client'],
  MessageAcknowledged: ['messages', ...ATTEMPT, 'client'],
  MessageRejected: ['message', ...ATTEMPT, 'client', 'code', 'retryAt'],
  MessageDeadLettered: ['message', 'code', 'mailbox'],
};

/** What people and models wrote; taken when it is asked for. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  RunParked: ['error.message'],
  RunFailed: ['error.message'],
  RunCancelled: ['reason'],
  TaskAttemptFailed: ['error.message'],
  TaskFellBack: ['error.message'],
  TaskFailed: ['error.message'],
  ScopeCaught: ['error.message'],
  CommandRejected: ['message'],
  DecisionMade: ['why'],
  DecisionRefused: ['why', 'message'],
  MessageRejected: ['reason'],
};

type Path = readonly [key: string, outer: string, inner: string | undefined];

const pathsOf = (fields: readonly string[]): readonly Path[] =>
  fields.map((key) => {
    const [outer = key, inner] = key.split('.', 2);
    return [key, outer, inner] as const;
  });

const table = (...sources: readonly (typeof FIELDS)[]): ReadonlyMap<string, readonly Path[]> => {
  const types = new Set(sources.flatMap((source) => Object.keys(source)));
  return new Map([...types].map((type) => [type, pathsOf(sources.flatMap((source) => source[type] ?? []))]));
};

const WITHOUT_TEXTS = table(FIELDS);
const WITH_TEXTS = table(FIELDS, TEXTS);

const NOTHING: readonly Path[] = [];

const pathsFor = (type: string, texts: boolean): readonly Path[] =>
  (texts ? WITH_TEXTS : WITHOUT_TEXTS).get(type) ?? NOTHING;

/**
 * What telemetry takes from an event, as a list: the values of what is taken from its type, null where one is not there. `texts`: also messages of errors,
 * reasons and whys, which people and models write. Takes any event, also of types and with members that this build does not know.
 */
export function factsIn({ type, data }: ObservedEvent['event'], texts: boolean): readonly (Fact | null)[] {
  const source = data as Readonly<Record<string, Json | undefined>>;
  return pathsFor(type, texts).map(([, outer, inner]) => {
    const most = IDS.has(outer) ? MAX_ID : MAX_TEXT;
    const whole = source[outer];
    if (whole === undefined || whole === null) return null;
    return (inner === undefined ? factOf(whole, most) : memberOf(whole, inner)) ?? null;
  });
}

/** By name again. */
export function namedFacts(type: string, values: readonly (Fact | null)[], texts: boolean): Facts {
  const facts: Record<string, Fact> = {};
  const paths = pathsFor(type, texts);
  for (let at = 0; at < paths.length; at += 1) {
    const value = values[at];
    const key = paths[at]?.[0];
    if (value !== null && value !== undefined && key !== undefined) facts[key] = value;
  }
  return facts;
}

/** `isFirst`: it is the first that is seen of its run, and says which trace that is. */
export function see({ runId, revision, event }: ObservedEvent, texts: boolean, isFirst: boolean): SeenEvent {
  const { type, time, metadata } = event;
  const facts = namedFacts(type, factsIn(event, texts), texts);
  const { traceparent } = metadata;
  const seen = { runId, revision, type, time, facts };
  return isFirst && traceparent !== undefined ? { ...seen, traceparent } : seen;
}

function memberOf(value: Json, key: string): Fact | undefined {
  return typeof value === 'object' ? factOf((value as Readonly<Record<string, Json>>)[key], MAX_TEXT) : undefined;
}

function factOf(value: Json | undefined, most: number): Fact | undefined {
  switch (typeof value) {
    case 'string':
      return value.length > most ? `${value.slice(0, most)}…` : value;
    case 'number':
    case 'boolean':
      return value;
    default:
      return Array.isArray(value) ? listOf(value, most) : undefined;
  }
}

function listOf(values: readonly Json[], most: number): readonly string[] {
  let left = MAX_LIST_CHARS;
  const texts: string[] = [];
  for (const value of values) {
    if (typeof value !== 'string') continue;
    left -= value.length;
    if (left < 0 || texts.length >= MAX_LIST) break;
    texts.push(value.slice(0, most));
  }
  return texts;
}
