import { Composer, type Document, isCollection, isMap, isNode, isPair, isScalar, isSeq, LineCounter } from 'yaml';
import { type Json, jsonProblem } from '../../shared/json.ts';
import { type DefinitionProblem, definitionInvalid, type Path } from '../problem.ts';
import { NestedTooDeep, readTokens } from './read-tokens.ts';
import { refusals } from './refusals.ts';
import { syntaxProblems } from './syntax-problems.ts';

/** Bytes of UTF-8, when nothing else is said. */
export const MAX_TEXT_BYTES = 16 * 1024 * 1024;
/** Levels of nesting. */
export const MAX_TEXT_DEPTH = 50;

/** YAML or JSON as plain data, with the place of everything in it. */
export interface ParsedText {
  readonly value: Json;
  /** Where a path, or the nearest of its parents that is there, stands in the text. */
  locate(path: Path): { readonly line: number; readonly column: number };
  /** The keys of the object at a path in the order in which they are written, which plain objects do not keep for "20" and "3". */
  keys(path: Path): readonly string[];
}

export interface TextOptions {
  /** The longest text that is read, in bytes of UTF-8. Default: 16 MiB. */
  readonly maxBytes?: number;
}

type Place = (offset: number) => { readonly line: number; readonly column: number };

const DEEP = `it is nested deeper than ${MAX_TEXT_DEPTH} levels`;

/**
 * Reads the safe part of YAML 1.2 (JSON included): no anchors, aliases, merge keys or tags, no key twice, no number that
 * would be read as another; size and depth are limited. Throws REPRISE_DEFINITION_INVALID with every problem and its place.
 */
export function parseText(text: string, what: string, options: TextOptions = {}): ParsedText {
  const { maxBytes = MAX_TEXT_BYTES } = options;
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > maxBytes) {
    throw definitionInvalid(what, [{ path: [], message: `it has ${bytes} bytes, more than the limit of ${maxBytes}` }]);
  }
  const lines = new LineCounter();
  const place: Place = (offset) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const { document, problems } = compose(text, lines, place);
  if (document !== undefined && problems.length === 0) {
    for (const problem of refusals(document, MAX_TEXT_DEPTH, place)) problems.push(problem);
  }
  const value: unknown = problems.length === 0 ? document?.toJS({ maxAliasCount: 0 }) : undefined;
  const odd = problems.length === 0 ? jsonProblem(value) : undefined;
  if (odd !== undefined) problems.push({ path: [], message: `it is not plain JSON: ${odd}` });
  if (document === undefined || problems.length > 0) throw definitionInvalid(what, problems);
  return {
    value: value as Json,
    locate: (path) => place(offsetOf(document, path)),
    keys: keysBy(document),
  };
}

interface Composed {
  readonly document?: Document;
  readonly problems: DefinitionProblem[];
}

function compose(text: string, lines: LineCounter, place: Place): Composed {
  const composer = new Composer({
    lineCounter: lines,
    merge: false,
    uniqueKeys: false,
    strict: true,
    prettyErrors: false,
    stringKeys: true,
    version: '1.2',
    schema: 'core',
    resolveKnownTags: false,
    logLevel: 'error',
  });
  try {
    const documents = composer.compose(readTokens(text, lines, MAX_TEXT_DEPTH), true, text.length);
    const document = documents.next().value;
    if (document === undefined) return { problems: [{ path: [], message: 'there is no document in it' }] };
    const errors = [...document.errors, ...document.warnings].map((error) => ({
      message: messageOf(error),
      ...place(error.pos[0]),
    }));
    const problems = [...syntaxProblems(text, errors)];
    const other = documents.next().value;
    if (other !== undefined) {
      const message = 'there is a second document in it; a text holds one';
      problems.push({ path: [], message, ...place(other.range[0]) });
    }
    return { document, problems };
  } catch (error) {
    if (error instanceof NestedTooDeep) return { problems: [{ path: [], message: DEEP, ...place(error.offset) }] };
    if (error instanceof RangeError) return { problems: [{ path: [], message: DEEP }] };
    throw error;
  }
}

/** The library takes note of its own stack overflow as of any error. */
function messageOf(error: { readonly message: string }): string {
  if (/call stack|stack overflow/i.test(error.message)) return DEEP;
  const message = error.message.replace(/\.$/, '');
  const fix = FIXES.find(([about]) => message.startsWith(about))?.[1];
  return fix === undefined ? message : `${message}: ${fix}`;
}

/** What to do about mistakes of which the library says only that they are none of YAML. */
const FIXES: readonly (readonly [message: string, fix: string])[] = [
  ['All mapping items must start at the same column', 'indent this line exactly as the keys beside it'],
  [
    'Block collections are not allowed within flow',
    "a text with ': ' in it, or one that begins with '- ', needs quotes here",
  ],
  ['Nested mappings are not allowed in compact mappings', "a text with ': ' in it needs quotes"],
  ['Tabs are not allowed as indentation', 'indent with spaces'],
];

function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    if (isCollection(parent)) {
      for (const item of parent.items) {
        if (isPair(item) && isScalar(item.key) && item.key.value === key) return item.key.range?.[0] ?? 0;
      }
    }
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node)) return node.range?.[0] ?? 0;
  }
  return document.contents?.range?.[0] ?? 0;
}

/** Each map is looked through once, however many of its members are asked for. */
function keysBy(document: Document): ParsedText['keys'] {
  const known = new Map<unknown, ReadonlyMap<string, unknown>>();
  const membersOf = (node: unknown): ReadonlyMap<string, unknown> => {
    let members = known.get(node);
    if (members === undefined) {
      const items = isMap(node) ? node.items : isSeq(node) ? node.items.map((value, key) => ({ key, value })) : [];
      members = new Map(items.map(({ key, value }) => [String(isScalar(key) ? key.value : key), value]));
      known.set(node, members);
    }
    return members;
  };
  return (path) => {
    let node: unknown = document.contents;
    for (const key of path) node = membersOf(node).get(String(key));
    return isMap(node) ? [...membersOf(node).keys()] : [];
  };
}
