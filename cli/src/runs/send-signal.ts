import { statusText } from '../output/status.ts';
import type { Terminal } from '../output/terminal.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { readData } from './read-input.ts';
import { commandRun } from './steer-run.ts';

export interface SignalFlags extends Whereabouts {
  readonly data?: string | undefined;
  readonly 'data-file'?: string | undefined;
  readonly 'request-id'?: string | undefined;
}

/** Sends a run a signal, whoever drives it. */
export async function sendSignal(typed: string, signal: string, flags: SignalFlags, terminal: Terminal): Promise<void> {
  const data = await readData(flags);
  const requestId = flags['request-id'];
  const { err } = terminal;
  await commandRun(typed, flags, terminal, {
    shape: { signal },
    give: (handle) => handle.signal(signal, data, requestId === undefined ? {} : { requestId }),
    say: async ({ runId, status }, driven) => {
      await err.line(`Run ${err.style('bold', runId)} has the signal; it is ${statusText(err, status)}.`);
      if (driven === false)
        await err.line('No process drives the runs of this store now; to have it go on: reprise worker start');
    },
  });
}
