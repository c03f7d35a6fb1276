import { visibleText } from '@reprise/core';
import { jsonPieces } from './json-pieces.ts';

export const FORMATS = ['json', 'yaml', 'ids', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

/** Where the rows are in what a command prints as JSON, and what each is called by. */
export interface Rows {
  /** The member that lists them. Without it, and where what is printed has no such member, the whole is one. */
  readonly list?: string;
  /** What the commands that are about one take, separated by a space, as far as it is there: `['runId', 'taskId']`. */
  readonly id: readonly string[];
}

/** The text of a value, in pieces. `more` is told where the next page is, which a list of rows has no place for. */
export type Render = (value: unknown, more: (cursor: string) => void) => AsyncIterable<string> | Iterable<string>;

type Row = Readonly<Record<string, unknown>>;

/** How a command writes what it says in JSON. Of a command that writes several values, one after the other. */
export function renderAs(format: Format, rows: Rows): Render {
  switch (format) {
    case 'json':
      return (value) => jsonPieces(value, undefined, '\n');
    case 'yaml':
      return asYaml();
    case 'ids':
      return function* (value, more) {
        for (const row of rowsOf(value, rows, more)) {
          const id = idOf(row, rows);
          if (id !== '') yield `${id}\n`;
        }
      };
    case 'csv':
      return asCsv(rows);
  }
}

function rowsOf(value: unknown, { list }: Rows, more: (cursor: string) => void): readonly Row[] {
  const whole = value as Row;
  const { next } = whole;
  if (typeof next === 'string' && list !== undefined) more(next);
  return list === undefined || whole[list] === undefined ? [whole] : (whole[list] as readonly Row[]);
}

const idOf = (row: Row, { id }: Rows): string =>
  line(
    id.flatMap((member) => (row[member] === undefined || row[member] === null ? [] : String(row[member]))).join(' '),
  );

/** One line: whatever would be another is visible. */
const line = (text: string): string => visibleText(text).replaceAll(/[\r\n]/g, ' ');

function asYaml(): Render {
  let separator = '';
  return async function* (value) {
    const { stringify } = await import('yaml');
    yield `${separator}${stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })}`;
    separator = '---\n';
  };
}

/** RFC 4180 with line feeds: a head, then a line for each row. The columns are all members of the first rows that are written; lists and objects are JSON. */
function asCsv(rows: Rows): Render {
  let columns: readonly string[] | undefined;
  return function* (value, more) {
    const all = rowsOf(value, rows, more);
    if (all.length === 0) return;
    if (columns === undefined) {
      columns = [...new Set(all.flatMap((row) => Object.keys(row)))];
      yield `${columns.map(cell).join(',')}\n`;
    }
    for (const row of all) yield `${columns.map((column) => cell(row[column])).join(',')}\n`;
  };
}

/** What a spreadsheet would take for a formula, and carry out: text of agents and people is never that. */
const FORMULA = /^\s*[=+\-@\t\r]/;

function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  const said = visibleText(typeof value === 'object' ? [...jsonPieces(value)].join('') : String(value));
  const text = typeof value === 'string' && FORMULA.test(said) ? `'${said}` : said;
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
