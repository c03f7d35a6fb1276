import type { DefinitionProblem } from '../problem.ts';
import { type QuoteSlip, quoteSlipOn } from './quote-slips.ts';

/** A mistake of syntax, as the parser tells it. */
export interface SyntaxMistake {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/** Lines above a mistake in which its cause is looked for: a text whose closing quote is missing runs on. */
const LOOKED_AT = 50;
/** The same, for the first mistake: a text without an end is noticed where another begins, or where everything ends. */
const MAX_LINES = 20_000;
/** Characters of what is to be written that are shown. */
const SHOWN = 120;
/** Longer lines are not looked into. */
const MAX_LINE = 10_000;

/**
 * What a person is told of a parser's mistakes: one for each slip. Quotes that are missing or come too early around `${ … }` are told with
 * what to write; what the parser only stumbles over because of a mistake before is left out.
 */
export function syntaxProblems(text: string, errors: readonly SyntaxMistake[]): readonly DefinitionProblem[] {
  if (errors.length === 0) return [];
  const lines = text.split('\n');
  const told = new Set<number>();
  const problems: DefinitionProblem[] = [];
  let open = false;
  for (const error of errors) {
    const slip = slipBefore(lines, error.line, problems.length === 0 ? MAX_LINES : LOOKED_AT);
    if (slip === undefined) {
      // After the first mistake, what does not fit into the document is mostly what follows from it; and so is the rest of its line, and all that
      // comes after a text without an end.
      if (problems.length > 0 && (open || / in YAML stream\b/.test(error.message) || told.has(error.line))) continue;
      told.add(error.line);
      problems.push({ path: [], ...error });
    } else if (!told.has(slip.line)) {
      told.add(slip.line).add(error.line);
      open ||= slip.open === true;
      problems.push({ path: [], message: slip.message, line: slip.line, column: slip.column });
    }
  }
  return problems;
}

type Slip = SyntaxMistake & Partial<Pick<QuoteSlip, 'open'>>;

/** The slip on a line, or the nearest one above it. */
function slipBefore(lines: readonly string[], line: number, furthest: number): Slip | undefined {
  for (let at = line; at > 0 && at > line - furthest; at -= 1) {
    const source = lines[at - 1] ?? '';
    if (source.length > MAX_LINE) continue;
    const slip = slipIn(source);
    if (slip !== undefined) return { ...slip, line: at };
    const plain = /["']/.test(source) ? quoteSlipOn(lines, at) : undefined;
    if (plain !== undefined) return plain;
  }
  return undefined;
}

/** The first `${ … }` of a line around which the quotes are wrong. */
function slipIn(line: string): Omit<Slip, 'line'> | undefined {
  for (let start = line.indexOf('${'); start >= 0; ) {
    const { quote, from, inFlow } = contextOf(line, start);
    if (quote === '#') return undefined;
    const end = endOfExpression(line, start);
    const expression = line.slice(start, end);
    const column = from + 1;
    if (quote === '') {
      if (inFlow || /: | #/.test(expression)) {
        return { column, message: `an expression needs quotes around it here: write ${quoted(expression)}` };
      }
    } else {
      const close = line.indexOf(quote, end);
      const whole = line.slice(from + 1, close < 0 ? end : close);
      if (endsIn(expression, quote)) {
        return {
          column,
          message: `the quotes inside \${ … } are those around it, so the text ends there: write ${quoted(whole)}`,
        };
      }
      if (close < 0) return { column, message: `the closing quote is missing: write ${quoted(whole)}` };
    }
    start = line.indexOf('${', end);
  }
  return undefined;
}

interface Context {
  /** The quote that is open, `#` inside a comment, or nothing. */
  readonly quote: string;
  /** Where the text with the expression begins. */
  readonly from: number;
  /** Whether it is inside brackets of this line. */
  readonly inFlow: boolean;
}

function contextOf(line: string, start: number): Context {
  let quote = '';
  let from = start;
  let depth = 0;
  for (let at = 0; at < start; at += 1) {
    const character = line[at] ?? '';
    if (quote !== '') {
      if (quote === '"' && character === '\\') at += 1;
      else if (character === quote) quote = '';
    } else if ((character === '"' || character === "'") && /(^|[\s,:[{-])$/.test(line.slice(0, at))) {
      quote = character;
      from = at;
    } else if (line.startsWith('${', at)) at = endOfExpression(line, at) - 1;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    else if (character === '#' && /(^|\s)$/.test(line.slice(0, at))) return { quote: '#', from, inFlow: false };
  }
  return { quote, from: quote === '' ? start : from, inFlow: depth > 0 };
}

/** Behind the brace that closes an expression, or the end of the line. */
function endOfExpression(line: string, start: number): number {
  let depth = 0;
  for (let at = start + 1; at < line.length; at += 1) {
    if (line[at] === '{') depth += 1;
    if (line[at] === '}') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return line.length;
}

/** Whether the expression ends a text in these quotes: they stand in it, and are neither escaped nor doubled. */
function endsIn(expression: string, quote: string): boolean {
  const inner = quote === '"' ? expression.replaceAll(/\\./g, '') : expression.replaceAll("''", '');
  return inner.includes(quote);
}

/** The text in quotes that do not stand in it. */
function quoted(text: string): string {
  const bare = text.trimEnd();
  const plain = bare.length <= SHOWN ? bare : `${bare.slice(0, SHOWN)}…`;
  if (!plain.includes("'")) return `'${plain}'`;
  return plain.includes('"') ? `'${plain.replaceAll("'", "''")}'` : `"${plain}"`;
}
