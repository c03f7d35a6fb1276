/** What was decided, as the API tells it. Tasks are paths in the run. */
export interface DecisionRow {
  readonly revision: number;
  readonly time: number;
  readonly type: string;
  readonly group: 'decision' | 'budget' | 'command';
  readonly kind: string;
  /** The block; '' is the run. */
  readonly scope: string;
  readonly text: string;
  readonly strategy?: string;
  readonly n?: number;
  readonly tasks?: readonly string[];
  readonly moreTasks?: number;
  readonly to?: string;
  readonly role?: string;
  readonly about?: string;
  readonly why?: string;
  readonly hasLedger?: boolean;
  readonly code?: string;
  readonly message?: string;
  readonly by?: string;
  readonly reason?: string;
}

/** Rows of a page behind those that are known; what comes twice is there once. */
export function withPage(known: readonly DecisionRow[], page: readonly DecisionRow[]): readonly DecisionRow[] {
  const last = known.at(-1)?.revision ?? -1;
  const fresh = page.filter(({ revision }) => revision > last);
  return fresh.length === 0 ? known : [...known, ...fresh];
}

/** The last row up to a revision; -1: there is none. Rows are in the order of their revisions; O(log n). */
export function rowAt(rows: readonly DecisionRow[], revision: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const half = (low + high) >> 1;
    if ((rows[half]?.revision ?? 0) <= revision) low = half + 1;
    else high = half;
  }
  return low - 1;
}

/** Who decided: the strategy and its block; the budget's block; who asked for what could not be. */
export function deciderOf({ group, strategy, scope, by }: DecisionRow): string {
  const where = scope === '' ? 'the run' : scope;
  if (group === 'command') return by ?? 'a program';
  return group === 'budget' ? `budget of ${where}` : scope === '' ? (strategy ?? '') : `${strategy ?? ''} of ${scope}`;
}

/** What was decided, in a few words: `add`, `award to bid-1`, `refused: assign`. */
export function titleOf({ group, type, kind, to, role, about }: DecisionRow): string {
  const whom = to === undefined ? '' : group === 'budget' && type !== 'BudgetAsked' ? ` for ${to}` : ` to ${to}`;
  const more = `${role === undefined ? '' : ` as ${role}`}${about === undefined ? '' : ` about ${about}`}${whom}`;
  return `${type === 'DecisionRefused' || type === 'CommandRejected' ? 'refused: ' : ''}${kind}${more}`;
}

/** Why nothing is there, in a sentence. */
export function whyNone(strategy: unknown): string {
  const name =
    typeof strategy === 'string' ? strategy : String((strategy as { name?: unknown } | null)?.name ?? 'graph');
  if (name === 'graph' || name === 'sequential')
    return `The strategy ${name} decides nothing: what comes after what is in the workflow. What teams in it decide would be here.`;
  return `The strategy ${name} has not decided anything yet.`;
}
