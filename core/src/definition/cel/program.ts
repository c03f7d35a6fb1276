import type { ASTNode } from '@marcbachmann/cel-js';
import { isRepriseError, RepriseError } from '../../shared/errors.ts';
import { type Analysis, analyse } from './analysis.ts';
import { MAX_SOURCE_CHARS, StepBudget } from './budget.ts';
import { createEnvironment } from './environment.ts';
import { allowMixedBranches, meter } from './metering.ts';
import { allowAnyKey, useAnyKey } from './plain-data.ts';
import { type PurePath, purePath } from './pure-path.ts';
import type { SyntaxNode } from './syntax-tree.ts';

/** A CEL expression, parsed, checked and metered. */
export interface Program {
  /** As it was parsed. */
  readonly syntax: ASTNode;
  readonly analysis: Analysis;
  /** Set when all that it does is to pick a place. */
  readonly path: PurePath | undefined;
  /** Evaluates with the variables given; the value is as the CEL library has it. Throws RepriseError only. */
  run(variables: Readonly<Record<string, unknown>>): unknown;
}

const MAX_CACHED = 1000;

const environment = createEnvironment();
const programs = new Map<string, Program>();

/**
 * The program of `source`. Throws REPRISE_EXPRESSION_BUDGET for one that is too large and REPRISE_EXPRESSION_FAILED for
 * one that is not CEL, or uses what is not at hand. Programs are kept, the least recently used dropped first.
 */
export function compile(source: string): Program {
  const known = programs.get(source);
  if (known !== undefined) {
    programs.delete(source);
    programs.set(source, known);
    return known;
  }
  const program = createProgram(source);
  programs.set(source, program);
  if (programs.size > MAX_CACHED) programs.delete(programs.keys().next().value ?? '');
  return program;
}

function createProgram(source: string): Program {
  if (source.length > MAX_SOURCE_CHARS) {
    const message = `The expression has ${source.length} characters, more than the limit of ${MAX_SOURCE_CHARS}.`;
    throw new RepriseError('REPRISE_EXPRESSION_BUDGET', message);
  }
  return guarded(source, () => {
    const evaluate = environment.parse(source);
    const analysis = analyse(evaluate.ast);
    const [problem] = analysis.problems;
    if (problem !== undefined) throw new Error(problem);
    const root = rootOf(evaluate.ast);
    allowMixedBranches(root);
    allowAnyKey(root);
    const checked = evaluate.check();
    if (!checked.valid) throw checked.error ?? new Error('it does not pass the type check');
    useAnyKey(root);
    let budget = new StepBudget();
    meter(root, () => budget);
    return {
      syntax: evaluate.ast,
      analysis,
      path: purePath(evaluate.ast),
      run: (variables) =>
        guarded(
          source,
          () => {
            budget = new StepBudget();
            const value: unknown = evaluate(variables);
            if (budget.exhausted) budget.spend(0);
            return value;
          },
          () => budget,
        ),
    };
  });
}

/** Runs `work`, and makes whatever it throws a RepriseError that quotes `source`. */
function guarded<T>(source: string, work: () => T, budget?: () => StepBudget): T {
  try {
    return work();
  } catch (cause) {
    if (isRepriseError(cause)) throw cause;
    if (budget?.().exhausted === true) throw budget().exhaust('it ran out of steps');
    throw failure(source, cause);
  }
}

function failure(source: string, cause: unknown): RepriseError {
  const { code, summary } = (typeof cause === 'object' && cause !== null ? cause : {}) as Record<string, unknown>;
  const whole = typeof summary === 'string' ? summary : cause instanceof Error ? cause.message : String(cause);
  // The library quotes values, however large.
  const hint = whole.startsWith('Unexpected character: =') ? '; whether two are equal is asked with ==' : '';
  const reason = (whole.length > 300 ? `${whole.slice(0, 297)}...` : whole) + hint;
  const quoted = source.length > 120 ? `${source.slice(0, 117)}...` : source;
  if (cause instanceof RangeError || code === 'limit_exceeded') {
    return new RepriseError('REPRISE_EXPRESSION_BUDGET', `CEL expression ${quoted}: too large (${reason}).`, { cause });
  }
  return new RepriseError('REPRISE_EXPRESSION_FAILED', `CEL expression ${quoted}: ${reason}.`, { cause });
}

/** The library's documented tree, seen with what metering needs of it. */
const rootOf = (ast: ASTNode): SyntaxNode => ast as unknown as SyntaxNode;
