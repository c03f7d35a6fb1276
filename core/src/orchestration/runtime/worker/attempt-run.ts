import type { AgentContext, AgentLogger, AgentTask } from '../../../agent/agent.ts';
import { AMOUNTS, type MaxUsage } from '../../../definition/definition.ts';
import { maxUsageProblems } from '../../../definition/max-usage.ts';
import type { Clock, ScheduledCall } from '../../../shared/clock.ts';
import {
  type ErrorData,
  errorData,
  isMistake,
  RepriseError,
  stackOf,
  toErrorData,
  withCause,
} from '../../../shared/errors.ts';
import { copyJson, type Json } from '../../../shared/json.ts';
import type { Dispatch } from '../../messaging/messages.ts';
import type { WatchedAttempt } from '../../monitoring/monitor.ts';
import { attemptKey } from '../../workflow/attempt-key.ts';
import type { MailCall } from '../../workflow/commands.ts';
import type { Directive } from '../../workflow/directives.ts';
import type { Usage } from '../../workflow/events.ts';
import { usageOf } from '../../workflow/metering.ts';
import { BrokenCall } from '../isolation/endings.ts';
import type { MonitorHub } from '../monitor-hub.ts';
import { acceptPayload, checkSchema } from '../payload.ts';
import type { AnyAgent } from '../registry.ts';
import { messagesOf } from './attempt-messages.ts';
import { Directives } from './directives.ts';
import { MessageCalls } from './message-calls.ts';

export type AttemptOutcome =
  | {
      readonly output: Json;
      readonly directives?: readonly Directive[];
      readonly unheard?: readonly number[];
      readonly usage?: Usage;
    }
  | {
      readonly error: ErrorData;
      /** What the agent did is not known, and it may not do it again. */
      readonly lost?: true;
      readonly usage?: Usage;
    };

export interface AttemptRunParts {
  readonly clock: Clock;
  readonly monitors: Pick<MonitorHub, 'notice' | 'within'>;
  readonly maxPayloadChars: number;
  /** How long an agent may take to heed its signal before it is left behind. */
  readonly graceMs: number;
  /** W3C trace context of the attempt. */
  readonly traceparent: string | undefined;
  progress(progress: Json): void;
  /** Names the worker. */
  readonly worker: string;
  /** Hands a call to the engine. */
  call(command: MailCall): Promise<void>;
  /** The attempt waits, and takes no room; then it has what it waited for, and takes some again. */
  rest(): void;
  wake(): Promise<void>;
}

const NOTHING_USED: MaxUsage = Object.freeze({ tokens: 0, cost: 0 });

/** Throws REPRISE_INVALID_PAYLOAD for what is no usage. */
function readUsage(used: unknown): MaxUsage {
  const problems = maxUsageProblems(used ?? null);
  if (problems.length === 0) return used as MaxUsage;
  throw new RepriseError('REPRISE_INVALID_PAYLOAD', `context.usage() cannot take this: ${problems.join('; ')}.`);
}

const OVER = new RepriseError(
  'REPRISE_MESSAGE_NOT_HELD',
  'The attempt is over: it does nothing with messages any more.',
);

/** One call of one agent: its context, its signal, its heartbeats, and what came of it. */
export class AttemptRun {
  readonly #agent: AnyAgent;
  readonly runId: string;
  readonly dispatch: Dispatch;
  readonly #parts: AttemptRunParts;
  readonly #controller = new AbortController();
  readonly #cut = Promise.withResolvers<AttemptOutcome | undefined>();
  #silence: ScheduledCall | undefined;
  #grace: ScheduledCall | undefined;
  #over = false;
  readonly #directives: Directives;
  /** Most attempts say nothing. */
  #calls: MessageCalls | undefined;
  #returned = false;
  #ended: RepriseError | undefined;
  /** Of an attempt whose agent says so, or is never called. */
  #used: MaxUsage | undefined;

  constructor(agent: AnyAgent, runId: string, dispatch: Dispatch, parts: AttemptRunParts) {
    this.#agent = agent;
    this.runId = runId;
    this.dispatch = dispatch;
    this.#parts = parts;
    const key = attemptKey(runId, dispatch.taskId, dispatch.attempt);
    this.#directives = new Directives(dispatch, key, parts.maxPayloadChars);
    if (dispatch.budget !== undefined) this.#used = NOTHING_USED;
  }

