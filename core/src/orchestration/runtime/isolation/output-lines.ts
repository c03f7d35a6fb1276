import type { Readable } from 'node:stream';
import type { Clock } from '../../../shared/clock.ts';

/** What one stream may bring in one window before it has to wait: whoever writes without end waits, and nobody else. */
const WINDOW_MS = 100;
const WINDOW_CHARS = 256 * 1024;

/** Reads a stream of text at a bounded pace. */
export function readAtPace(stream: Readable, clock: Clock, take: (text: string) => void): void {
  let left = WINDOW_CHARS;
  let waits = false;
  stream.setEncoding('utf8');
  // A pipe that breaks ends with its process.
  stream.on('error', () => undefined);
  stream.on('data', (text: string) => {
    left -= text.length;
    if (!waits) {
      waits = true;
      clock.schedule(WINDOW_MS, () => {
        waits = false;
        left = WINDOW_CHARS;
        stream.resume();
      });
    }
    if (left <= 0) stream.pause();
    take(text);
  });
}

const MAX_LINE_CHARS = 8192;
/** Characters that are put into the log in all; what comes beyond is dropped, and that is said once. */
const MAX_CHARS = 1024 * 1024;

/** Text that comes in pieces, as lines. */
export class OutputLines {
  readonly #say: (line: string) => void;
  readonly #tooMuch: () => void;
  #rest = '';
  #chars = 0;

  constructor(say: (line: string) => void, tooMuch: () => void) {
    this.#say = say;
    this.#tooMuch = tooMuch;
  }

  add(text: string): void {
    if (this.#chars > MAX_CHARS) return;
    this.#chars += text.length;
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
    while (this.#rest.length > MAX_LINE_CHARS) {
      this.#line(this.#rest.slice(0, MAX_LINE_CHARS));
      this.#rest = this.#rest.slice(MAX_LINE_CHARS);
    }
    if (this.#chars > MAX_CHARS) {
      this.#rest = '';
      this.#tooMuch();
    }
  }

  /** What has no end of line yet, too. */
  end(): void {
    this.#line(this.#rest);
    this.#rest = '';
  }

  #line(line: string): void {
    const text = line.trimEnd();
    for (let from = 0; from < text.length; from += MAX_LINE_CHARS) this.#say(text.slice(from, from + MAX_LINE_CHARS));
  }
}
