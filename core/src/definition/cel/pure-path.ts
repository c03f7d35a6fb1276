import type { ASTNode } from '@marcbachmann/cel-js';

/** An expression that only picks a place in a variable: `outputs.audit.files[0]` is `audit`, `files`, 0 in `outputs`. */
export interface PurePath {
  readonly variable: string;
  readonly keys: readonly (string | number)[];
}

/** The path that an expression is; undefined when it computes anything. */
export function purePath(root: ASTNode): PurePath | undefined {
  const keys: (string | number)[] = [];
  let node = root;
  while (node.op === '.' || node.op === '[]') {
    const [object, key] = node.args;
    const literal = typeof key === 'string' ? key : key.op === 'value' ? key.args : undefined;
    const plain = typeof literal === 'bigint' ? Number(literal) : literal;
    if (typeof plain !== 'string' && !Number.isSafeInteger(plain)) return undefined;
    keys.push(plain as string | number);
    node = object;
  }
  return node.op === 'id' ? { variable: node.args, keys: keys.reverse() } : undefined;
}
