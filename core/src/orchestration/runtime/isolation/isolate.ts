import type { AgentContext, AgentTask } from '../../../agent/agent.ts';
import type { Clock, ScheduledCall } from '../../../shared/clock.ts';
import { formatDuration } from '../../../shared/duration.ts';
import { RepriseError } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import type { Channel, Ending } from './channel.ts';
import { brokenCall } from './endings.ts';
import { IsolatedCall } from './isolated-call.ts';
import type { IsolationOptions } from './isolation-options.ts';
import { OutputLines } from './output-lines.ts';
import { openProcess } from './process-channel.ts';
import type { FromIsolate } from './protocol.ts';
import { openThread } from './thread-channel.ts';

/** The isolate ended before it called the agent: another one may. */
export class NotBegun extends RepriseError {}

export interface IsolateParts {
  readonly clock: Clock;
  /** What it writes, or does, while no agent is at work in it. */
  log(level: 'info' | 'warn', message: string, fields: Readonly<Record<string, string>>): void;
}

/**
 * One thread or process, with the module of one agent loaded. It makes one call at a time.
 *
 *   loading ──loaded──► free ──call()──► at work ──outcome──► free
 *   any ──end(), its own end, a call that does not heed its signal──► ended: the call under way fails
 */
export class Isolate {
  /** Settles once: it has the agent, or REPRISE_AGENT_NOT_LOADED. */
  readonly loaded: Promise<void>;
  readonly #options: IsolationOptions;
  readonly #parts: IsolateParts;
  readonly #channel: Channel;
  readonly #load = Promise.withResolvers<void>();
  readonly #gone = Promise.withResolvers<void>();
  #ended = false;
  #call: IsolatedCall | undefined;
  #calls = 0;
  #lines: Readonly<Record<'stdout' | 'stderr', OutputLines>>;

  constructor(options: IsolationOptions, parts: IsolateParts) {
    this.#options = options;
    this.#parts = parts;
    this.#lines = this.#linesTo(parts.log);
    const { isolation, memoryMiB, module, exportName, loadMs } = options;
    const open = isolation === 'thread' ? openThread : openProcess;
    this.#channel = open(memoryMiB, {
      message: (message) => this.#hear(message),
      output: (stream, text) => this.#lines[stream].add(text),
      ended: (ending) => this.#over(ending),
    });
    this.#channel.busy(true);
    const given = options.options === undefined ? {} : { options: options.options };
    this.#channel.send({ type: 'load', module, export: exportName, ...given });
    const late = parts.clock.schedule(loadMs, () => {
      this.#load.reject(this.#notLoaded(`it did not load within ${formatDuration(loadMs)} (limits.load)`));
      this.end();
    });
    this.loaded = this.#load.promise.finally(() => late.cancel());
    // Whoever waits for it is told; nobody has to.
    this.loaded.catch(() => undefined);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Resolves when it has ended. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /**
   * Calls the agent. What it fails with is what the agent threw; REPRISE_AGENT_EXITED or REPRISE_AGENT_MEMORY when the isolate ended;
   * REPRISE_ATTEMPT_TIMEOUT after `limits.time`; the reason of the signal, when the agent did not end in time after it.
   */
  async call(task: AgentTask, context: AgentContext, maxPayloadChars: number): Promise<Json> {
    this.#calls += 1;
    const call = new IsolatedCall(this.#calls, context, (message) => this.#channel.send(message));
    this.#call = call;
    this.#endLines();
    this.#lines = this.#linesTo((level, message, fields) => context.logger[level](message, fields));
    this.#channel.busy(true);
    const { signal } = context;
    const { timeMs, graceMs, name } = this.#options;
    const timers: ScheduledCall[] = [];
    const onAbort = (): void => {
      call.abort();
      timers.push(this.#parts.clock.schedule(graceMs, () => this.#giveUp(call, signal.reason)));
    };
    if (timeMs !== undefined) {
      const message = `The attempt took longer than ${formatDuration(timeMs)}, the limit of the agent '${name}' (limits.time).`;
      const late = new RepriseError('REPRISE_ATTEMPT_TIMEOUT', message);
      timers.push(this.#parts.clock.schedule(timeMs, () => this.#giveUp(call, late)));
    }
    try {
      call.begin(task, maxPayloadChars);
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
      return await call.outcome.promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      for (const timer of timers) timer.cancel();
      // What comes late is still of this attempt.
      this.#endLines();
      this.#call = undefined;
      this.#channel.busy(false);
    }
  }

  /** At once; a call under way fails. */
  end(): void {
    this.#channel.kill();
  }

  /** It does what it does for too long. */
  #giveUp(call: IsolatedCall, reason: unknown): void {
    call.outcome.reject(reason);
    this.end();
  }

  #hear(message: FromIsolate): void {
    if (message.type === 'loaded') {
      this.#channel.busy(false);
      this.#load.resolve();
    } else if (message.type === 'not-loaded') {
      this.#load.reject(this.#notLoaded(message.thrown.error.message));
      this.end();
    } else if (message.type !== 'uncaught' && message.call === this.#call?.id) this.#call.heard(message);
  }

  #over(ending: Ending): void {
    this.#ended = true;
    this.#endLines();
    const { name, isolation, memoryMiB } = this.#options;
    const broken = brokenCall(name, isolation, memoryMiB, ending);
    this.#load.reject(this.#notLoaded(broken.message));
    this.#gone.resolve();
    const call = this.#call;
    if (call === undefined) return;
    call.outcome.reject(call.begun ? broken : new NotBegun(broken.code, broken.message, { details: broken.details }));
  }

  #notLoaded(why: string): RepriseError {
    const { name, module, exportName } = this.#options;
    const message = `The agent '${name}' cannot be loaded (export '${exportName}' of ${module}): ${why}`;
    return new RepriseError('REPRISE_AGENT_NOT_LOADED', message, { details: { module, export: exportName } });
  }

  #endLines(): void {
    for (const lines of Object.values(this.#lines)) lines.end();
  }

  #linesTo(log: IsolateParts['log']): Readonly<Record<'stdout' | 'stderr', OutputLines>> {
    const lines = (stream: 'stdout' | 'stderr'): OutputLines =>
      new OutputLines(
        (line) => log('info', line, { stream, isolate: this.#channel.name }),
        () => log('warn', `what the agent writes to ${stream} is too much: the rest is dropped`, { stream }),
      );
    return { stdout: lines('stdout'), stderr: lines('stderr') };
  }
}
