import { definePlugin, type Notice, type Plugin } from '@reprise/core';
import { Failures, stackLines } from '../output/failures.ts';
import type { ProgressView } from '../output/progress-view.ts';
import { briefJson, plain } from '../output/text.ts';

type LogNotice = Extract<Notice, { readonly kind: 'log' }>;

/** Failures of agents that are told one by one where nothing else tells them. */
const TOLD = 5;

/**
 * Brings what the engine and agents say beside history to whoever shows a run: warnings and errors, where agents failed, and progress of one
 * run. What comes before the run has an id waits for it.
 */
export class Relay {
  readonly failures = new Failures();
  /** Where to say it; nothing is said before there is one. */
  view: ProgressView | undefined;
  #runId: string | undefined;
  #waiting: LogNotice[] = [];
  #told = 0;
  /** Failures that were told one by one: none is told twice. */
  readonly #said = new Set<string>();

  get runId(): string | undefined {
    return this.#runId;
  }

  set runId(runId: string | undefined) {
    this.#runId = runId;
    for (const notice of this.#waiting.splice(0)) void this.#onLog(notice);
  }

  plugin(): Plugin<'monitor'> {
    return definePlugin({
      name: 'cli-relay',
      kind: 'monitor',
      create: () => ({
        name: 'cli-relay',
        onEvent: () => undefined,
        onNotice: (notice: Notice) => this.#onNotice(notice),
        forceFlush: async () => undefined,
        shutdown: async () => undefined,
      }),
    });
  }

  #onNotice(notice: Notice): void | Promise<void> {
    if (notice.kind === 'progress' && notice.runId === this.#runId) {
      const { progress } = notice;
      this.view?.onAgentProgress?.(notice.taskId, typeof progress === 'string' ? progress : briefJson(progress, 200));
    }
    if (notice.kind !== 'log') return;
    const stack = notice.failure === true ? notice.fields?.['stack'] : undefined;
    const { runId, taskId, attempt } = notice;
    if (typeof stack === 'string' && runId !== undefined && taskId !== undefined && attempt !== undefined)
      this.failures.add(runId, taskId, attempt, stack, notice.level === 'warn');
    if (this.#runId === undefined && notice.failure === true) this.#waiting.push(notice);
    else return this.#onLog(notice);
  }

  async #onLog(notice: LogNotice): Promise<void> {
    const { view } = this;
    if (view === undefined || (notice.level !== 'warn' && notice.level !== 'error')) return;
    const isOwn = notice.runId === this.#runId;
    // The attempt's event tells it, and whether anything else is done about it.
    if (notice.failure === true && isOwn && view.tellsFailures === true) return;
    if (notice.failure === true) {
      const same = `${notice.runId} ${notice.taskId} ${notice.message}`;
      if (this.#said.has(same)) return;
      if (this.#told <= TOLD) this.#said.add(same);
      this.#told += 1;
      if (this.#told === TOLD + 1) await view.note('warn: further failures of agents are not told one by one');
      if (this.#told > TOLD) return;
    }
    const about = [isOwn ? undefined : notice.runId, notice.taskId].filter((part) => part !== undefined);
    const where = about.length === 0 ? '' : `${about.join(' ')}: `;
    await view.note(plain(`${notice.level}: ${where}${notice.message}`));
    const stack = notice.failure === true ? notice.fields?.['stack'] : undefined;
    for (const line of stackLines(typeof stack === 'string' ? stack : undefined)) await view.note(`  ${line}`);
  }
}
