import { RepriseError } from '../../shared/errors.ts';

/** Characters of one CEL expression. */
export const MAX_SOURCE_CHARS = 4096;
/** Nodes of one CEL expression's syntax tree. */
export const MAX_AST_NODES = 600;
/** Nesting of one CEL expression. */
export const MAX_AST_DEPTH = 48;
/** Steps of one evaluation: a node evaluated, an element compared, copied or built; 64 characters of text count as one. */
export const MAX_STEPS = 1_000_000;
/** Characters of one text that an expression builds. */
export const MAX_TEXT_CHARS = 1 << 20;

const CHARS_PER_STEP = 64;

/** Counts the steps of one evaluation. Once exhausted it stays so, whatever the expression does with the error. */
export class StepBudget {
  private left: number;

  constructor(steps: number = MAX_STEPS) {
    this.left = steps;
  }

  get exhausted(): boolean {
    return this.left < 0;
  }

  /** Throws REPRISE_EXPRESSION_BUDGET when fewer than `steps` are left. */
  spend(steps: number): void {
    this.left -= steps;
    if (this.left < 0) {
      this.left = -1;
      throw budgetError(`it needs more than ${MAX_STEPS} steps`);
    }
  }

  /** Charges for a value that was just built. */
  spendOnValue(value: unknown): void {
    if (typeof value === 'string') {
      if (value.length > MAX_TEXT_CHARS)
        throw this.exhaust(`it builds a text of more than ${MAX_TEXT_CHARS} characters`);
      this.spend(1 + Math.floor(value.length / CHARS_PER_STEP));
    } else this.spend(Array.isArray(value) ? 1 + value.length : 1);
  }

  /** Charges for comparing two values: what the smaller of them holds, members of members included. */
  spendOnComparison(left: unknown, right: unknown): void {
    if (!isContainer(left) || !isContainer(right)) this.spendOnValue(typeof left === 'string' ? left : undefined);
    else this.spendOnMembers(sizeOf(left) <= sizeOf(right) ? left : right);
  }

  /** Charges for looking `value` up in `container`. */
  spendOnSearch(value: unknown, container: unknown): void {
    if (!Array.isArray(container)) this.spend(1);
    else if (isContainer(value)) this.spendOnMembers(container);
    else this.spend(1 + container.length);
  }

  exhaust(why: string): RepriseError {
    this.left = -1;
    return budgetError(why);
  }

  private spendOnMembers(container: object): void {
    const members: readonly unknown[] = Object.values(container);
    this.spend(1 + members.length);
    for (const member of members) if (isContainer(member)) this.spendOnMembers(member);
  }
}

export const budgetError = (why: string): RepriseError =>
  new RepriseError('REPRISE_EXPRESSION_BUDGET', `The expression is too much work: ${why}.`);

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;

const sizeOf = (value: object): number => (Array.isArray(value) ? value.length : Object.keys(value).length);
