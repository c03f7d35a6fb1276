import { amount } from './text.ts';

/** What was used, as agents report it; cost in the user's unit. */
export interface Used {
  readonly tokens: number;
  readonly cost: number;
  readonly attempts: number;
  /** Attempts whose agent said anything. */
  readonly reported: number;
}

/** A budget: of which block, which agent in it, what. */
export interface BudgetRow {
  readonly scope: string;
  readonly agent?: string;
  readonly kind: string;
  readonly limit: number;
  readonly spent: number;
  readonly reserved?: number;
}

export interface UsageTold extends Used {
  readonly revision: number;
  readonly byTask: readonly (Used & { readonly taskId: string })[];
  readonly moreTasks: number;
  readonly byAgent: readonly (Used & { readonly agent: string })[];
  readonly budgets?: readonly BudgetRow[];
  /** Attempts that are not known. */
  readonly left?: number;
}

/** `1,200 tokens · cost 0.02`; empty where no agent reports any. */
export function usedText({ tokens, cost, reported }: Omit<Used, 'attempts'>): string {
  if (reported === 0) return '';
  const parts = [tokens === 0 ? '' : `${amount(tokens)} tokens`, cost === 0 ? '' : `cost ${amount(cost)}`];
  return parts.filter((part) => part !== '').join(' · ') || 'nothing used';
}

/** How much of it is gone, what is reserved included: 0 to 1. */
export const shareOf = ({ spent, reserved = 0, limit }: BudgetRow): number =>
  limit <= 0 ? 1 : Math.min(1, (spent + reserved) / limit);

/** `tokens of the run, writer`: what it limits. */
export const budgetName = ({ kind, scope, agent }: BudgetRow): string =>
  `${kind} of ${scope === '' ? 'the run' : scope}${agent === undefined ? '' : `, ${agent}`}`;

/** `900 of 1,000 spent, 50 reserved`. */
export const budgetText = ({ spent, reserved = 0, limit }: BudgetRow): string =>
  `${amount(spent)} of ${amount(limit)} spent${reserved === 0 ? '' : `, ${amount(reserved)} reserved`}`;

/** The fullest first. */
export const fullest = (budgets: readonly BudgetRow[]): readonly BudgetRow[] =>
  budgets.toSorted((a, b) => shareOf(b) - shareOf(a));
