import { styleText } from 'node:util';
import { visibleJson, visibleText } from '@reprise/core';
import type { Render } from './formats.ts';
import { jsonPieces } from './json-pieces.ts';
import { styleOf, written } from './text.ts';

type Style = Parameters<typeof styleText>[0];

/** A stream that is written to: stdout, stderr, or a test's. */
export interface Sink {
  write(text: string, done?: (error?: Error | null) => void): boolean;
  once(event: 'drain', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error & { readonly code?: string }) => void): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** To the first column, and away with what is on the line. */
export const FRESH_LINE = '\r\u001b[0K';

const DEFAULT_COLUMNS = 100;
const DEFAULT_ROWS = 40;

/** One stream, and how to write on it: with colours and cursor movements only where a person looks at it. */
export class Screen {
  readonly isTTY: boolean;
  readonly hasColours: boolean;
  readonly #sink: Sink;
  readonly #render: Render | undefined;
  readonly #more: (cursor: string) => void;
  #broken = false;
  /** Resolves when all that was begun so far is written. */
  #last: Promise<void> | undefined;
  #roomAgain: (() => void) | undefined;

  /** `render`: how values are written instead of as JSON. */
  constructor(sink: Sink, environment: Environment, render?: Render, more: (cursor: string) => void = () => undefined) {
    this.#sink = sink;
    this.#render = render;
    this.#more = more;
    const dumb = environment.TERM === 'dumb';
    this.isTTY = sink.isTTY === true && !dumb;
    const forced = environment.FORCE_COLOR;
    const refused = environment.NO_COLOR !== undefined && environment.NO_COLOR !== '';
    this.hasColours = !refused && forced !== '0' && (this.isTTY || (forced !== undefined && forced !== ''));
    sink.on('error', (error) => {
      // The reader has left (`| head`): nothing more to say to it. Any other failure to write is the user's to know.
      this.#broken = true;
      this.#roomAgain?.();
      if (error.code !== 'EPIPE') throw error;
    });
  }

  get columns(): number {
    // 0: a terminal that does not know.
    return this.#sink.columns || DEFAULT_COLUMNS;
  }

  get rows(): number {
    return this.#sink.rows || DEFAULT_ROWS;
  }

  /** Whether whoever read this has gone. */
  get broken(): boolean {
    return this.#broken;
  }

  readonly style = (style: Style, text: string): string => {
    if (!this.hasColours) return text;
    const [open = '', close = ''] = styleText(style, SPLIT, { validateStream: false }).split(SPLIT);
    return `${ours(open)}${text}${ours(close)}`;
  };

  /** Writes one line. Whatever is in it but our own colours is made visible. Resolves when there is room for more. */
  line(text = ''): Promise<void> {
    return this.#inTurn(() => this.#write(`${written(text)}\n`));
  }

  /** line(), for what is said at any time: a terminal may have shown a key that was pressed (^C) where the line begins. */
  note(text: string): Promise<void> {
    return this.isTTY ? this.draw(FRESH_LINE, [text]) : this.line(text);
  }

  /** Leaves the cursor at the beginning of an empty line. */
  async freshLine(): Promise<void> {
    if (this.isTTY) await this.draw(FRESH_LINE, []);
  }

  /** Writes lines over what was drawn before: `before` is a sequence that moves the cursor. */
  draw(before: string, lines: readonly string[]): Promise<void> {
    return this.#inTurn(() => this.#write(before + lines.map((line) => `${written(line)}\n`).join('')));
  }

  /**
   * Writes a value as one line of JSON, however large, piece by piece; or in the format that the command was asked for. On a terminal, controls,
   * bidi controls and invisible characters are escapes in it.
   */
  json(value: unknown): Promise<void> {
    const visible = this.#render === undefined ? visibleJson : visibleText;
    return this.#inTurn(async () => {
      for await (const piece of this.#render?.(value, this.#more) ?? jsonPieces(value, undefined, '\n')) {
        if (this.#broken) return;
        await this.#write(this.#sink.isTTY === true ? visible(piece) : piece);
      }
    });
  }

  /** Resolves when everything has left this process. */
  flush(): Promise<void> {
    return this.#inTurn(
      () =>
        new Promise((resolve) => {
          if (this.#broken) resolve();
          else this.#sink.write('', () => resolve());
        }),
    );
  }

  /** What was begun first is written first, and whole. With nothing before it, at once. */
  async #inTurn(write: () => Promise<void>): Promise<void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    try {
      if (before !== undefined) await before;
      await write();
    } finally {
      if (this.#last === promise) this.#last = undefined;
      resolve();
    }
  }

  async #write(text: string): Promise<void> {
    if (this.#broken || this.#sink.write(text)) return;
    await new Promise<void>((resolve) => {
      this.#roomAgain = resolve;
      this.#sink.once('drain', resolve);
    });
  }
}

/** Stands where the text is, to find what opens and closes a style. */
const SPLIT = 'x';

const ours = (sequences: string): string =>
  [...sequences.matchAll(/\[(\d+)m/g)].map(([, code = '0']) => styleOf(code)).join('');

/** Where a command writes: data on `out`, everything else on `err`. */
export interface Terminal {
  readonly out: Screen;
  readonly err: Screen;
  /** `--json`, or `--format`: data is JSON, one object a line, or what else was asked for. */
  readonly json: boolean;
}

/** `render`: how data is written instead of as text; `true` is JSON. */
export function createTerminal(out: Sink, err: Sink, environment: Environment, render: Render | boolean): Terminal {
  const errors = new Screen(err, environment);
  const more = (cursor: string): void => {
    void errors.line(errors.style('dim', `There are more: --after ${cursor}`));
  };
  const screen =
    typeof render === 'function' ? new Screen(out, environment, render, more) : new Screen(out, environment);
  return { out: screen, err: errors, json: render !== false };
}
