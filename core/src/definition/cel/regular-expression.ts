import { RE2JS } from '@bufbuild/re2';
import { budgetError, type StepBudget } from './budget.ts';

/** Characters of a pattern. */
export const MAX_PATTERN_CHARS = 256;
const CHARS_PER_STEP = 32;
const MAX_CACHED = 100;

const compiled = new Map<string, RE2JS>();

/**
 * CEL's `matches`: whether `pattern` (RE2 syntax) is found in `text`. Linear in the text, unlike JavaScript's own regular
 * expressions, so no pattern can hang the engine.
 */
export function matchesPattern(text: string, pattern: string, budget: StepBudget): boolean {
  if (pattern.length > MAX_PATTERN_CHARS) throw budgetError(`a pattern is longer than ${MAX_PATTERN_CHARS} characters`);
  budget.spend(1 + Math.floor((text.length * programSize(pattern)) / CHARS_PER_STEP));
  return compile(pattern).test(text);
}

/** `x{1000}` is a program of 1,000 steps: an upper bound on how large the pattern is when written out. */
function programSize(pattern: string): number {
  let factor = 1;
  for (const [, count] of pattern.matchAll(/(\d+)\s*\}/g)) factor *= Math.max(1, Number(count));
  return pattern.length * factor;
}

function compile(pattern: string): RE2JS {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const expression = RE2JS.compile(pattern);
  if (compiled.size >= MAX_CACHED) compiled.clear();
  compiled.set(pattern, expression);
  return expression;
}
