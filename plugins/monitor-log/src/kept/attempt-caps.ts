import type { LineToKeep } from './kept-line.ts';

/** Attempts that are counted; of one that was silent for longer than these have spoken, counting begins anew. */
const COUNTED = 1000;

interface Count {
  lines: number;
  bytes: number;
}

/** How much of one attempt is kept: an agent in a loop takes no room of the others. What it emits is counted apart from what it logs. */
export class AttemptCaps {
  readonly #maxLines: number;
  readonly #maxBytes: number;
  readonly #counts = new Map<string, Count>();

  constructor(maxLines: number, maxBytes: number) {
    this.#maxLines = maxLines;
    this.#maxBytes = maxBytes;
  }

  /** The line; of an attempt that has said enough, once, that no more is kept; then undefined. */
  take(line: LineToKeep): LineToKeep | undefined {
    const key = `${line.runId} ${line.taskId ?? ''} ${line.attempt ?? 0} ${line.level === 'progress' ? 'emit' : 'log'}`;
    const count = this.#counts.get(key) ?? { lines: 0, bytes: 0 };
    this.#counts.delete(key);
    this.#counts.set(key, count);
    if (this.#counts.size > COUNTED) this.#counts.delete(this.#counts.keys().next().value as string);
    if (count.lines > this.#maxLines) return undefined;
    count.lines += 1;
    count.bytes += Buffer.byteLength(line.message) + Buffer.byteLength(line.fields ?? '');
    if (count.lines <= this.#maxLines && count.bytes <= this.#maxBytes) return line;
    count.lines = this.#maxLines + 1;
    const what = line.level === 'progress' ? 'emits' : 'logs';
    const message = `No more of what this attempt ${what} is kept: it has had its ${this.#maxLines} lines, or ${this.#maxBytes} bytes.`;
    return { ...line, level: 'warn', message, fields: undefined };
  }
}
