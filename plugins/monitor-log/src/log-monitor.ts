import type { Monitor, Notice, ObservedEvent } from '@reprise/core/plugin';
import { type Logger, pino, stdTimeFunctions } from 'pino';
import type { LogDestination } from './log-destination.ts';
import { eventEntry, type LogEntry, noticeEntry } from './mapping.ts';
import type { ResolvedLogMonitorOptions } from './options.ts';
import { WorkingAgents } from './working-agents.ts';

/**
 * Writes one JSON line for each event and notice. Open until shutdown(), after which nothing is written. A destination
 * that failed (disk full, closed pipe) makes every further call throw its error, for the engine to count.
 */
export class LogMonitor implements Monitor {
  readonly name = 'log';
  readonly #logger: Logger;
  readonly #destination: LogDestination;
  readonly #payloads: boolean;
  readonly #agents = new WorkingAgents();
  #closing: Promise<void> | undefined;

  constructor(options: Pick<ResolvedLogMonitorOptions, 'level' | 'payloads'>, destination: LogDestination) {
    this.#destination = destination;
    this.#payloads = options.payloads;
    this.#logger = pino(
      {
        name: 'reprise',
        level: options.level,
        timestamp: stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      destination,
    );
  }

  /** Returns a promise while the destination is behind, so that the engine holds further events back. */
  onEvent(observed: ObservedEvent): void | Promise<void> {
    const agent = this.#agents.of(observed);
    return this.#write(eventEntry(observed, this.#payloads, agent));
  }

  onNotice(notice: Notice): void | Promise<void> {
    const entry = noticeEntry(notice, this.#payloads);
    return entry === undefined ? undefined : this.#write(entry);
  }

  async forceFlush(): Promise<void> {
    if (this.#closing === undefined) await this.#destination.flush();
  }

  shutdown(): Promise<void> {
    this.#closing ??= this.#destination.close();
    return this.#closing;
  }

  #write(entry: LogEntry): void | Promise<void> {
    if (this.#closing !== undefined) return undefined;
    if (this.#destination.failure !== undefined) throw this.#destination.failure;
    this.#logger[entry.level](entry.fields, entry.message);
    return this.#destination.backlog();
  }
}
