import type { Environment } from '@marcbachmann/cel-js';
import { type Handle, nodesOf, type SyntaxNode, type TypeCheck } from './syntax-tree.ts';

// The library tells objects, lists and classes apart by `value.constructor`, and leaves the keys `constructor`,
// `prototype` and `__proto__` out of the objects that it builds. Data may have a key of any name: here the library learns
// to look at the data alone.

/** The part of the library's evaluator that asks what a value is. */
interface Evaluator {
  readonly mapType: unknown;
  debugType(value: unknown): unknown;
  createError(code: string, message: string, node: SyntaxNode): Error;
}

type Members = Readonly<Record<string, unknown>>;

/** Whether an object has a member `constructor`: what it inherits is a function, and data holds none. */
const hasConstructorMember = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && typeof value.constructor !== 'function';

/** An object of data, which is no list and of no class. */
const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && (value.constructor === Object || hasConstructorMember(value));

/** An object with a member `constructor` is an object. */
export function recogniseObjects(environment: Environment): void {
  const evaluator = evaluatorOf(environment);
  const { debugType } = evaluator;
  evaluator.debugType = (value) => (hasConstructorMember(value) ? evaluator.mapType : debugType.call(evaluator, value));
}

/** The evaluator is handed to every node; a node of its own gets hold of it. */
function evaluatorOf(environment: Environment): Evaluator {
  const evaluate = environment.parse('null');
  let found: unknown;
  (evaluate.ast as unknown as SyntaxNode).setMeta('evaluate', (evaluator: unknown) => {
    found = evaluator;
    return null;
  });
  evaluate({});
  if (found === undefined) throw new Error('the CEL library has changed: it hands no evaluator to its nodes');
  return found as Evaluator;
}

/**
 * An object literal whose keys may include `constructor` is of any type: the library knows such an object by its static
 * type only. Must come before the type check.
 */
export function allowAnyKey(root: SyntaxNode): void {
  for (const node of nodesOf(root)) {
    if (node.op !== 'map' || entriesOf(node).every(([key]) => key.op === 'value' && key.args !== 'constructor'))
      continue;
    const { check } = node.meta;
    const asAny: TypeCheck = (checker, self, context) => {
      check(checker, self, context);
      return checker.dynType;
    };
    node.setMeta('check', asAny);
  }
}

/** Members are read, and objects built, whatever their keys are called. Must come after the type check. */
export function useAnyKey(root: SyntaxNode): void {
  for (const node of nodesOf(root)) {
    if (node.op === '.' || node.op === '[]') readAnyMember(node);
    if (node.op === 'map' && entriesOf(node).length > 0) buildAnyObject(node);
  }
}

function readAnyMember(node: SyntaxNode): void {
  const { handle } = node;
  // Inside has() nothing is type-checked; it asks for the members itself.
  if (handle === undefined) return;
  const read: Handle = (object, key, self, evaluator) => {
    if (!isObject(object)) return handle(object, key, self, evaluator);
    const value = Object.hasOwn(object, key as string) ? object[key as string] : undefined;
    if (value !== undefined) return value;
    throw (evaluator as Evaluator).createError('no_such_key', `No such key: ${String(key)}`, self);
  };
  node.handle = read;
}

function buildAnyObject(node: SyntaxNode): void {
  const entries = entriesOf(node);
  node.setMeta('evaluate', (evaluator: unknown, _self: SyntaxNode, context: unknown) => {
    const built: Record<string, unknown> = {};
    for (const [keyNode, valueNode] of entries) {
      const key = keyNode.evaluate(evaluator, keyNode, context) as string;
      const value = valueNode.evaluate(evaluator, valueNode, context);
      if (key !== '__proto__') built[key] = value;
      else Object.defineProperty(built, key, { value, enumerable: true, configurable: true, writable: true });
    }
    return built;
  });
}

const entriesOf = (node: SyntaxNode): readonly (readonly [SyntaxNode, SyntaxNode])[] =>
  node.args as readonly (readonly [SyntaxNode, SyntaxNode])[];
