import type { Clock } from '../../shared/clock.ts';
import { toErrorData } from '../../shared/errors.ts';
import type { RunReader } from '../reading/run-reader.ts';
import type { Command } from '../workflow/commands.ts';
import type { Lineage, RunEvent } from '../workflow/events.ts';
import { turnCost } from '../workflow/payload-size.ts';
import type { RunState } from '../workflow/state.ts';
import { factsFor } from './fork-start.ts';
import type { CommandOutcome, InboxItem } from './inbox.ts';
import type { MonitorHub } from './monitor-hub.ts';
import type { EngineOptions } from './options.ts';

export interface ForkRunsParts {
  readonly reader: RunReader;
  readonly clock: Clock;
  readonly options: EngineOptions;
  readonly monitors: MonitorHub;
  post(runId: string, item: InboxItem): void;
}

/** Events of a page at most. */
const PAGE_EVENTS = 1000;

/**
 * Brings the history of one run into another that goes on from it, page by page, each a turn of its own, then closes it. What is left to copy
 * follows from the new run's revision, so it can be derived again from its state at any time.
 */
export class ForkRuns {
  readonly #parts: ForkRunsParts;
  readonly #copying = new Set<string>();

  constructor(parts: ForkRunsParts) {
    this.#parts = parts;
  }

  carryOut(state: RunState): void {
    const { runId, lineage, revision } = state;
    if (lineage === undefined || this.#copying.has(runId)) return;
    this.#copying.add(runId);
    this.#copy(state, lineage, revision + 1)
      .catch((error: unknown) => this.#failed(runId, lineage, error))
      .finally(() => this.#copying.delete(runId));
  }

  async #copy({ runId, definitionHash }: RunState, lineage: Lineage, from: number): Promise<void> {
    const { sliceChars } = this.#parts.options;
    let page: RunEvent[] = [];
    let chars = 0;
    let next = from;
    const flush = async (): Promise<boolean> => {
      if (page.length === 0) return true;
      const command: Command = {
        type: 'CopyEvents',
        commandId: `copy/${runId}/${next}`,
        runId,
        from: next,
        events: page,
      };
      const { events } = await this.#posted(runId, command);
      next += page.length;
      page = [];
      chars = 0;
      // It was cancelled, or is being brought on by somebody else.
      if (events.length === 0) this.#lookAgain(runId);
      return events.length > 0;
    };
    if (from <= lineage.revision) {
      for await (const { event, revision } of this.#parts.reader.history(lineage.runId, from)) {
        if (revision > lineage.revision) break;
        page.push(event);
        chars += turnCost(event);
        if ((page.length >= PAGE_EVENTS || chars > sliceChars) && !(await flush())) return;
      }
      if (!(await flush())) return;
    }
    const facts = await factsFor(this.#parts.reader, lineage, definitionHash);
    await this.#posted(runId, { type: 'CloseFork', commandId: `close-fork/${runId}`, runId, ...facts });
  }

  #posted(runId: string, command: Command): Promise<CommandOutcome> {
    return new Promise((resolve, reject) => {
      this.#parts.post(runId, { command, done: resolve, failed: reject });
    });
  }

  #failed(runId: string, lineage: Lineage, error: unknown): void {
    const { monitors } = this.#parts;
    const { code, message } = toErrorData(error, 'REPRISE_UNDECIDABLE');
    const said = `the history of '${lineage.runId}' could not be copied yet: ${message}`;
    monitors.notice({ kind: 'log', level: 'warn', message: said, runId, fields: { code } });
    this.#lookAgain(runId);
  }

  /** The run is read again, and what is left to copy is derived from it. */
  #lookAgain(runId: string): void {
    const { clock, options, post } = this.#parts;
    clock.schedule(options.redispatchMs, () => post(runId, { refresh: true }));
  }
}
