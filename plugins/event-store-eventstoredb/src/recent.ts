import type { Position } from '@reprise/core/plugin';
import { toPosition } from './position.ts';
import type { Answer } from './requests.ts';

/** What is kept at most; a page of a subscription has 500 events. */
const MOST = 4000;
const MOST_BYTES = 8 * 1024 * 1024;

interface Heard {
  readonly at: Position;
  readonly answer: Answer;
  readonly bytes: number;
}

/**
 * The last events that the feed has brought, without a gap: whoever follows all streams, and is not far behind, needs not ask the server for what it has sent
 * already.
 */
export class Recent {
  /** In their order. */
  #heard: Heard[] = [];
  #bytes = 0;
  /** Everything after it is there. */
  #from: Position | undefined;

  /** Forgets all: from `position` on it hears everything; undefined: it hears nothing. */
  begin(position: Position | undefined): void {
    this.#heard = [];
    this.#bytes = 0;
    this.#from = position;
  }

  /** One that was there before (the server may send it twice) changes nothing. */
  add(answer: Answer): void {
    if (answer.position === undefined || this.#from === undefined) return;
    const at = toPosition(answer.position);
    if (at <= (this.#heard.at(-1)?.at ?? this.#from)) return;
    const bytes = answer.kept.data.length + answer.kept.metadata.length;
    this.#heard.push({ at, answer, bytes });
    this.#bytes += bytes;
    if (this.#heard.length > MOST || this.#bytes > MOST_BYTES) this.#shorten();
  }

  /** What came after a position, up to `limit`, and whether that is all; undefined where that is not known. */
  after(
    position: Position,
    limit: number,
  ): { readonly answers: readonly Answer[]; readonly complete: boolean } | undefined {
    if (this.#from === undefined || position < this.#from) return undefined;
    let first = this.#heard.length;
    while (first > 0 && (this.#heard[first - 1]?.at ?? '') > position) first -= 1;
    const answers = this.#heard.slice(first, first + limit).map(({ answer }) => answer);
    return { answers, complete: first + answers.length === this.#heard.length };
  }

  /** By half, so that it is not done for each. */
  #shorten(): void {
    const dropped = this.#heard.splice(0, Math.ceil(this.#heard.length / 2));
    this.#from = dropped.at(-1)?.at ?? this.#from;
    this.#bytes -= dropped.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
