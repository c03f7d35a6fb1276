import { FRESH_LINE, type Screen } from './terminal.ts';
import { clipStyled, shown } from './text.ts';

const ESCAPE = '\u001b[';
const HIDE_CURSOR = `${ESCAPE}?25l`;
const SHOW_CURSOR = `${ESCAPE}?25h`;

/** Lines at the bottom of a terminal that are drawn over again. Only for a screen that is a TTY. */
export class LiveRegion {
  readonly #screen: Screen;
  #drawn = 0;
  #last: readonly string[] = [];
  #cursorHidden = false;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Replaces what was drawn before. Lines are clipped to the width, and there are never more than fit. */
  async draw(lines: readonly string[]): Promise<void> {
    const { columns, rows } = this.#screen;
    const fitting = lines
      .slice(0, Math.max(1, rows - 1))
      .map((line) => clipStyled(shown(line), Math.max(1, columns - 1)));
    if (fitting.length === this.#last.length && fitting.every((line, index) => line === this.#last[index])) return;
    const start = `${this.#cursorHidden ? '' : HIDE_CURSOR}${this.#back()}`;
    this.#cursorHidden = true;
    this.#last = fitting;
    this.#drawn = fitting.length;
    await this.#screen.draw(start, fitting);
  }

  /** Writes a line that stays, above the region. */
  async above(line: string): Promise<void> {
    const again = this.#last;
    await this.#screen.draw(this.#back(), [line, ...again]);
  }

  /** Takes away what is drawn, and gives the cursor back. */
  async clear(): Promise<void> {
    await this.#screen.draw(this.#back(), []);
    await this.end();
  }

  /** Leaves what is drawn and gives the cursor back. */
  async end(): Promise<void> {
    if (this.#cursorHidden) await this.#screen.draw(`${FRESH_LINE}${SHOW_CURSOR}`, []);
    this.#cursorHidden = false;
    this.#drawn = 0;
    this.#last = [];
  }

  #back(): string {
    // From the first column: a terminal shows a key that is pressed (^C) where the cursor is.
    return this.#drawn === 0 ? FRESH_LINE : `\r${ESCAPE}${this.#drawn}A${ESCAPE}0J`;
  }
}
