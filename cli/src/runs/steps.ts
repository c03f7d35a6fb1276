import { createInterface } from 'node:readline';
import type { HistoryEntry } from '@reprise/core';
import { describeEntry } from '../output/describe-event.ts';
import type { Screen } from '../output/terminal.ts';
import { padStart } from '../output/text.ts';

/** Waits until the user wants to see the next event. */
export interface Steps {
  /** Resolves at the next line of stdin; at once when stdin has ended. */
  next(): Promise<void>;
  close(): void;
}

/** Steps by the Enter key. Without anybody at stdin, it does not wait once stdin has ended. */
export async function openSteps(err: Screen): Promise<Steps> {
  const lines = createInterface({ input: process.stdin, terminal: false });
  const iterator = lines[Symbol.asyncIterator]();
  let ended = false;
  if (process.stdin.isTTY) await err.line(err.style('dim', 'Enter: the next event. Ctrl-C: stop.'));
  return {
    next: async () => {
      if (!ended) ended = (await iterator.next()).done === true;
    },
    close: () => lines.close(),
  };
}

export function describeStep(screen: Screen, entry: HistoryEntry): string {
  const { revision, event } = entry;
  const task = 'taskId' in event && event.type !== 'RunFailed' ? `${event.taskId}  ` : '';
  const head = `${screen.style('dim', padStart(String(revision), 5))}  ${screen.style('bold', event.type)}`;
  return `${head}  ${task}${describeEntry(entry)}`.trimEnd();
}
