import { styleText } from 'node:util';

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

const DEFAULT_COLUMNS = 100;
const DEFAULT_ROWS = 40;

/** One stream, and how to write on it: with colours and cursor movements only where a person looks at it. */
export class Screen {
  readonly isTTY: boolean;
  readonly hasColours: boolean;
  readonly #sink: Sink;
  #broken = false;
  #roomAgain: (() => void) | undefined;

  constructor(sink: Sink, environment: Environment) {
    this.#sink = sink;
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

  readonly style = (style: Style, text: string): string =>
    this.hasColours ? styleText(style, text, { validateStream: false }) : text;

  /** Resolves when there is room for more. */
  async write(text: string): Promise<void> {
    if (this.#broken || this.#sink.write(text)) return;
    await new Promise<void>((resolve) => {
      this.#roomAgain = resolve;
      this.#sink.once('drain', resolve);
    });
  }

  line(text = ''): Promise<void> {
    return this.write(`${text}\n`);
  }

  /** Resolves when everything has left this process. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#broken) resolve();
      else this.#sink.write('', () => resolve());
    });
  }
}

/** Where a command writes: data on `out`, everything else on `err`. */
export interface Terminal {
  readonly out: Screen;
  readonly err: Screen;
  /** `--json`: data is JSON, one object a line. */
  readonly json: boolean;
}

export const createTerminal = (out: Sink, err: Sink, environment: Environment, json: boolean): Terminal => ({
  out: new Screen(out, environment),
  err: new Screen(err, environment),
  json,
});
