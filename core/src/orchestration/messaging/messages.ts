import type { MaxUsage, Permission } from '../../definition/definition.ts';
import { toIsoTime } from '../../shared/clock.ts';
import type { ErrorData } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import type { ReceivedMessage } from '../../shared/received-message.ts';
import { CALLS, type Command, type CommandType, type MailCall } from '../workflow/commands.ts';
import type { Announcement } from './announcements.ts';
import type { Envelope } from './envelope.ts';
import { KINDS } from './message-types.ts';

/** The message that hands an attempt to an agent. */
export interface Dispatch {
  readonly workflow: string;
  readonly taskId: string;
  /** 1 for the first; later rounds count on. */
  readonly attempt: number;
  /** 1, then one more each time a repeat runs the task again. */
  readonly round: number;
  readonly agent: string;
  /** Of what waits at a worker, the highest is begun first. */
  readonly priority: number;
  readonly input: Json;
  readonly delivery: 'at-least-once' | 'at-most-once';
  /** It may have been handed out before: the worker asks before it begins. That of an at-most-once task is always asked for, where workers are elsewhere. */
  readonly claim?: boolean;
  /** The agent may say nothing for as long, in ms; then the attempt fails. */
  readonly heartbeatMs?: number;
  /** The same for all attempts of the task in one round. */
  readonly idempotencyKey: string;
  /** What the agent may do to the run. Absent: nothing. */
  readonly may?: readonly Permission[];
  /** What the attempt before failed with. */
  readonly error?: Json;
  /** What the attempt may use at most, where a budget limits that; cost in the user's unit. */
  readonly budget?: MaxUsage;
}

/** Commands that workers send. */
export type WorkerCommand = Extract<Command, { type: 'StartTask' | 'CompleteTask' | 'FailTask' }> | MailCall;

const BY_WORKERS: ReadonlySet<unknown> = new Set(['StartTask', 'CompleteTask', 'FailTask', ...CALLS]);

/** Whether what calls itself so is for workers to say. */
export const isOfWorkers = (type: unknown): boolean => BY_WORKERS.has(type);

/** What came over the transport as the command of a worker; undefined when it is none: workers may command nothing else. */
export function readWorkerCommand(data: Json): WorkerCommand | undefined {
  const { type, commandId, runId, taskId, attempt, worker, call } = (data ?? {}) as {
    readonly [key: string]: Json | undefined;
  };
  const isText = (one: Json | undefined): boolean => typeof one === 'string' && one !== '';
  if (!BY_WORKERS.has(type) || ![commandId, runId, taskId].every(isText) || !Number.isSafeInteger(attempt))
    return undefined;
  const isCall = CALLS.has(type as CommandType);
  if (isCall && !(isText(worker) && Number.isSafeInteger(call) && Number(call) > 0)) return undefined;
  return data as unknown as WorkerCommand;
}

/** Tells workers to abort one attempt, or all of a run. */
export interface Abort {
  readonly taskId?: string;
  readonly attempt?: number;
  /** The code of an error where an engine ended it; else somebody's words. */
  readonly reason: string;
}

/** A worker's word that it has an attempt in hand, with the agent's progress if it gave any. */
export interface Heartbeat {
  readonly taskId: string;
  readonly attempt: number;
  readonly progress?: Json;
  /** It has not begun it, has no room for it, and gives it back. */
  readonly returned?: boolean;
}

/** What became of a call of an attempt: it is durable, or it was refused. `call` 0: whether the attempt may be begun. */
export interface CallAnswer {
  readonly taskId: string;
  readonly attempt: number;
  /** The number that the call gave itself. */
  readonly call: number;
  /** Of what was sent: its ids, in its order. */
  readonly ids?: readonly string[];
  /** Of what was published: how many got it. */
  readonly recipients?: number;
  readonly error?: ErrorData;
}

/** What a call waited for. Without messages, its time was up; or, with an error, nothing will come. */
export interface CallDelivery {
  readonly taskId: string;
  readonly attempt: number;
  readonly call: number;
  readonly messages?: readonly ReceivedMessage[];
  readonly error?: ErrorData;
}

/** An engine asks who is there: every worker announces itself. */
export interface RollCall {
  /** Versions of agents that are asked for (`writer@2`): a worker that has one takes it by that name, too, from now on. */
  readonly agents?: readonly string[];
}

/** Names that one roll call has at the most. */
export const MOST_CALLED = 1000;

/** How messages of the engine are addressed. */
export interface Addressing {
  readonly id: string;
  readonly type: 'dispatch' | 'command' | 'abort' | 'heartbeat' | 'answer' | 'delivery';
  readonly source: string;
  readonly runId: string;
  readonly causationId: string;
  readonly at: number;
  readonly traceparent?: string;
  /** Of a dispatch, and of what is reported of it. */
  readonly token?: string | undefined;
}

/** A message between engines and workers that is of no run. */
export function toAllEnvelope(
  type: 'announcement' | 'roll-call',
  { id, source, at }: Pick<Addressing, 'id' | 'source' | 'at'>,
  data: Announcement | RollCall,
): Envelope {
  return {
    specversion: '1.0',
    id,
    source,
    type: KINDS[type].type,
    subject: source,
    time: toIsoTime(at),
    datacontenttype: 'application/json',
    dataschema: KINDS[type].dataschema,
    correlationid: id,
    causationid: id,
    partitionkey: source,
    data: data as unknown as Json,
  };
}

export function toEnvelope(
  addressing: Addressing,
  body: Dispatch | WorkerCommand | Abort | Heartbeat | CallAnswer | CallDelivery,
): Envelope {
  const { id, source, type, runId, causationId, at, traceparent, token } = addressing;
  const { taskId, attempt } = body;
  const envelope: { -readonly [Key in keyof Envelope]: Envelope[Key] } = {
    specversion: '1.0',
    id,
    source,
    type: KINDS[type].type,
    subject: taskId ?? runId,
    time: toIsoTime(at),
    datacontenttype: 'application/json',
    dataschema: KINDS[type].dataschema,
    runid: runId,
    correlationid: runId,
    causationid: causationId,
    partitionkey: keyOf(addressing, body),
    data: body as unknown as Json,
  };
  if (taskId !== undefined) envelope.taskid = taskId;
  if (attempt !== undefined) envelope.attempt = attempt;
  if (traceparent !== undefined) envelope.traceparent = traceparent;
  if (token !== undefined) envelope.dispatchtoken = token;
  return envelope;
}

/** By run, so that one writer gets them in order; dispatches by task, too, so that one that is slow to take holds up no other of its run. */
const keyOf = ({ type, runId }: Addressing, { taskId }: { readonly taskId?: string }): string =>
  type === 'dispatch' ? `${runId}/${taskId}` : runId;
