import type { AgentContext, AgentLogger, AgentTask } from '../../../../agent/agent.ts';
import type { Permission } from '../../../../definition/definition.ts';
import { RepriseError } from '../../../../shared/errors.ts';
import type { Json } from '../../../../shared/json.ts';
import { systemClock } from '../../../../shared/system.ts';
import { plainNotice } from '../../../monitoring/plain-notice.ts';
import { notAllowed } from '../../../workflow/directives.ts';
import { acceptPayload } from '../../payload.ts';
import type { Directives } from '../../worker/directives.ts';
import { DIRECTIVES, type DirectiveName, type FromIsolate, type ToIsolate } from '../protocol.ts';
import { AskedMessages } from './asked-messages.ts';
import { Meter } from './meter.ts';

export interface AgentSideParts {
  readonly call: number;
  readonly task: AgentTask;
  readonly traceparent: string | undefined;
  readonly maxPayloadChars: number;
  send(message: FromIsolate): void;
}

type Answer = Extract<ToIsolate, { readonly type: 'answer' | 'refusal' | 'question' }>;

/** The agent's side of one call: a context that looks as it does in the process of the worker, and throws where that does. */
export class AgentSide {
  readonly call: number;
  readonly task: AgentTask;
  readonly #parts: AgentSideParts;
  readonly #controller = new AbortController();
  readonly #messages: AskedMessages;
  readonly #meter = new Meter(systemClock);
  /** Loaded only for a task that may do something to its run. */
  #directives: Directives | undefined;
  #over = false;

  constructor(parts: AgentSideParts) {
    this.#parts = parts;
    this.call = parts.call;
    this.task = parts.task;
    this.#messages = new AskedMessages(parts);
  }

  abort(reason: RepriseError): void {
    this.#controller.abort(reason);
  }

  heard(message: Answer): void {
    this.#messages.heard(message);
  }

  /** The agent has returned, or thrown. Gives what it has asked and not heard of. */
  close(): readonly number[] {
    const { dropped } = this.#meter;
    if (dropped > 0) this.#log('warn', `${dropped} times what the agent emitted or logged was dropped: too much`, {});
    this.#over = true;
    this.#directives?.close();
    return this.#messages.close();
  }

  async context(): Promise<AgentContext> {
    const { task, call, traceparent, maxPayloadChars, send } = this.#parts;
    const { maxUsageProblems } = await import('../../../../definition/max-usage.ts');
    if (task.may.some((one) => one !== 'send' && one !== 'sendAcross')) await this.#loadDirectives();
    const direct = Object.fromEntries(
      DIRECTIVES.map((name) => [name, (...given: readonly unknown[]) => this.#direct(name, given)]),
    ) as unknown as Pick<AgentContext, DirectiveName>;
    const log =
      (level: 'debug' | 'info' | 'warn' | 'error') =>
      (message: string, fields?: Readonly<Record<string, unknown>>): void =>
        this.#log(level, message, fields);
    const logger: AgentLogger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
    let beaten = Number.NEGATIVE_INFINITY;
    const heartbeat = (): void => {
      const now = systemClock.now();
      if (this.#over || Math.abs(now - beaten) < BEAT_MS) return;
      beaten = now;
      send({ type: 'heartbeat', call });
    };
    return {
      signal: this.#controller.signal,
      logger,
      traceparent,
      messages: this.#messages,
      heartbeat,
      emit: (given) => {
        const progress = acceptPayload(given, 'progress', 'REPRISE_INVALID_PAYLOAD', maxPayloadChars);
        if (this.#meter.admits(progress)) send({ type: 'emit', call, progress });
        else heartbeat();
      },
      usage: (used) => {
        const problems = maxUsageProblems(used ?? null);
        if (problems.length > 0)
          throw new RepriseError(
            'REPRISE_INVALID_PAYLOAD',
            `context.usage() cannot take this: ${problems.join('; ')}.`,
          );
        if (!this.#over) send({ type: 'usage', call, used: { ...used } as Json });
      },
      ...direct,
    };
  }

  async #loadDirectives(): Promise<void> {
    const { Directives: Loaded } = await import('../../worker/directives.ts');
    const { taskId, idempotencyKey, may } = this.task;
    const { maxPayloadChars } = this.#parts;
    this.#directives = new Loaded({ taskId, idempotencyKey, may }, '', maxPayloadChars);
  }

  /** What is wrong with it is thrown here; what is not is said, in order. */
  #direct(name: DirectiveName, given: readonly unknown[]): void {
    const { task, call, send } = this.#parts;
    if (this.#directives === undefined) {
      const why = notAllowed({ id: task.taskId }, name as Permission, task.may);
      throw new RepriseError('REPRISE_DIRECTIVE_REFUSED', `This cannot be done to the run: ${why}.`, {
        retryable: false,
      });
    }
    const check = this.#directives[name] as (...args: readonly unknown[]) => void;
    check.apply(this.#directives, [...given]);
    const [first, second] = given;
    const named = name === 'handOff' && typeof first === 'object' ? (first as { readonly name: string }).name : first;
    send({ type: 'directive', call, name, given: [plain(named), plain(second)] });
  }

  #log(
    level: 'debug' | 'info' | 'warn' | 'error',
    message: string,
    fields: Readonly<Record<string, unknown>> | undefined,
  ): void {
    const said = { kind: 'log', level, message, ...(fields === undefined ? {} : { fields }) } as const;
    const copy = plainNotice(said) as typeof said;
    if (!this.#meter.admits([copy.message, copy.fields as Json])) return;
    const plainFields = copy.fields as Readonly<Record<string, Json>> | undefined;
    this.#parts.send({
      type: 'log',
      call: this.call,
      level,
      message: copy.message,
      ...(plainFields === undefined ? {} : { fields: plainFields }),
    });
  }
}

/** Signs of life that are closer together are one, in ms. */
const BEAT_MS = 10;

/** It was looked at already. */
const plain = (value: unknown): Json =>
  acceptPayload(value, 'word', 'REPRISE_DIRECTIVE_REFUSED', Number.MAX_SAFE_INTEGER);
