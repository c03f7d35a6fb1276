import { Environment } from '@marcbachmann/cel-js';
import { MAX_AST_DEPTH, MAX_AST_NODES } from './budget.ts';
import { recogniseObjects } from './plain-data.ts';

/** What a CEL expression may name. Which of them are set depends on the place; see Scope. */
export const SCOPE_VARIABLES = [
  'input',
  'outputs',
  'runId',
  'round',
  'item',
  'index',
  'output',
  'feedback',
  'block',
  'error',
  'status',
  'completed',
  'ended',
  'total',
  'message',
  // Of what a strategy asks.
  'work',
  'board',
  'bid',
] as const satisfies readonly string[];

/** The functions of CEL that are at hand: total, pure, and cheap enough to charge for. */
export const FUNCTIONS: ReadonlySet<string> = new Set([
  'bool',
  'double',
  'dyn',
  'has',
  'int',
  'size',
  'string',
  'type',
]);

export const METHODS: ReadonlySet<string> = new Set([
  'all',
  'contains',
  'endsWith',
  'exists',
  'exists_one',
  'filter',
  'indexOf',
  'join',
  'lastIndexOf',
  'lowerAscii',
  'map',
  'matches',
  'size',
  'split',
  'startsWith',
  'substring',
  'trim',
  'upperAscii',
]);

/** Methods whose first argument names a variable that the others may use. */
export const MACROS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);

type Arithmetic = (left: number, right: number) => number;

// JSON knows one kind of number and CEL two that do not mix: with these, `input.count + 1` means what it says.
const ARITHMETIC: Readonly<Record<string, Arithmetic>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
};

export function createEnvironment(): Environment {
  const environment = new Environment({
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: MAX_AST_NODES, maxDepth: MAX_AST_DEPTH, maxListElements: 500, maxMapEntries: 500 },
  });
  for (const name of SCOPE_VARIABLES) environment.registerVariable(name, 'dyn');
  for (const [operator, compute] of Object.entries(ARITHMETIC)) {
    const mixed = (left: number | bigint, right: number | bigint): number => compute(Number(left), Number(right));
    environment.registerOperator(`double ${operator} int: double`, mixed);
    environment.registerOperator(`int ${operator} double: double`, mixed);
    if (operator === '%') environment.registerOperator('double % double: double', mixed);
  }
  recogniseObjects(environment);
  return environment;
}
