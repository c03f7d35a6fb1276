import type { QueryOperator } from './query.ts';
import { type Place, queryError } from './query-error.ts';

/** A piece of text in a query, with or without quotes. */
export interface Piece extends Place {
  readonly text: string;
  readonly quoted: boolean;
  /** A `*` follows that is no part of the text. */
  readonly open: boolean;
}

const SPACE = /\s*/y;
const FIELD = /([A-Za-z][\w.-]*)(:|<=|>=|!=|=|<|>)/y;
/** Of a word or a value that stands alone, and of a value in a list. */
const WORD = /[^\s"]+/y;
const VALUE = /[^\s",]+/y;

/** Takes the text of a query apart from left to right. What it cannot read is REPRISE_QUERY_INVALID, with the place. */
export class Scanner {
  readonly text: string;
  #at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get at(): number {
    return this.#at;
  }

  /** Passes over space. Returns whether something follows. */
  more(): boolean {
    this.#take(SPACE);
    return this.#at < this.text.length;
  }

  /** Whether `character` comes next, and is passed over. */
  skip(character: string): boolean {
    if (this.text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  /** A name and the operator after it, when that is what comes next. */
  field(): (Place & { readonly name: string; readonly operator: QueryOperator }) | undefined {
    const at = this.#at;
    const [, name, operator] = this.#take(FIELD) ?? [];
    if (name === undefined || operator === undefined) return undefined;
    return { name, operator: operator as QueryOperator, at, length: name.length };
  }

  word(): Piece {
    return this.#piece(WORD, false);
  }

  /** With a `*` at its end: it is open there, unless `literal`. */
  value(literal: boolean): Piece {
    return this.#piece(VALUE, !literal);
  }

  /** After a whole term: space or the end has to follow. */
  end(): void {
    const next = this.text[this.#at];
    if (next === undefined || /\s/.test(next)) return;
    throw queryError(this.text, { at: this.#at, length: 1 }, `a space is missing before ${JSON.stringify(next)}`);
  }

  #piece(pattern: RegExp, mayBeOpen: boolean): Piece {
    const at = this.#at;
    if (this.text[at] === '"') {
      const text = this.#quoted();
      const open = mayBeOpen && this.skip('*');
      return { text, quoted: true, open, at, length: this.#at - at };
    }
    const [text = ''] = this.#take(pattern) ?? [];
    const open = mayBeOpen && text.endsWith('*');
    return { text: open ? text.slice(0, -1) : text, quoted: false, open, at, length: this.#at - at };
  }

  /** In quotes, `\"` and `\\` stand for the character itself. */
  #quoted(): string {
    const start = this.#at;
    let text = '';
    for (let at = start + 1; at < this.text.length; at += 1) {
      const character = this.text[at];
      if (character === '"') {
        this.#at = at + 1;
        return text;
      }
      const next = this.text[at + 1];
      if (character === '\\' && (next === '"' || next === '\\')) {
        text += next;
        at += 1;
      } else text += character;
    }
    throw queryError(this.text, { at: start, length: 1 }, 'the quotes that begin here do not end');
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text) ?? undefined;
    if (found !== undefined) this.#at = pattern.lastIndex;
    return found;
  }
}
