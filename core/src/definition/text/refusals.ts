import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  type Node,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import type { DefinitionProblem } from '../problem.ts';
import { numberProblem } from './number-literal.ts';

/**
 * What is YAML and yet refused: anchors, aliases, tags, a key twice, numbers that would be read as others, nesting deeper
 * than `maxDepth`. `place` turns an offset into a line and a column.
 */
export function refusals(
  document: Document,
  maxDepth: number,
  place: (offset: number) => { readonly line: number; readonly column: number },
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
    if (isScalar(node) && typeof node.value === 'number') {
      const problem = numberProblem(node.source ?? String(node.value), node.value);
      if (problem !== undefined) refuse(node, problem);
    }
    if (isMap(node)) for (const key of repeatedKeys(node)) refuse(key, `the key "${String(key.value)}" is there twice`);
    if (isCollection(node) && trail.filter(isCollection).length >= maxDepth) {
      refuse(node, `nested deeper than ${maxDepth} levels`);
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
