import type { Screen } from './terminal.ts';
import { clipStyled, pad, padStart, shown, widthOf } from './text.ts';
import { wrapped } from './wrapped.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** Gives way when the table is wider than the screen. */
  readonly flexible?: boolean;
}

const GAP = '  ';
const LEAST = 8;
const LEAST_BESIDE = 16;
const INDENT = '  ';

/** A column gives way down to this, or to its title. */
const leastOf = ({ title }: Column, width: number): number => Math.min(width, Math.max(LEAST, title.length));

/** The fewest columns of a screen that a table needs before something else than what is flexible is cut off. */
export function leastWidth(columns: readonly Column[], texts: readonly (readonly string[])[]): number {
  const widths = widthsOf(
    columns,
    texts.map((row) => row.map(shown)),
  );
  const least = columns.map((column, index) => {
    const width = widths[index] ?? 0;
    return column.flexible === true ? leastOf(column, width) : width;
  });
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
    if (excess <= 0 || column.flexible !== true) continue;
    const taken = Math.min(excess, width - leastOf(column, width));
    widths[index] = width - taken;
    excess -= taken;
  }
}

/**
 * Lines of a table, or, on a terminal that is too narrow for its columns, a few lines for each row: what stands in the first column, whole, and below it
 * whatever else there is to say, by the titles.
 */
export function tableOrFolded(
  screen: Screen,
  columns: readonly Column[],
  texts: readonly (readonly string[])[],
): readonly string[] {
  if (!screen.isTTY || leastWidth(columns, texts) <= screen.columns) return table(screen, columns, texts);
  const label = Math.max(0, ...columns.slice(1).map(({ title }) => title.length));
  return texts.flatMap(([first = '', ...cells]) => [
    shown(first),
    ...cells.flatMap((cell, index) => folded(screen, pad(columns[index + 1]?.title ?? '', label), shown(cell))),
  ]);
}

/** A cell beside its title; below it, where that leaves no room. */
function folded(screen: Screen, title: string, cell: string): readonly string[] {
  if (cell === '' || cell === '-') return [];
  const head = `${INDENT}${screen.style('dim', title)}`;
  const beside = INDENT.length + title.length + GAP.length;
  if (screen.columns - beside < LEAST_BESIDE) return [head.trimEnd(), ...wrapped(cell, screen.columns, INDENT + GAP)];
  const [first = '', ...more] = wrapped(cell, screen.columns, ' '.repeat(beside));
  return [`${head}${GAP}${first.slice(beside)}`, ...more];
}
