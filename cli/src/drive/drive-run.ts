import { type RunHandle, RunReader, sleep } from '@reprise/core';
import type { ProgressView } from '../output/progress-view.ts';
import type { RunProgress } from '../output/run-progress.ts';
import { count } from '../output/text.ts';
import { follow } from './follow.ts';
import { type InterruptSignal, onInterrupt } from './interrupts.ts';
import type { Opened } from './open-project.ts';
import type { Relay } from './relay.ts';

/** How long agents that ignore their AbortSignal are waited for, in ms, once everything is to stop at once. */
const GRACE_MS = 500;

/** What came of driving: what `report` made of the run's end, or the signal that came before it. */
export type Driven =
  | { readonly exit: number }
  | { readonly runId: string | undefined; readonly interruptedBy: InterruptSignal };

export interface Drive {
  begin(): Promise<RunHandle>;
  /** Told the end of the run as soon as it is known, before anything is stopped. Resolves to the exit code. */
  report(progress: RunProgress): Promise<number>;
  readonly view: ProgressView;
  readonly relay: Relay;
}

/**
 * Drives the store's runs until the one that `begin` starts has ended; then drains. The first signal drains: attempts under way are waited
 * for, nothing new is begun. The second stops at once. Either way, what is open goes on at the next start.
 */
export async function driveRun(opened: Opened, { begin, report, view, relay }: Drive): Promise<Driven> {
  const { orchestrator } = opened;
  const following = new AbortController();
  const stopped = Promise.withResolvers<InterruptSignal>();
  let reported = false;
  const ignore = onInterrupt((signal, times) => {
    const stop = times === 1 && !reported ? drain(opened, view) : stopNow(opened, view);
    stop.then(() => stopped.resolve(signal), stopped.reject);
  });
  relay.view = view;
  let runId: string | undefined;
  try {
    const role = await orchestrator.start({ drive: 'if-nobody-does' });
    const handle = await begin();
    runId = handle.id;
    relay.runId = runId;
    if (role === 'client') await view.note('Another process drives the runs of this store; this one watches.');
    // A reader of its own: the orchestrator's ends when it stops, and a drain is to be seen.
    const followed = follow(new RunReader(opened.storage), runId, view, following.signal);
    // After an interruption, the store may be closed under it.
    followed.catch(() => undefined);
    const end = await Promise.race([followed, stopped.promise]);
    if (typeof end === 'string') return { runId, interruptedBy: end };
    await view.close();
    reported = true;
    return { exit: await report(end) };
  } finally {
    following.abort();
    await view.close();
    await Promise.race([orchestrator.stop(), stopped.promise, sayIfSlow(opened, view)]);
    await Promise.race([orchestrator.stop(), stopped.promise]);
    ignore();
  }
}

/** Other runs of the store were driven, too; what they have under way is waited for. */
async function sayIfSlow({ orchestrator }: Opened, view: ProgressView): Promise<void> {
  await sleep(GRACE_MS);
  const { running } = orchestrator;
  if (running > 0) await view.note(`Waiting for ${count(running, 'attempt')} still under way; Ctrl-C stops at once.`);
}

async function drain({ orchestrator }: Opened, view: ProgressView): Promise<void> {
  const waitsFor = orchestrator.running;
  const waiting =
    waitsFor === 0 ? '' : ` Waiting for ${count(waitsFor, 'attempt')} under way; Ctrl-C again stops at once.`;
  await view.note(`Stopping.${waiting}`);
  await orchestrator.stop();
}

async function stopNow({ orchestrator }: Opened, view: ProgressView): Promise<void> {
  await view.note('Stopping at once.');
  await Promise.race([orchestrator.stop({ drainMs: 0 }), sleep(GRACE_MS)]);
}
