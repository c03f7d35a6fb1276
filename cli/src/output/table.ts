import type { Screen } from './terminal.ts';
import { clipStyled, pad, padStart, shown, widthOf } from './text.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** Gives way when the table is wider than the screen. */
  readonly flexible?: boolean;
}

const GAP = '  ';
const LEAST = 8;

/** The fewest columns of a screen that a table needs before something else than what is flexible is cut off. */
export function leastWidth(columns: readonly Column[], texts: readonly (readonly string[])[]): number {
  const widths = widthsOf(
    columns,
    texts.map((row) => row.map(shown)),
  );
  const least = widths.map((width, index) => (columns[index]?.flexible === true ? Math.min(width, LEAST) : width));
  return least.reduce((sum, width) => sum + width + GAP.length, -GAP.length);
}

const widthsOf = (columns: readonly Column[], rows: readonly (readonly string[])[]): number[] =>
  columns.map(({ title }, index) => Math.max(title.length, ...rows.map((row) => widthOf(row[index] ?? ''))));

/** Lines of a table. On a screen that is a terminal it fits into its width; elsewhere nothing is cut off. */
export function table(
  screen: Screen,
  columns: readonly Column[],
  texts: readonly (readonly string[])[],
): readonly string[] {
  const rows = texts.map((row) => row.map(shown));
  const widths = widthsOf(columns, rows);
  if (screen.isTTY) shrink(widths, columns, screen.columns);
  const line = (cells: readonly string[], style: (text: string) => string): string =>
    columns
      .map((column, index) => {
        const width = widths[index] ?? 0;
        const cell = clipStyled(cells[index] ?? '', width);
        if (column.align === 'right') return style(padStart(cell, width));
        return style(index === columns.length - 1 ? cell : pad(cell, width));
      })
      .join(GAP)
      .trimEnd();
  const head = line(
    columns.map(({ title }) => title),
    (text) => screen.style('dim', text),
  );
  return [head, ...rows.map((row) => line(row, (text) => text))];
}

function shrink(widths: number[], columns: readonly Column[], room: number): void {
  let excess = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - room;
  for (const [index, column] of columns.entries()) {
    const width = widths[index] ?? 0;
    if (excess <= 0 || column.flexible !== true || width <= LEAST) continue;
    const taken = Math.min(excess, width - LEAST);
    widths[index] = width - taken;
    excess -= taken;
  }
}
