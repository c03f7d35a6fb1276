import { RepriseError } from '../../../shared/errors.ts';
import { visibleText } from '../../../shared/visible-text.ts';

/** A part of the text of a query. */
export interface Place {
  readonly at: number;
  readonly length: number;
}

/** Text around the place that an error shows. */
const SHOWN = 40;

/** REPRISE_QUERY_INVALID: what is wrong, and a second and third line that show where. */
export function queryError(query: string, { at, length }: Place, problem: string): RepriseError {
  const from = Math.max(0, at - SHOWN);
  const line = (start: number, end: number): string => visibleText(query.slice(start, end)).replaceAll(/\s/g, ' ');
  const before = line(from, at);
  const marked = line(at, at + length);
  const after = line(at + length, at + length + SHOWN);
  const shown = `${before}${marked}${after}`;
  const marks = `${' '.repeat(before.length)}${'^'.repeat(Math.max(1, marked.length))}`;
  const message = `The query cannot be read at character ${at + 1}: ${problem}.\n  ${shown}\n  ${marks}`;
  return new RepriseError('REPRISE_QUERY_INVALID', message, { details: { query, at, length } });
}
