import type { StepBudget } from './budget.ts';
import { TEXT_METHODS, type TextMethod } from './methods.ts';
import { type Evaluate, expanded, nodesOf, type SyntaxNode } from './syntax-tree.ts';

/** Nodes that build a value whose size must be paid for. */
const BUILDERS: ReadonlySet<string> = new Set(['+', 'list', 'map', 'call', 'rcall']);
const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
/** Conversions of text that cost more than its length suggests. */
const CONVERSIONS: ReadonlySet<string> = new Set(['int', 'double']);

/**
 * Makes every node of a checked expression pay before and after it is evaluated, and puts our methods of texts in the place of the library's.
 * Must come after the type check, which chooses the evaluators.
 */
export function meter(root: SyntaxNode, budget: () => StepBudget): void {
  const nodes = nodesOf(root);
  for (const node of nodes) {
    const method = node.op === 'rcall' ? methodOf(node) : '';
    const own = TEXT_METHODS.get(method);
    if (own !== undefined) useMethod(node, method, own, budget);
    const evaluate = node.meta.evaluate;
    const builds = BUILDERS.has(node.op);
    wrap(node, (evaluator, self, context) => {
      budget().spend(1);
      const value = evaluate(evaluator, self, context);
      if (builds) budget().spendOnValue(value);
      return value;
    });
  }
  for (const node of nodes) meterOperands(node, budget);
}

/** Allows `c ? "text" : null`: branches of two types make a value of any type, as in CEL without static checks. */
export function allowMixedBranches(root: SyntaxNode): void {
  for (const node of nodesOf(root)) {
    if (node.op !== '?:') continue;
    const check = node.meta.check;
    node.setMeta('check', (checker: { readonly dynType: unknown }, self: SyntaxNode, context: unknown): unknown => {
      try {
        return check(checker, self, context);
      } catch (error) {
        if ((error as { code?: unknown }).code === 'incompatible_ternary_branches') return checker.dynType;
        throw error;
      }
    });
  }
}

function meterOperands(node: SyntaxNode, budget: () => StepBudget): void {
  if (COMPARISONS.has(node.op) || node.op === 'in') {
    const [left, right] = node.args as readonly [SyntaxNode, SyntaxNode];
    let leftValue: unknown;
    observe(left, (value) => {
      leftValue = value;
    });
    observe(right, (value) => {
      if (node.op === 'in') budget().spendOnSearch(leftValue, value);
      else budget().spendOnComparison(leftValue, value);
    });
  }
  if (node.op === 'rcall') {
    const [method, receiver, operands] = node.args as readonly [string, SyntaxNode, readonly SyntaxNode[]];
    for (const operand of [receiver, ...operands]) observe(operand, (value) => spendOnOperand(method, value, budget()));
  }
  if (node.op === 'call') {
    const [name, operands] = node.args as readonly [string, readonly SyntaxNode[]];
    for (const operand of operands) observe(operand, (value) => spendOnOperand(name, value, budget()));
  }
}

function spendOnOperand(name: string, value: unknown, budget: StepBudget): void {
  if (typeof value === 'string') budget.spend(CONVERSIONS.has(name) ? value.length : 1 + Math.floor(value.length / 64));
  else if (name === 'join' && Array.isArray(value)) for (const part of value) budget.spendOnValue(part);
}

function useMethod(node: SyntaxNode, name: string, method: TextMethod, budget: () => StepBudget): void {
  const [, receiver, operands] = node.args as readonly [string, SyntaxNode, readonly SyntaxNode[]];
  wrap(node, (evaluator, _self, context) => {
    const text = receiver.evaluate(evaluator, receiver, context);
    const values = operands.map((operand) => operand.evaluate(evaluator, operand, context));
    if (typeof text === 'string') return method(text, values, budget());
    throw new TypeError(`${name}() is a method of texts`);
  });
}

function observe(node: SyntaxNode, see: (value: unknown) => void): void {
  const target = expanded(node);
  const evaluate = target.meta.evaluate;
  wrap(target, (evaluator, self, context) => {
    const value = evaluate(evaluator, self, context);
    see(value);
    return value;
  });
}

const methodOf = (node: SyntaxNode): string => String((node.args as readonly unknown[])[0]);

const wrap = (node: SyntaxNode, evaluate: Evaluate): void => {
  node.setMeta('evaluate', evaluate);
};
