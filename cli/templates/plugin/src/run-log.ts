import { appendFile } from 'node:fs/promises';
import { definePlugin, type Monitor, type ObservedEvent, type Plugin } from '@reprise/core/plugin';
import { type RunLogOptions, resolveOptions } from './options.ts';

export type { RunLogOptions };

/** Adds a line of JSON to a file for each event of the types in question. Throws at once when an option is wrong. */
export function runLog(options: RunLogOptions = {}): Plugin<'monitor'> {
  const resolved = resolveOptions(options);
  return definePlugin({ name: 'run-log', kind: 'monitor', create: () => createRunLog(resolved) });
}

/**
 * Events are handed over one after the other, and the next one waits for the promise of the one before. A monitor that is slow or
 * throws holds up no run. Types of events that it does not know go by.
 */
export function createRunLog({ file, events }: Required<RunLogOptions>): Monitor {
  let written: Promise<void> = Promise.resolve();
  let ended = false;
  return {
    name: 'run-log',
    onEvent: (observed) => {
      if (ended || !events.includes(observed.event.type)) return undefined;
      written = written.catch(() => undefined).then(() => appendFile(file, lineOf(observed)));
      return written;
    },
    // Whatever went wrong was told by onEvent.
    forceFlush: () => written.catch(() => undefined),
    shutdown: () => {
      ended = true;
      return written.catch(() => undefined);
    },
  };
}

const lineOf = ({ runId, event }: ObservedEvent): string =>
  `${JSON.stringify({ at: new Date(event.time).toISOString(), runId, type: event.type })}\n`;
