import type { Screen } from './terminal.ts';
import { clipStyled } from './text.ts';

const ESCAPE = '\u001b[';
const HIDE_CURSOR = `${ESCAPE}?25l`;
const SHOW_CURSOR = `${ESCAPE}?25h`;

/** Lines at the bottom of a terminal that are drawn over again. Only for a screen that is a TTY. */
export class LiveRegion {
  readonly #screen: Screen;
  #drawn = 0;
  #last = '';

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Replaces what was drawn before. Lines are clipped to the width, and there are never more than fit. */
  async draw(lines: readonly string[]): Promise<void> {
    const { columns, rows } = this.#screen;
    const shown = lines.slice(0, Math.max(1, rows - 1)).map((line) => clipStyled(line, Math.max(1, columns - 1)));
    const text = shown.map((line) => `${line}\n`).join('');
    if (text === this.#last) return;
    const start = this.#drawn === 0 ? HIDE_CURSOR : this.#back();
    this.#last = text;
    this.#drawn = shown.length;
    await this.#screen.write(start + text);
  }

  /** Writes a line that stays, above the region. */
  async above(line: string): Promise<void> {
    const again = this.#last;
    await this.#screen.write(`${this.#drawn === 0 ? '' : this.#back()}${line}\n${again}`);
  }

  /** Leaves what is drawn and gives the cursor back. */
  async end(): Promise<void> {
    if (this.#drawn > 0) await this.#screen.write(SHOW_CURSOR);
    this.#drawn = 0;
    this.#last = '';
  }

  #back(): string {
    return `${ESCAPE}${this.#drawn}A${ESCAPE}0J`;
  }
}
