import type { RunCompat } from '@reprise/core';

/** What becomes of a run at the next start with the workflow. */
export interface CompatVerdict extends Omit<RunCompat, 'next'> {
  readonly status: string;
  readonly revision: number;
  readonly next: RunCompat['next'] | 'unreadable';
  /** Why it does not go on. */
  readonly why: string | undefined;
}
