import { definePlugin, type Notice, type Plugin } from '@reprise/core';
import type { ProgressView } from '../output/progress-view.ts';
import { briefJson, plain } from '../output/text.ts';

/** Brings what the engine and agents say beside history to whoever shows a run: warnings and errors, and progress of one run. */
export class Relay {
  /** Where to say it; nothing is said before there is one. */
  view: ProgressView | undefined;
  runId: string | undefined;

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
    if (notice.kind === 'progress' && notice.runId === this.runId) {
      const { progress } = notice;
      this.view?.onAgentProgress?.(notice.taskId, typeof progress === 'string' ? progress : briefJson(progress, 200));
    }
    if (notice.kind !== 'log' || (notice.level !== 'warn' && notice.level !== 'error')) return;
    const about = [notice.runId === this.runId ? undefined : notice.runId, notice.taskId].filter(
      (part) => part !== undefined,
    );
    const where = about.length === 0 ? '' : `${about.join(' ')}: `;
    return this.view?.note(plain(`${notice.level}: ${where}${notice.message}`));
  }
}
