import { type Monitor, type Notice, type ObservedEvent, systemClock } from '@reprise/core/plugin';
import { type Logger, pino, stdTimeFunctions } from 'pino';
import type { LogDestination } from './log-destination.ts';
import { eventEntry, type LogEntry, noticeEntry } from './mapping.ts';
import type { ResolvedLogMonitorOptions } from './options.ts';
import { styleOf, type TextStyle, textLine } from './text-line.ts';
import { WorkingAgents } from './working-agents.ts';

/**
 * Writes one line for each event and notice, JSON or text. Open until shutdown(), after which nothing is written. A destination
 * that failed (disk full, closed pipe) makes every further call throw its error, for the engine to count.
 */
export class LogMonitor implements Monitor {
  readonly name = 'log';
  readonly #logger: Logger;
  readonly #destination: LogDestination;
  /** Of lines for people; undefined where they are JSON. */
  readonly #text: TextStyle | undefined;
  readonly #payloads: boolean;
  readonly #agents = new WorkingAgents();
  #closing: Promise<void> | undefined;

  constructor(options: Pick<ResolvedLogMonitorOptions, 'level' | 'payloads' | 'format'>, destination: LogDestination) {
    this.#destination = destination;
    this.#payloads = options.payloads;
    const { isTerminal } = destination;
    const isText = options.format === 'text' || (options.format === 'auto' && isTerminal);
    this.#text = isText ? styleOf(process.env, isTerminal) : undefined;
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
    if (this.#text === undefined) this.#logger[entry.level](entry.fields, entry.message);
    else if (this.#logger.isLevelEnabled(entry.level))
      this.#destination.writeText(textLine(entry, new Date(systemClock.now()), this.#text));
    return this.#destination.backlog();
  }
}
