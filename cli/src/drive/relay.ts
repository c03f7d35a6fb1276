import { definePlugin, type Plugin, type Signal } from '@reprise/core';
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
        onSignal: (signal: Signal) => this.#onSignal(signal),
        forceFlush: async () => undefined,
        shutdown: async () => undefined,
      }),
    });
  }

  #onSignal(signal: Signal): void | Promise<void> {
    if (signal.kind === 'progress' && signal.runId === this.runId) {
      const { progress } = signal;
      this.view?.onAgentProgress?.(signal.taskId, typeof progress === 'string' ? progress : briefJson(progress, 200));
    }
    if (signal.kind !== 'log' || (signal.level !== 'warn' && signal.level !== 'error')) return;
    const about = [signal.runId === this.runId ? undefined : signal.runId, signal.taskId].filter(
      (part) => part !== undefined,
    );
    const where = about.length === 0 ? '' : `${about.join(' ')}: `;
    return this.view?.note(plain(`${signal.level}: ${where}${signal.message}`));
  }
}
