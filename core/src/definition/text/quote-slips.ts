/** A quote that is missing, in words, and where the text begins that has it. */
export interface QuoteSlip {
  readonly message: string;
  readonly line: number;
  readonly column: number;
  /** Whether the text does not end on its line. */
  readonly open: boolean;
}

/** Lines into which a text in quotes may run on before it is taken for one that has no end. */
const MAX_LINES = 200;
/** Characters of what is to be written that are shown. */
const SHOWN = 120;

/**
 * The first text in quotes that begins on a line (from 1) and has no end where one can be: none at all, or one that stands where another text
 * begins, or in a word.
 */
export function quoteSlipOn(lines: readonly string[], line: number): QuoteSlip | undefined {
  const source = lines[line - 1] ?? '';
  for (const { from, inFlow } of beginnings(source)) {
    const quote = source[from] ?? '';
    const rest = source.slice(from + 1);
    const end = endOf(rest, quote);
    const slip = end < 0 ? runsOn(lines, line, quote) : follows(rest.slice(end + 1));
    if (!slip) continue;
    const at = { line, column: from + 1, open: end < 0 };
    // What ends it looks like the beginning of another text, or it has no end on its line.
    if (end < 0 || /(^|[,:[{]\s*)$/.test(rest.slice(0, end))) {
      const text = wanted(rest, source.slice(0, from), inFlow);
      return { ...at, message: `the closing quote is missing: write ${quote}${text}${quote}` };
    }
    const other = quote === '"' ? "'" : '"';
    const inner = innerOf(rest, quote, end);
    if (inner === undefined || inner.includes(other)) return undefined;
    return {
      ...at,
      message: `the quotes inside are those around it, so the text ends there: write ${other}${inner}${other}`,
    };
  }
  return undefined;
}

interface Beginning {
  readonly from: number;
  readonly inFlow: boolean;
}

/** Where texts in quotes begin on a line: where a value may, and not inside another. */
function* beginnings(line: string): Generator<Beginning, void> {
  let depth = 0;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    const before = line.slice(0, at);
    if (character === '"' || character === "'") {
      const begins = depth > 0 ? /(^|[,:[{])\s*$/.test(before) : /(^|:\s|(^|\s)-\s)\s*$/.test(before);
      if (!begins) continue;
      yield { from: at, inFlow: depth > 0 };
      const end = endOf(line.slice(at + 1), character);
      if (end < 0) return;
      at += end + 1;
    } else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    else if (character === '#' && /(^|\s)$/.test(before)) return;
  }
}

/** Where a text ends that is in these quotes, or -1. */
function endOf(rest: string, quote: string): number {
  for (let at = 0; at < rest.length; at += 1) {
    if (quote === '"' && rest[at] === '\\') at += 1;
    else if (rest[at] === quote) {
      if (quote === "'" && rest[at + 1] === quote) at += 1;
      else return at;
    }
  }
  return -1;
}

/** Whether what stands behind a text in quotes cannot stand there. */
const follows = (behind: string): boolean => !/^\s*($|[,:}\]]|\s#)/.test(behind);

/** Whether a text that does not end on its line ends nowhere, or where it cannot. */
function runsOn(lines: readonly string[], line: number, quote: string): boolean {
  for (const source of lines.slice(line, line + MAX_LINES)) {
    const end = endOf(source, quote);
    if (end >= 0) return follows(source.slice(end + 1));
  }
  return true;
}

/** What was meant to be in the quotes: up to where the next thing begins. */
function wanted(rest: string, before: string, inFlow: boolean): string {
  const isKey = /^\s*(-\s+)?$/.test(before) && /:(\s|$)/.test(rest);
  const end = rest.search(isKey ? /:(\s|$)/ : inFlow ? /\s*[,}\]]/ : /\s+#|\s*$/);
  const text = (end < 0 ? rest : rest.slice(0, end)).trimEnd();
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}

/** The text up to the last of its quotes that may be an end. */
function innerOf(rest: string, quote: string, first: number): string | undefined {
  for (let end = first; end >= 0; ) {
    if (!follows(rest.slice(end + 1))) return rest.slice(0, end).length <= SHOWN ? rest.slice(0, end) : undefined;
    const next = rest.indexOf(quote, end + 1);
    end = next;
  }
  return undefined;
}
