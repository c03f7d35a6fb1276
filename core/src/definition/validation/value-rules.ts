import { AGENT_PATTERN } from '../../shared/agent-version.ts';
import { ID_PATTERN } from '../../shared/ids.ts';
import type { Json } from '../../shared/json.ts';
import {
  AMOUNTS,
  BUDGETS,
  type Budget,
  type BudgetKind,
  cheaperIn,
  type Expression,
  MAX_ASSIGNEE_CHARS,
  type MaxUsage,
  millionths,
  OF_AGENTS,
} from '../definition.ts';
import { describe } from '../form/read.ts';
import type { Path, Report } from '../problem.ts';
import { celOf, literalOf } from '../template.ts';

/** What an attempt takes; what else is counted cannot wait for an answer. */
const ASKABLE = ['tasks', 'attempts', ...AMOUNTS] as const;

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

/** An agent, in any version or in one. */
export function checkAgentName(value: string, path: Path, report: Report): void {
  if (AGENT_PATTERN.test(value)) return;
  if (!value.includes('@')) return checkName(value, path, 'the name of an agent', report);
  report(
    path,
    `"${value}" is not the name of an agent and a version: write writer@2 or writer@2.1, the version in 1 to 64 letters, digits, ".", "_", "+" or "-", starting with a letter or digit`,
  );
}

/** Of each kind that is limited, a whole number from 1; of cost, any above 0. */
export function checkBudget({ agents = {}, onBudget, ...budget }: Budget, path: Path, report: Report): void {
  if (typeof onBudget === 'object' && 'ask' in onBudget) {
    const { ask, timeoutMs } = onBudget;
    if (ask === '' || ask.length > MAX_ASSIGNEE_CHARS)
      report([...path, 'onBudget', 'ask'], `must be the name of somebody, of 1 to ${MAX_ASSIGNEE_CHARS} characters`);
    checkTime(timeoutMs, [...path, 'onBudget', 'timeout'], report);
    if (
      ![budget, ...Object.values(agents)].some((one) =>
        ASKABLE.some((kind) => kind in one && one[kind as 'cost'] !== undefined),
      )
    )
      report(
        [...path, 'onBudget'],
        'asks for more of what attempts take, and this budget limits neither tasks, attempts, tokens nor cost: a message or a delegation that is one too many is refused at once',
      );
  }
  const cheaper = cheaperIn(onBudget);
  if (cheaper !== undefined) {
    checkAgentName(cheaper, [...path, 'onBudget', 'agent'], report);
    if (![budget, ...Object.values(agents)].some(({ tokens, cost }) => tokens !== undefined || cost !== undefined))
      report(
        [...path, 'onBudget'],
        'is for tokens and cost, and this budget limits neither: counts do not become less by another agent',
      );
  }
  checkAmounts(budget, BUDGETS, 1, path, report);
  for (const [agent, limits] of Object.entries(agents)) {
    checkAgentName(agent, [...path, 'agents', agent], report);
    checkAmounts(limits, OF_AGENTS, 1, [...path, 'agents', agent], report);
  }
}

export const checkMaxUsage = (usage: MaxUsage, path: Path, report: Report): void =>
  checkAmounts(usage, AMOUNTS, 0, path, report);

function checkAmounts<Kind extends BudgetKind>(
  amounts: Readonly<Partial<Record<Kind, number>>>,
  kinds: readonly Kind[],
  least: 0 | 1,
  path: Path,
  report: Report,
): void {
  for (const kind of kinds) {
    const amount = amounts[kind];
    if (amount === undefined) continue;
    const counted = kind === 'cost' ? millionths(amount) : amount;
    if (Number.isSafeInteger(counted) && counted >= least) continue;
    const what =
      kind === 'cost'
        ? `a number of ${least === 0 ? '0 or more' : '0.000001 or more'}`
        : `a whole number of ${least} or more`;
    report([...path, kind], `must be ${what}, not ${amount}`);
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
