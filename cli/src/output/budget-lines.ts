import { type BudgetUse, type BudgetView, oneLine, type RunView } from '@reprise/core';

/** What blocks with a budget have spent of it: "  the run  2 of 5 attempts, 1200 (and at most 800 under way) of 5000 tokens; writer: 1 of 3 attempts". */
export const budgetLines = ({ budgets }: RunView): readonly string[] =>
  Array.from(budgets, ([path, { agents = {}, ...own }]) => {
    const whose = Object.entries(agents).map(([agent, uses]) => `${agent}: ${usesText(uses)}`);
    const all = [...(Object.keys(own).length === 0 ? [] : [usesText(own)]), ...whose];
    return oneLine(`  ${path === '' ? 'the run' : path}  ${all.join('; ')}`);
  });

const usesText = (uses: Omit<BudgetView, 'agents'>): string =>
  Object.entries(uses as Readonly<Record<string, BudgetUse>>)
    .map(([kind, { spent, limit, reserved }]) => {
      const open = reserved === undefined ? '' : ` (and at most ${reserved} under way)`;
      return `${spent}${open} of ${limit} ${kind}`;
    })
    .join(', ');
