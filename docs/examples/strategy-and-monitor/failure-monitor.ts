import { definePlugin, type Monitor, type Plugin } from '@reprise/core/plugin';

/** Hands `write` a line for each run that failed, and for each warning. */
export const failureMonitor = (write: (line: string) => void): Plugin<'monitor'> =>
  definePlugin({ name: 'failures', kind: 'monitor', create: () => createFailureMonitor(write) });

export function createFailureMonitor(write: (line: string) => void): Monitor {
  let ended = false;
  return {
    name: 'failures',
    onEvent: ({ runId, event }) => {
      // Types that it does not know go by.
      if (!ended && event.type === 'RunFailed') write(`${runId} failed: ${JSON.stringify(event.data)}`);
    },
    onNotice: (notice) => {
      if (!ended && notice.kind === 'log' && notice.level !== 'debug' && notice.level !== 'info') write(notice.message);
    },
    // It keeps nothing back that would have to be written.
    forceFlush: async () => undefined,
    shutdown: async () => {
      ended = true;
    },
  };
}
