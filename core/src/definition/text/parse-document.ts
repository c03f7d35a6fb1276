import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import { type Json, jsonProblem } from '../../shared/json.ts';
import { type DefinitionProblem, definitionInvalid, type Path } from '../problem.ts';

/** Bytes of UTF-8. */
export const MAX_TEXT_BYTES = 1 << 20;
/** Levels of nesting. */
export const MAX_TEXT_DEPTH = 50;

/** Brackets open at once before the parser is even asked; what it parses is held to MAX_TEXT_DEPTH. */
const MAX_BRACKETS = 500;

/** YAML or JSON as plain data, with the place of everything in it. */
export interface ParsedText {
  readonly value: Json;
  /** Where a path, or the nearest of its parents that is there, stands in the text. */
  locate(path: Path): { readonly line: number; readonly column: number };
}

/**
 * Reads the safe part of YAML 1.2 (JSON included): no anchors, aliases, merge keys or tags, no key twice; size and depth
 * are limited. Throws REPRISE_DEFINITION_INVALID with every problem and its place.
 */
export function parseText(text: string, what: string): ParsedText {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > MAX_TEXT_BYTES) {
    throw definitionInvalid(what, [
      { path: [], message: `it has ${bytes} bytes, more than the limit of ${MAX_TEXT_BYTES}` },
    ]);
  }
  const lines = new LineCounter();
  const document = parseSafely(text, what, lines);
  const place = (offset: number): { readonly line: number; readonly column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problems: DefinitionProblem[] = [...document.errors, ...document.warnings].map((error) => ({
    path: [],
    message: messageOf(error),
    ...place(error.pos[0]),
  }));
  if (problems.length === 0) problems.push(...refusals(document, place));
  const value: unknown = problems.length === 0 ? document.toJS({ maxAliasCount: 0 }) : undefined;
  const odd = problems.length === 0 ? jsonProblem(value) : undefined;
  if (odd !== undefined) problems.push({ path: [], message: `it is not plain JSON: ${odd}` });
  if (problems.length > 0) throw definitionInvalid(what, problems);
  return { value: value as Json, locate: (path) => place(offsetOf(document, path)) };
}

function parseSafely(text: string, what: string, lineCounter: LineCounter): Document {
  if (nesting(text) <= MAX_BRACKETS) {
    const options = {
      lineCounter,
      merge: false,
      uniqueKeys: false,
      strict: true,
      prettyErrors: false,
      stringKeys: true,
    };
    return parseDocument(text, {
      ...options,
      version: '1.2',
      schema: 'core',
      resolveKnownTags: false,
      logLevel: 'error',
    });
  }
  throw definitionInvalid(what, [{ path: [], message: `it is nested deeper than ${MAX_TEXT_DEPTH} levels` }]);
}

/** An upper bound on how deep brackets (in texts too) and dashes nest, found without parsing, since the parser recurses. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const line of text.split('\n')) {
    const dashes = /^(?:\s*[-?:]\s)*/.exec(line)?.[0].replaceAll(/\s/g, '').length ?? 0;
    deepest = Math.max(deepest, dashes);
  }
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (char === '[' || char === '{') depth += 1;
    else if ((char === ']' || char === '}') && depth > 0) depth -= 1;
    if (depth > deepest) deepest = depth;
  }
  return deepest;
}

function refusals(
  document: Document,
  place: (offset: number) => { line: number; column: number },
): readonly DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  const refuse = (node: Node, message: string): void => {
    problems.push({ path: [], message, ...place(node.range?.[0] ?? 0) });
  };
  visit(document, (_key, node, trail) => {
    if (!isNode(node)) return undefined;
    if (isAlias(node)) refuse(node, `the alias *${node.source} is refused; write the value out`);
    else if (node.anchor !== undefined) refuse(node, `the anchor &${node.anchor} is refused; write values out`);
    if (node.tag !== undefined) refuse(node, `the tag ${node.tag} is refused; use plain values`);
    if (isMap(node)) for (const key of repeatedKeys(node)) refuse(key, `the key "${String(key.value)}" is there twice`);
    if (isCollection(node) && trail.filter(isCollection).length >= MAX_TEXT_DEPTH) {
      refuse(node, `nested deeper than ${MAX_TEXT_DEPTH} levels`);
      return visit.SKIP;
    }
    return undefined;
  });
  return problems;
}

/** The library's own check compares every key with every other. */
function repeatedKeys(map: YAMLMap): readonly Scalar[] {
  const seen = new Set<unknown>();
  const repeated: Scalar[] = [];
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    if (seen.has(key.value)) repeated.push(key);
    seen.add(key.value);
  }
  return repeated;
}

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

function messageOf(error: { readonly message: string }): string {
  if (error.message.includes('call stack')) return `it is nested deeper than ${MAX_TEXT_DEPTH} levels`;
  return error.message.replace(/\.$/, '');
}
