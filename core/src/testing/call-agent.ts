import type { Agent } from '../agent/agent.ts';
import { type MaxUsage, PERMISSIONS, type Permission } from '../definition/definition.ts';
import type { Notice } from '../orchestration/monitoring/monitor.ts';
import { DEFAULT_ENGINE_OPTIONS } from '../orchestration/runtime/options.ts';
import type { AnyAgent } from '../orchestration/runtime/registry.ts';
import { AttemptRun } from '../orchestration/runtime/worker/attempt-run.ts';
import { attemptKey } from '../orchestration/workflow/attempt-key.ts';
import type { Directive } from '../orchestration/workflow/directives.ts';
import { maxUsageOf } from '../orchestration/workflow/metering.ts';
import type { ErrorData } from '../shared/errors.ts';
import { RepriseError } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { systemClock } from '../shared/system.ts';
import { type GivenMessage, GivenMessages, type SentMessage, type SettledMessage } from './given-messages.ts';

export interface CallAgentOptions {
  /** Aborts the attempt, as a cancellation does. */
  readonly signal?: AbortSignal;
  /** What the agent is told of its task. Default: the first attempt, in the first round, of the task `task` of the run `run`. */
  readonly task?: Partial<
    Record<'runId' | 'workflow' | 'taskId' | 'idempotencyKey', string> &
      Record<'attempt' | 'round', number> &
      Record<'error', Json> &
      Record<'budget', MaxUsage>
  >;
  /** What the agent may do to its run. Default: everything. */
  readonly may?: readonly Permission[];
  /** The agent must be heard of within so many ms. Default: no limit. */
  readonly heartbeatMs?: number;
  /** What is in its mailboxes when it begins, in order. */
  readonly messages?: readonly GivenMessage[];
  /** Answers what it sends: the answer is in its mailbox then. A `receive` with a time limit for which there is nothing gives nothing at once. */
  readonly answer?: (message: SentMessage) => GivenMessage | undefined;
}

/** What one attempt of an agent came to, as it would be put on record. */
export interface CalledAgent {
  /** Checked by the agent's schema, and a copy as plain JSON. Absent when the attempt failed. */
  readonly output?: Json;
  readonly error?: ErrorData;
  /** What it wanted done to its run, in order, as the run would be told; absent when that was nothing. Whether the run could take it, a run says. */
  readonly directives?: readonly Directive[];
  /** What it sent, in order, and which of the messages that it took it acknowledged or gave back itself; absent when that was nothing. */
  readonly sent?: readonly SentMessage[];
  readonly settled?: readonly SettledMessage[];
  /** What it said that it used, in all; absent when it said nothing. */
  readonly usage?: MaxUsage;
  /** What it emitted, in order. */
  readonly emitted: readonly Json[];
  /** What it logged, in order. */
  readonly logged: readonly {
    readonly level: string;
    readonly message: string;
    readonly fields?: Readonly<Record<string, unknown>>;
  }[];
}

/** Calls an agent once, by itself, as a worker would: schemas hold, and what comes out is what a run would record. Does not reject. */
export async function callAgent<Input, Output>(
  agent: Agent<Input, Output>,
  input: Json,
  { signal, task = {}, may = PERMISSIONS, heartbeatMs, messages = [], answer }: CallAgentOptions = {},
): Promise<CalledAgent> {
  const { runId = 'run', workflow = 'workflow', taskId = 'task', attempt = 1, round = 1 } = task;
  const { error, budget } = task;
  const { idempotencyKey = `${runId}/${taskId}` } = task;
  const emitted: Json[] = [];
  const logged: CalledAgent['logged'][number][] = [];
  const notice = (one: Notice): void => {
    if (one.kind !== 'log' || one.failure === true) return;
    logged.push({
      level: one.level,
      message: one.message,
      ...(one.fields === undefined ? {} : { fields: one.fields }),
    });
  };
  const dispatch = {
    workflow,
    taskId,
    attempt,
    round,
    agent: agent.name,
    priority: 0,
    input,
    delivery: 'at-least-once',
    idempotencyKey,
    may,
    ...(error === undefined ? {} : { error }),
    ...(budget === undefined ? {} : { budget }),
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
  } as const;
  const given = new GivenMessages(taskId, messages, answer, may);
  const run: AttemptRun = new AttemptRun(agent as unknown as AnyAgent, runId, dispatch, {
    clock: systemClock,
    monitors: { notice, within: (_attempt, work) => work() },
    maxPayloadChars: DEFAULT_ENGINE_OPTIONS.maxPayloadChars,
    graceMs: DEFAULT_ENGINE_OPTIONS.leaseMs,
    traceparent: undefined,
    progress: (progress) => emitted.push(progress),
    worker: 'test',
    call: async (command) => {
      given.take(
        command,
        `${attemptKey(runId, taskId, attempt)}/${command.call}`,
        (one) => run.calls.answered(one),
        (one) => run.calls.delivered(one),
      );
    },
    rest: () => undefined,
    wake: async () => undefined,
  });
  const abort = (): void => run.abort(new RepriseError('REPRISE_RUN_CLOSED', 'The test aborted the attempt.'));
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const { sent, settled } = given;
    const outcome = await run.call();
    const talked = { ...(sent.length > 0 && { sent }), ...(settled.length > 0 && { settled }) };
    const { usage, ...came } = outcome ?? {};
    const used = usage === undefined ? {} : { usage: maxUsageOf(usage) };
    return { ...came, ...used, ...talked, emitted, logged };
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
