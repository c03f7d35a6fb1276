import type { AgentContext, AgentTask } from '../../../agent/agent.ts';
import type { ScheduledCall } from '../../../shared/clock.ts';
import { isRepriseError, RepriseError } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import { systemClock } from '../../../shared/system.ts';
import { DEFAULT_ENGINE_OPTIONS } from '../options.ts';
import { acceptPayload } from '../payload.ts';
import { Isolate, type IsolateParts, NotBegun } from './isolate.ts';
import type { IsolationOptions } from './isolation-options.ts';

/** What whoever has the agent in its hands brings. */
export interface PoolUser {
  readonly maxPayloadChars: number;
  /** What isolates write while no attempt is under way in them. */
  readonly log: IsolateParts['log'];
}

/** How often a call is made that its isolate did not begin. */
const MOST_TRIES = 3;

/** How long a close waits for agents that were told to stop, in ms. */
const CLOSE_MS = 1000;

/**
 * The threads or processes of one isolated agent: one for each attempt under way, made when there is none that is free, and kept for the next
 * attempt until it was not needed for `limits.idle`. How many they are is whoever's business that hands out attempts.
 *
 *   open() by the first worker: loads the module once ──► close() by the last: ends all of them
 */
export class IsolatePool {
  readonly #options: IsolationOptions;
  readonly #users = new Map<object, PoolUser>();
  readonly #all = new Set<Isolate>();
  readonly #free = new Map<Isolate, ScheduledCall>();
  /** Once whoever opened it has closed it, nothing is kept. */
  #closed = false;
  #loaded = false;

  constructor(options: IsolationOptions) {
    this.#options = options;
  }

  /** Rejects with REPRISE_AGENT_NOT_LOADED when its module cannot be loaded, or is not what it should be. */
  async open(by: object, user: PoolUser): Promise<void> {
    if (this.#users.has(by)) return;
    this.#users.set(by, user);
    this.#closed = false;
    if (this.#all.size > 0) return;
    const isolate = this.#make();
    await isolate.loaded;
    this.#loaded = true;
    this.#keep(isolate);
  }

  /** Those that are free end at once; of the others, agents that were told to stop may do so for a second. Does not reject. */
  async close(by: object): Promise<void> {
    if (!this.#users.delete(by) || this.#users.size > 0) return;
    this.#closed = true;
    for (const isolate of this.#free.keys()) isolate.end();
    const late = Promise.withResolvers<void>();
    const timer = systemClock.schedule(Math.min(CLOSE_MS, this.#options.graceMs), late.resolve);
    await Promise.race([Promise.all(Array.from(this.#all, ({ gone }) => gone)), late.promise]);
    timer.cancel();
    // Unless it was opened again meanwhile.
    if (this.#users.size === 0) for (const isolate of this.#all) isolate.end();
  }

  async run(task: AgentTask, context: AgentContext): Promise<Json> {
    const [user] = this.#users.values();
    const { maxPayloadChars } = user ?? DEFAULT_ENGINE_OPTIONS;
    // What a schema made of it may be no JSON any more.
    const what = `input of '${this.#options.name}', which crosses to another ${this.#options.isolation},`;
    const input = acceptPayload(task.input, what, 'REPRISE_INPUT_INVALID', maxPayloadChars);
    for (let tries = 1; ; tries += 1) {
      const isolate = await this.#take(context.signal);
      try {
        return await isolate.call({ ...task, input }, context, maxPayloadChars);
      } catch (error) {
        if (!(error instanceof NotBegun) || tries >= MOST_TRIES) throw error;
      } finally {
        this.#keep(isolate);
      }
    }
  }

  async #take(signal: AbortSignal): Promise<Isolate> {
    signal.throwIfAborted();
    const isolate = this.#newestFree() ?? this.#make();
    try {
      await untilAborted(isolate.loaded, signal);
      this.#loaded = true;
      return isolate;
    } catch (error) {
      // It may load yet, and is of use for another then.
      isolate.loaded.then(
        () => this.#keep(isolate),
        () => undefined,
      );
      throw this.#loaded ? maybeLater(error) : error;
    }
  }

  /** So that the others come to the end of their time. */
  #newestFree(): Isolate | undefined {
    const [isolate, timer] = [...this.#free].at(-1) ?? [];
    if (isolate === undefined) return undefined;
    timer?.cancel();
    this.#free.delete(isolate);
    return isolate;
  }

  #make(): Isolate {
    const isolate = new Isolate(this.#options, {
      clock: systemClock,
      log: (...said) => {
        const [user] = this.#users.values();
        user?.log(...said);
      },
    });
    this.#all.add(isolate);
    isolate.gone.then(
      () => {
        this.#all.delete(isolate);
        this.#free.get(isolate)?.cancel();
        this.#free.delete(isolate);
      },
      () => undefined,
    );
    return isolate;
  }

  #keep(isolate: Isolate): void {
    if (isolate.ended) return;
    if (this.#closed) return isolate.end();
    this.#free.set(
      isolate,
      systemClock.schedule(this.#options.idleMs, () => isolate.end()),
    );
  }
}

/** What could be loaded before can be again: there is no room for another process, say. */
function maybeLater(error: unknown): unknown {
  if (!isRepriseError(error, 'REPRISE_AGENT_NOT_LOADED')) return error;
  return new RepriseError(error.code, error.message, { details: error.details, retryable: true });
}

async function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
