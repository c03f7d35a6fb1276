import type { DescribedError } from '../errors/describe-error.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import type { LogFlags } from '../workers/log-plugins.ts';

/** What a child is told as it begins. */
export interface ChildOptions extends Whereabouts, LogFlags {}

/** What the supervisor says to a child. */
export type Order =
  /** Begin to drive. Said once, after `loaded`. */
  | { readonly kind: 'drive' }
  /** Take nothing new; attempts may take so long to end (default: as the limits say), at-most-once ones `atMostOnceMs` where that is longer. */
  | { readonly kind: 'stop'; readonly drainMs?: number; readonly atMostOnceMs?: number }
  /** Stop at once. */
  | { readonly kind: 'abort' };

/** What becomes of the open runs of the store with the code of a child. */
export interface OpenRunsReport {
  /** Runs that were looked at, and whether there are more. */
  readonly runs: number;
  readonly more: boolean;
  /** Those that go on as they were recorded, as their workflow was changed: in other than what is taken up. */
  readonly asRecorded: number;
  /** Those that do not go on, each with why; at most a few. */
  readonly stuck: readonly { readonly runId: string; readonly workflow: string; readonly why: string }[];
  readonly stuckRuns: number;
}

/** A run that has ended. `ms`: since it began. */
export interface EndedRun {
  readonly runId: string;
  readonly workflow: string;
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly ms: number;
  /** Why, of one that has not completed. */
  readonly why?: string;
}

/** What a child says to the supervisor. */
export type Report =
  | {
      readonly kind: 'loaded';
      readonly workflows: number;
      readonly agents: number;
      readonly file: string;
      readonly store: string;
      /** Files of workflows, wherever they are. */
      readonly sources: readonly string[];
    }
  /** The code cannot be loaded, or what it makes cannot be started. The child ends. */
  | { readonly kind: 'failed'; readonly error: DescribedError }
  | { readonly kind: 'driving'; readonly role: string }
  | { readonly kind: 'open-runs'; readonly report: OpenRunsReport }
  | { readonly kind: 'ended'; readonly run: EndedRun }
  /** It takes nothing new: how many attempts are under way, and how many of those nobody would make again. */
  | { readonly kind: 'stopping'; readonly running: number; readonly atMostOnce: number };
