import { createWriteStream, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { RepriseError, visibleJson } from '@reprise/core/plugin';

/** Where lines go. `write` never throws and never waits; what went wrong shows in `failure`. */
export interface LogDestination {
  write(line: string): void;
  /** The same, of text that is visible already, colours of ours aside. */
  writeText(line: string): void;
  /** Whether a person looks at it. */
  readonly isTerminal: boolean;
  /** A promise while more is buffered than should be; undefined when there is room. Never rejects. */
  backlog(): Promise<void> | undefined;
  /** Resolves when everything written so far is with the operating system. Rejects with `failure`. */
  flush(): Promise<void>;
  /** Flushes and releases the file. A descriptor that was given stays open. */
  close(): Promise<void>;
  /** The first error of the stream; after it nothing is written. */
  readonly failure: Error | undefined;
}

function openFile(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, 'a');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `The log file ${path} cannot be opened: ${reason}. Name another one in destination.`;
    throw new RepriseError('REPRISE_CONFIG_INVALID', message, { cause, details: { path } });
  }
}

function openStream(target: string | number): Writable {
  if (target === 1) return process.stdout;
  if (target === 2) return process.stderr;
  if (typeof target === 'number') return createWriteStream('', { fd: target, autoClose: false });
  return createWriteStream(target, { fd: openFile(target) });
}

/** Opens the file (or takes the descriptor). Throws REPRISE_CONFIG_INVALID when it cannot be opened. */
export function openLogDestination(target: string | number): LogDestination {
  return streamDestination(openStream(target), typeof target === 'string');
}

/** Writes to `stream`; to a terminal with all that could steer it or mislead as escapes. `owned`: close() ends it. */
export function streamDestination(stream: Writable, owned: boolean): LogDestination {
  const isTerminal = (stream as { readonly isTTY?: unknown }).isTTY === true;
  let failure: Error | undefined;
  const onError = (error: Error): void => {
    failure ??= error;
  };
  stream.on('error', onError);

  const flush = (): Promise<void> =>
    new Promise((resolve, reject) => {
      if (failure !== undefined) reject(failure);
      else stream.write('', (error) => (error ? reject(error) : resolve()));
    });

  let waiting: Promise<void> | undefined;
  const room = (): Promise<void> => {
    waiting ??= new Promise((resolve) => {
      const settle = (): void => {
        stream.off('drain', settle).off('error', settle).off('close', settle);
        waiting = undefined;
        resolve();
      };
      stream.on('drain', settle).on('error', settle).on('close', settle);
    });
    return waiting;
  };

  return {
    isTerminal,
    get failure() {
      return failure;
    },
    write(line) {
      if (failure === undefined) stream.write(isTerminal ? visibleJson(line) : line);
    },
    writeText(line) {
      if (failure === undefined) stream.write(line);
    },
    backlog: () => (stream.writableNeedDrain && failure === undefined ? room() : undefined),
    flush,
    async close() {
      try {
        await flush();
        if (owned) await new Promise<void>((resolve) => stream.once('close', resolve).end());
      } finally {
        if (owned) stream.destroy();
        else stream.off('error', onError);
      }
    },
  };
}
