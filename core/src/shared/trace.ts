import { sha256 } from './hash.ts';

// W3C Trace Context, https://www.w3.org/TR/trace-context/#traceparent-header

const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;

export const isTraceparent = (value: unknown): value is string => typeof value === 'string' && TRACEPARENT.test(value);

/** The trace of a run: that of the context that it was started in, or one that follows from the run's id. */
export class RunTrace {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly #head: string;
  readonly #flags: string;
  readonly #runId: string;

  constructor(runId: string, parent: string | undefined) {
    const [, trace = sha256(runId).slice(0, 32), flags = '01'] = TRACEPARENT.exec(parent ?? '') ?? [];
    this.#runId = runId;
    this.id = trace;
    this.#head = `00-${trace}-`;
    this.#flags = `-${flags}`;
  }

  /**
   * The trace context of one part of the run (an attempt, say), whose span follows from the part. Equal arguments give equal context, so a
   * trace goes on over restarts and in other processes.
   */
  context(part: string): string {
    return this.#head + this.span(part) + this.#flags;
  }

  /** The span in it: 16 hexadecimal digits. */
  span(part: string): string {
    return spanOf(`${this.#runId}\n${part}`);
  }
}

/** The part of a run's trace that an attempt is. */
export const attemptPart = (taskId: string, attempt: number): string => `${taskId}/${attempt}`;

/** 16 hex digits, not all of them zero, that follow from a text. Spread evenly, and cheap: one is made for every event. */
function spanOf(text: string): string {
  let [one, two] = [0xdeadbeef, 0x41c6ce57];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    one = Math.imul(one ^ code, 0x9e3779b1);
    two = Math.imul(two ^ code, 0x5f356495);
  }
  one = Math.imul(one ^ (one >>> 16), 0x85ebca6b) ^ Math.imul(two ^ (two >>> 13), 0xc2b2ae35);
  two = Math.imul(two ^ (two >>> 16), 0x85ebca6b) ^ Math.imul(one ^ (one >>> 13), 0xc2b2ae35);
  return `${hex32(one === 0 ? 1 : one)}${hex32(two)}`;
}

const BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

const hex32 = (number: number): string =>
  `${BYTES[number >>> 24]}${BYTES[(number >>> 16) & 255]}${BYTES[(number >>> 8) & 255]}${BYTES[number & 255]}`;
