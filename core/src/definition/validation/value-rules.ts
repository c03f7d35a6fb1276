import { ID_PATTERN } from '../../shared/ids.ts';
import type { Json } from '../../shared/json.ts';
import { BUDGETS, type Budget, type Expression } from '../definition.ts';
import { describe } from '../form/read.ts';
import type { Path, Report } from '../problem.ts';
import { celOf, literalOf } from '../template.ts';

/** The longest wait that makes sense: ten years, in ms. */
const MAX_MS = 10 * 365 * 24 * 3_600_000;

export function checkName(value: string, path: Path, what: string, report: Report): void {
  if (ID_PATTERN.test(value)) return;
  // In YAML, a quote is text where none stands before it.
  const bare = value.replace(/^["']|["']$/, '');
  if (bare !== value && ID_PATTERN.test(bare)) {
    report(path, `a quote stands on one side only: write ${bare} or "${bare}"`);
    return;
  }
  report(
    path,
    `"${value}" is not ${what}: use 1 to 128 letters, digits, ".", "_" or "-", starting with a letter or digit`,
  );
}

/** Of each kind that is limited, a whole number from 1. */
export function checkBudget(budget: Budget, path: Path, report: Report): void {
  for (const kind of BUDGETS) {
    const limit = budget[kind];
    if (limit !== undefined) checkCount(limit, [...path, kind], report);
  }
}

export function checkCount(value: number, path: Path, report: Report): void {
  if (!Number.isSafeInteger(value) || value < 1) report(path, `must be a whole number of 1 or more, not ${value}`);
}

export function checkTime(value: number | undefined, path: Path, report: Report, least = 1): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least && value <= MAX_MS)) return;
  report(path, `must be a duration from ${least}ms to ten years, not ${value}ms`);
}

/** The value of an expression that computes nothing, or undefined. */
export function literal(expression: Expression): Json | undefined {
  if (expression.kind !== 'template') return undefined;
  const { template } = expression;
  if (typeof template !== 'string') return template;
  return celOf(template) === undefined ? literalOf(template) : undefined;
}

/** What must give a text may not be anything else as it is written. */
export function checkTextTemplate(expression: Expression, path: Path, report: Report): void {
  const value = literal(expression);
  if (value === undefined) return;
  if (typeof value !== 'string') report(path, `must be text, not ${describe(value)}`);
  else if (value === '') report(path, 'is empty');
}
