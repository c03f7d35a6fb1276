import type { ASTNode } from '@marcbachmann/cel-js';
import { didYouMean } from '../did-you-mean.ts';
import { FUNCTIONS, MACROS, METHODS, SCOPE_VARIABLES } from './environment.ts';
import { isSyntaxNode } from './syntax-tree.ts';

/** What an expression reads, known without evaluating it. */
export interface Analysis {
  /** Variables of the scope. */
  readonly variables: ReadonlySet<string>;
  /** Tasks whose outputs are read by a name that stands in the source: `outputs.audit` or `outputs["audit"]`. */
  readonly outputs: ReadonlySet<string>;
  /** Tasks whose status is read: `status.audit`. */
  readonly statuses: ReadonlySet<string>;
  /** Whole numbers in the source that doubles, and so JSON, do not hold exactly. */
  readonly largeIntegers: readonly bigint[];
  /** Names and functions that are not at hand, in words. */
  readonly problems: readonly string[];
}

interface Findings {
  readonly variables: Set<string>;
  readonly outputs: Set<string>;
  readonly statuses: Set<string>;
  readonly largeIntegers: bigint[];
  readonly problems: string[];
}

export function analyse(root: ASTNode): Analysis {
  const findings: Findings = {
    variables: new Set(),
    outputs: new Set(),
    statuses: new Set(),
    largeIntegers: [],
    problems: [],
  };
  visit(root, new Set(), findings);
  return findings;
}

function visit(node: ASTNode, bound: ReadonlySet<string>, findings: Findings): void {
  switch (node.op) {
    case 'value':
      visitLiteral(node.args, findings);
      return;
    case 'id':
      visitName(node.args, bound, findings);
      return;
    case 'call': {
      const [name, operands] = node.args;
      if (!FUNCTIONS.has(name)) findings.problems.push(unknown('function', name, FUNCTIONS));
      for (const operand of operands) visit(operand, bound, findings);
      return;
    }
    case 'rcall': {
      const [method, receiver, operands] = node.args;
      if (!METHODS.has(method)) findings.problems.push(unknown('method', method, METHODS));
      visit(receiver, bound, findings);
      visitOperands(method, operands, bound, findings);
      return;
    }
    default:
      if (visitStatus(node, bound, findings)) return;
      visitAccess(node, bound, findings);
      visitAll(node.args, bound, findings);
  }
}

function visitLiteral(value: unknown, findings: Findings): void {
  if (value instanceof Uint8Array) findings.problems.push('bytes are not available, JSON has none');
  const whole: unknown = typeof value === 'object' ? value?.valueOf() : value;
  if (typeof whole === 'bigint' && !Number.isSafeInteger(Number(whole))) findings.largeIntegers.push(whole);
}

function visitName(name: string, bound: ReadonlySet<string>, findings: Findings): void {
  if (bound.has(name)) return;
  if (name === 'status') findings.problems.push('status is read by the name of a task, as in status.pay');
  if (SCOPE_VARIABLES.some((variable) => variable === name)) findings.variables.add(name);
  else findings.problems.push(unknown('name', name, SCOPE_VARIABLES));
}

/** The first argument of a macro is a variable that the others may use. */
function visitOperands(
  method: string,
  operands: readonly ASTNode[],
  bound: ReadonlySet<string>,
  findings: Findings,
): void {
  const [first, ...others] = operands;
  const named = MACROS.has(method) && first?.op === 'id' ? first.args : undefined;
  const inner = named === undefined ? bound : new Set([...bound, named]);
  for (const operand of named === undefined ? operands : others) visit(operand, inner, findings);
}

/** Whether it is the status of a task that is named: who names none could not be told when to ask again. */
function visitStatus(node: ASTNode, bound: ReadonlySet<string>, findings: Findings): boolean {
  if ((node.op !== '.' && node.op !== '[]') || bound.has('status')) return false;
  const [object] = node.args;
  const name = object.op === 'id' && object.args === 'status' ? memberOf(node) : undefined;
  if (name === undefined) return false;
  findings.variables.add('status');
  findings.statuses.add(name);
  return true;
}

function visitAccess(node: ASTNode, bound: ReadonlySet<string>, findings: Findings): void {
  if (node.op !== '.' && node.op !== '[]') return;
  const [object] = node.args;
  if (object.op !== 'id' || object.args !== 'outputs' || bound.has('outputs')) return;
  const name = memberOf(node);
  if (name !== undefined) findings.outputs.add(name);
}

/** The member that an access picks, when its name stands in the source. */
function memberOf(node: ASTNode & { readonly op: '.' | '[]' }): string | undefined {
  const [, key] = node.args;
  const name = typeof key === 'string' ? key : key.op === 'value' ? key.args : undefined;
  return typeof name === 'string' ? name : undefined;
}

function visitAll(value: unknown, bound: ReadonlySet<string>, findings: Findings): void {
  if (isSyntaxNode(value)) visit(value as unknown as ASTNode, bound, findings);
  else if (Array.isArray(value)) for (const member of value) visitAll(member, bound, findings);
}

const unknown = (what: string, name: string, known: Iterable<string>): string => {
  const meant = didYouMean(name, known) || (what === 'name' ? '; a text needs quotes inside the expression' : '');
  return `there is no ${what} '${name}' here${meant} (at hand: ${[...known].join(', ')})`;
};