  /** Aborted when the attempt is over, or given up. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get calls(): MessageCalls {
    if (this.#calls !== undefined) return this.#calls;
    const { runId, dispatch } = this;
    const parts = this.#parts;
    this.#calls = new MessageCalls({
      clock: parts.clock,
      runId,
      worker: parts.worker,
      attemptKey: attemptKey(runId, dispatch.taskId, dispatch.attempt),
      dispatch,
      send: (command) => parts.call(command),
      // Who waits for somebody else is not silent.
      rest: () => {
        this.#silence?.cancel();
        parts.rest();
      },
      wake: async () => {
        await parts.wake();
        this.#watchSilence();
      },
    });
    if (this.#returned) this.#calls.close();
    if (this.#ended !== undefined) this.#calls.end(this.#ended);
    return this.#calls;
  }

  /** Whether it waits for messages, and would be no loss: another attempt may wait as well. */
  get onlyWaits(): boolean {
    return this.dispatch.delivery === 'at-least-once' && this.#calls?.listens === true;
  }

  #endCalls(reason: RepriseError): void {
    this.#ended ??= reason;
    this.#calls?.end(reason);
  }

  /**
   * The attempt was closed elsewhere: its outcome will be ignored, but is still reported. An agent that does not heed its signal is
   * left behind after a while, so that it cannot keep its slot for ever.
   */
  abort(reason: RepriseError): void {
    this.#controller.abort(reason);
    this.#endCalls(reason);
    this.#grace ??= this.#parts.clock.schedule(this.#parts.graceMs, () =>
      this.#cut.resolve({ error: toErrorData(reason, reason.code) }),
    );
  }

  /** Aborts, and gives the attempt up without an outcome. */
  abandon(reason: RepriseError): void {
    this.#controller.abort(reason);
    this.#endCalls(reason);
    this.#cut.resolve(undefined);
  }

  /** Calls the agent. Undefined when the attempt was abandoned. Does not reject. */
  async call(): Promise<AttemptOutcome | undefined> {
    this.#watchSilence();
    try {
      this.#work().then(this.#cut.resolve, this.#cut.reject);
      const outcome = await this.#cut.promise;
      return outcome === undefined ? undefined : this.#withUsage(outcome);
    } catch (error) {
      const data = toErrorData(error, 'REPRISE_AGENT_FAILED');
      // The history keeps what a retry policy needs; where it happened is for the log.
      this.#report(data, error);
      return this.#withUsage(this.#isUnknown(error) ? this.#unknown(data) : { error: data });
    } finally {
      this.#over = true;
      this.#endCalls(OVER);
      this.#silence?.cancel();
      this.#grace?.cancel();
    }
  }

  /** Its thread or process ended with the agent at work: as with a worker that is lost. */
  #isUnknown(error: unknown): boolean {
    return error instanceof BrokenCall && this.dispatch.delivery === 'at-most-once';
  }

  #unknown(cause: ErrorData): AttemptOutcome {
    const { attempt, taskId } = this.dispatch;
    const unknown = errorData('REPRISE_OUTCOME_UNKNOWN', `Attempt ${attempt} of '${taskId}' was lost.`);
    return { error: withCause(unknown, cause), lost: true };
  }

  async #work(): Promise<AttemptOutcome> {
    const { inputSchema, outputSchema, name } = this.#agent;
    // The agent's own: what it does to it does not reach the state of the run.
    const raw = copyJson(this.dispatch.input);
    const input =
      inputSchema === undefined
        ? raw
        : await checkSchema(inputSchema, raw, 'REPRISE_INPUT_INVALID', `input of '${name}'`);
    // From here on it has used what it says.
    if (this.#used === NOTHING_USED) this.#used = undefined;
    const [task, context] = [this.#task(input as Json), this.#context()];
    const returned = await this.#parts.monitors.within(this.#watched(), () => this.#agent.handle(task, context));
    const directives = this.#directives.close();
    this.#returned = true;
    this.#calls?.close();
    // What was not awaited is not lost behind the outcome, nor is that it was refused.
    if (this.#calls !== undefined) await this.#calls.flush();
    const checked =
      outputSchema === undefined
        ? returned
        : await checkSchema(outputSchema, returned, 'REPRISE_OUTPUT_INVALID', `output of '${name}'`, true);
    return {
      output: acceptPayload(checked, `output of '${name}'`, 'REPRISE_OUTPUT_INVALID', this.#parts.maxPayloadChars),
      ...(directives.length > 0 && { directives }),
      ...(this.#calls !== undefined && this.#calls.unheard.length > 0 && { unheard: this.#calls.unheard }),
    };
  }

  #withUsage(outcome: AttemptOutcome): AttemptOutcome {
    return this.#used === undefined ? outcome : { ...outcome, usage: usageOf(this.#used) };
  }

  #use(used: MaxUsage): void {
    const said = readUsage(used);
    if (this.#over) return;
    const sums = AMOUNTS.flatMap((kind) => {
      const amount = said[kind];
      const before = this.#used?.[kind];
      return amount === undefined && before === undefined ? [] : [[kind, (before ?? 0) + (amount ?? 0)] as const];
    });
    this.#used = Object.fromEntries(sums);
  }

  #watched(): WatchedAttempt {
    const { taskId, attempt, agent } = this.dispatch;
    return { runId: this.runId, taskId, attempt, agent, traceparent: this.#parts.traceparent };
  }

  #report({ code, message }: ErrorData, error: unknown): void {
    const stack = stackOf(error);
    if (stack === undefined) return;
    this.#parts.monitors.notice({
      kind: 'log',
      failure: true,
      level: isMistake(error) ? 'warn' : 'info',
      message: `the agent failed: ${message}`,
      ...this.#place(),
      fields: { code, stack },
    });
  }

  #task(input: Json): AgentTask {
    const { workflow, taskId, attempt, round, idempotencyKey, may = [], error, budget } = this.dispatch;
    const failed = error === undefined ? {} : { error: copyJson(error) };
    const limited = budget === undefined ? {} : { budget: { ...budget } };
    const { runId } = this;
    return { input, runId, workflow, taskId, attempt, round, idempotencyKey, may: [...may], ...failed, ...limited };
  }

  #context(): AgentContext {
    return {
      signal: this.#controller.signal,
      logger: this.#logger(),
      traceparent: this.#parts.traceparent,
      messages: messagesOf({
        calls: () => this.calls,
        withOutput: (message, isReply) => this.#directives.send(message, isReply),
        maxPayloadChars: this.#parts.maxPayloadChars,
      }),
      heartbeat: () => this.#watchSilence(),
      emit: (progress) => {
        this.#watchSilence();
        this.#parts.progress(
          acceptPayload(progress, 'progress', 'REPRISE_INVALID_PAYLOAD', this.#parts.maxPayloadChars),
        );
      },
      usage: (used) => this.#use(used),
      spawn: (tasks, options) => this.#directives.spawn(tasks, options),
      finish: (output) => this.#directives.finish(output),
      cancel: (tasks) => this.#directives.cancel(tasks),
      link: (task, after) => this.#directives.link(task, after),
      addItems: (items) => this.#directives.addItems(items),
      goto: (task, options) => this.#directives.goto(task, options),
      handOff: (agent, options) => this.#directives.handOff(agent, options),
    };
  }

  /** What log lines of the attempt have in common. */
  #place() {
    const { traceparent, ...place } = this.#watched();
    return traceparent === undefined ? place : { ...place, traceparent };
  }

  #logger(): AgentLogger {
    const place = this.#place();
    const log =
      (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, fields?: Readonly<Record<string, unknown>>) =>
        this.#parts.monitors.notice({
          kind: 'log',
          level,
          message,
          ...place,
          ...(fields === undefined ? {} : { fields }),
        });
    return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  }

  // Armed only for tasks with a heartbeat timeout: the agent must be heard of again before it fires.
  #watchSilence(): void {
    const { heartbeatMs, taskId } = this.dispatch;
    if (heartbeatMs === undefined || this.#over || this.#calls?.listens === true) return;
    this.#silence?.cancel();
    this.#silence = this.#parts.clock.schedule(heartbeatMs, () => {
      const message = `'${taskId}': the agent gave no heartbeat for ${heartbeatMs} ms.`;
      const error = new RepriseError('REPRISE_HEARTBEAT_TIMEOUT', message);
      this.#controller.abort(error);
      this.#cut.resolve({ error: toErrorData(error, 'REPRISE_HEARTBEAT_TIMEOUT') });
    });
  }
}
