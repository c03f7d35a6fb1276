import { readMaxUsage } from './form/read-limits.ts';
import { checkMaxUsage } from './validation/value-rules.ts';

/** What is wrong with what an agent declares, or says, that it uses; nothing when it says nothing. */
export function maxUsageProblems(value: unknown): readonly string[] {
  const problems: string[] = [];
  const report = (path: readonly (string | number)[], problem: string): void => {
    problems.push([...path, problem].join(' '));
  };
  const usage = readMaxUsage(value, [], report);
  if (usage !== undefined && problems.length === 0) checkMaxUsage(usage, [], report);
  return problems;
}
