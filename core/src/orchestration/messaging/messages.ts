import type { Permission } from '../../definition/definition.ts';
import { toIsoTime } from '../../shared/clock.ts';
import type { Json } from '../../shared/json.ts';
import type { Command } from '../workflow/commands.ts';
import type { Announcement } from './announcements.ts';
import type { Envelope } from './envelope.ts';

/** The message that hands an attempt to an agent. */
export interface Dispatch {
  readonly workflow: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly round: number;
  readonly agent: string;
  /** Of what waits at a worker, the highest is begun first. */
  readonly priority: number;
  readonly input: Json;
  readonly delivery: 'at-least-once' | 'at-most-once';
  readonly heartbeatMs?: number;
  /** The same for all attempts of the task in one round. */
  readonly idempotencyKey: string;
  /** What the agent may do to the run. Absent: nothing. */
  readonly may?: readonly Permission[];
  /** What the attempt before failed with. */
  readonly error?: Json;
}

/** Commands that workers send. */
export type WorkerCommand = Extract<Command, { type: 'StartTask' | 'CompleteTask' | 'FailTask' }>;

const BY_WORKERS: ReadonlySet<unknown> = new Set(['StartTask', 'CompleteTask', 'FailTask']);

/** What came over the transport as the command of a worker; undefined when it is none: workers may command nothing else. */
export function readWorkerCommand(data: Json): WorkerCommand | undefined {
  const { type, commandId, runId, taskId, attempt } = (data ?? {}) as { readonly [key: string]: Json | undefined };
  const isText = [commandId, runId, taskId].every((one) => typeof one === 'string' && one !== '');
  return BY_WORKERS.has(type) && isText && Number.isSafeInteger(attempt)
    ? (data as unknown as WorkerCommand)
    : undefined;
}

/** Tells workers to abort one attempt, or all of a run. */
export interface Abort {
  readonly taskId?: string;
  readonly attempt?: number;
  readonly reason: string;
}

/** A worker's word that it has an attempt in hand, with the agent's progress if it gave any. */
export interface Heartbeat {
  readonly taskId: string;
  readonly attempt: number;
  readonly progress?: Json;
}

/** An engine asks who is there: every worker announces itself. */
export type RollCall = Readonly<Record<string, never>>;

/** How messages of the engine are addressed. */
export interface Addressing {
  readonly id: string;
  readonly type: 'dispatch' | 'command' | 'abort' | 'heartbeat';
  readonly source: string;
  readonly runId: string;
  readonly causationId: string;
  readonly at: number;
  readonly traceparent?: string;
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
    type: `reprise.${type}`,
    subject: source,
    time: toIsoTime(at),
    datacontenttype: 'application/json',
    correlationid: id,
    causationid: id,
    partitionkey: source,
    data: data as unknown as Json,
  };
}

export function toEnvelope(addressing: Addressing, body: Dispatch | WorkerCommand | Abort | Heartbeat): Envelope {
  const { id, source, type, runId, causationId, at, traceparent } = addressing;
  const { taskId, attempt } = body;
  const envelope: { -readonly [Key in keyof Envelope]: Envelope[Key] } = {
    specversion: '1.0',
    id,
    source,
    type: TYPES[type],
    subject: taskId ?? runId,
    time: toIsoTime(at),
    datacontenttype: 'application/json',
    runid: runId,
    correlationid: runId,
    causationid: causationId,
    partitionkey: keyOf(addressing, body),
    data: body as unknown as Json,
  };
  if (taskId !== undefined) envelope.taskid = taskId;
  if (attempt !== undefined) envelope.attempt = attempt;
  if (traceparent !== undefined) envelope.traceparent = traceparent;
  return envelope;
}

const TYPES = {
  dispatch: 'reprise.dispatch',
  command: 'reprise.command',
  abort: 'reprise.abort',
  heartbeat: 'reprise.heartbeat',
} as const satisfies Record<Addressing['type'], string>;

/** By run, so that one writer gets them in order; dispatches by task, too, so that one that is slow to take holds up no other of its run. */
const keyOf = ({ type, runId }: Addressing, { taskId }: { readonly taskId?: string }): string =>
  type === 'dispatch' ? `${runId}/${taskId}` : runId;
