import { type CST, Lexer, type LineCounter, Parser } from 'yaml';

/** Thrown where brackets or dashes open more than the levels allowed. */
export class NestedTooDeep extends Error {
  readonly offset: number;

  constructor(offset: number) {
    super('nested too deep');
    this.offset = offset;
  }
}

const OPENING: ReadonlySet<string> = new Set(['[', '{']);
const CLOSING: ReadonlySet<string> = new Set([']', '}']);
const INDICATORS: ReadonlySet<string> = new Set(['-', '?', ':']);
/** Stands before a scalar, which may look like anything. */
const SCALAR = '\x1f';
const CONTROL: ReadonlySet<string> = new Set([SCALAR, '\x02', '\x18']);

/**
 * The syntax of a YAML text, token by token. What makes sense of the tokens recurses, so brackets (those in texts and
 * comments aside) and the dashes of a line are counted as they come: more than `maxDepth` is NestedTooDeep, at once.
 */
export function* readTokens(text: string, lines: LineCounter, maxDepth: number): Generator<CST.Token, void> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let offset = 0;
  let brackets = 0;
  let indicators = 0;
  let scalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    if (scalar) {
      scalar = false;
      indicators = 0;
    } else if (lexeme === SCALAR) scalar = true;
    else if (OPENING.has(lexeme)) brackets += 1;
    else if (CLOSING.has(lexeme)) brackets = Math.max(0, brackets - 1);
    else if (INDICATORS.has(lexeme)) indicators += 1;
    else if (!lexeme.startsWith(' ')) indicators = 0;
    if (brackets > maxDepth || indicators > maxDepth) throw new NestedTooDeep(offset);
    if (!CONTROL.has(lexeme)) offset += lexeme.length;
    yield* parser.next(lexeme);
  }
  yield* parser.end();
}
