import { sleep } from '@reprise/core';
import { type InterruptSignal, onInterrupt } from '../drive/interrupts.ts';
import { count } from '../output/text.ts';

/** What drains, and at the second signal stops at once. */
export interface Stoppable {
  readonly running: number;
  stop(options?: { readonly drainMs?: number }): Promise<void>;
}

export interface StopBySignal {
  /** Resolves when it has stopped because of a signal. */
  readonly stopped: Promise<InterruptSignal>;
  /** Signals have their usual effect again. */
  ignore(): void;
}

/** How long agents that ignore their AbortSignal are waited for, in ms, once everything is to stop at once. */
const GRACE_MS = 250;

/** The first Ctrl-C or SIGTERM drains, and `draining` is called before anything else; the second stops at once. */
export function stopBySignal(
  what: Stoppable,
  note: (text: string) => Promise<void>,
  draining: () => void,
): StopBySignal {
  const { promise: stopped, resolve, reject } = Promise.withResolvers<InterruptSignal>();
  const ignore = onInterrupt((signal, times) => {
    draining();
    const waiting = what.running === 0 ? '' : ` Waiting for ${count(what.running, 'attempt')} under way.`;
    const stop = async (): Promise<void> => {
      await note(times === 1 ? `Stopping.${waiting} Ctrl-C again stops at once.` : 'Stopping at once.');
      await (times === 1 ? what.stop() : Promise.race([what.stop({ drainMs: 0 }), sleep(GRACE_MS)]));
    };
    stop().then(() => resolve(signal), reject);
  });
  return { stopped, ignore };
}
