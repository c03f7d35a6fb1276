import { toErrorData } from '../../../shared/errors.ts';
import type { InboxItem } from '../inbox.ts';
import type { MonitorHub } from '../monitor-hub.ts';

/** Says what went wrong with a run to the log, and answers to who waits. Nothing here throws. */
export class RunReports {
  readonly #monitors: Pick<MonitorHub, 'notice'>;

  constructor(monitors: Pick<MonitorHub, 'notice'>) {
    this.#monitors = monitors;
  }

  error(runId: string, error: unknown, what?: string, level: 'warn' | 'error' = 'error'): void {
    const { message, code } = toErrorData(error, 'REPRISE_UNDECIDABLE');
    const said = what === undefined ? message : `${what}: ${message}`;
    this.#monitors.notice({ kind: 'log', level, message: said, runId, fields: { code } });
  }

  fail(items: readonly InboxItem[], error: unknown): void {
    for (const item of items) this.tell(item.command?.runId ?? '', () => item.failed?.(error));
  }

  /** Whoever is told may throw: that is theirs, and harms neither the run nor the others. */
  tell(runId: string, tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.error(runId, error, 'who waited for an answer threw');
    }
  }
}
