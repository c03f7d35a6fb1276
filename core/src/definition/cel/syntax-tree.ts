/**
 * The part of the CEL library's syntax tree that metering and the reading of data hook into. The library documents `op` and `args`; `meta`,
 * `setMeta`, `evaluate` and `handle` are its own, which is why its version is pinned exactly and the budgets have tests.
 */
export interface SyntaxNode {
  readonly op: string;
  readonly args: unknown;
  readonly meta: NodeMeta;
  setMeta(key: string, value: unknown): SyntaxNode;
  evaluate: Evaluate;
  /** What evaluates an operator once its operands are known; set by the type check. */
  handle?: Handle;
}

export type Evaluate = (evaluator: unknown, node: SyntaxNode, context: unknown) => unknown;

export type Handle = (left: unknown, right: unknown, node: SyntaxNode, evaluator: unknown) => unknown;

export type TypeCheck = (checker: { readonly dynType: unknown }, node: SyntaxNode, context: unknown) => unknown;

interface NodeMeta {
  readonly check: TypeCheck;
  readonly evaluate: Evaluate;
  /** What a macro such as `map` was expanded to; evaluated in its stead. */
  readonly alternate?: SyntaxNode;
}

export function isSyntaxNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'setMeta' in value;
}

/** The nodes right below `node`, macro expansions included. */
export function childrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  const children: SyntaxNode[] = [];
  const collect = (value: unknown): void => {
    if (isSyntaxNode(value)) children.push(value);
    else if (Array.isArray(value)) for (const member of value) collect(member);
  };
  collect(node.args);
  collect(node.meta.alternate);
  if (node.op === 'comprehension') collect(Object.values(node.args as object));
  return children;
}

/** The node that is evaluated in place of `node`. */
export function expanded(node: SyntaxNode): SyntaxNode {
  return node.meta.alternate === undefined ? node : expanded(node.meta.alternate);
}

/** Every node of a tree once, parents first. */
export function nodesOf(root: SyntaxNode): readonly SyntaxNode[] {
  const found = new Set<SyntaxNode>([root]);
  for (const node of found) for (const child of childrenOf(node)) found.add(child);
  return [...found];
}
