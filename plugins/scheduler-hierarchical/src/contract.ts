import type { Json } from '@reprise/core/plugin';

/** What a question is about: the first plan, what to do next, or a new plan since the one before led nowhere. */
export type Question = 'plan' | 'next' | 'replan';

/**
 * `planned`: nobody was given it yet. `open`: a worker has it. `redo`: it is about to be done again. `ended`: it has completed, and is to be accepted or
 * rejected. `accepted`: what comes after it may begin. `failed`: it came to nothing.
 */
export type StepState = 'planned' | 'open' | 'redo' | 'ended' | 'accepted' | 'failed';

/** How things stand, by the manager: the questions of a progress ledger. */
export interface Progress {
  /** The goal is reached: then `do` has `finish` or `finishWith`. */
  readonly satisfied: boolean;
  /** What came in since the answer before brought the team forward. */
  readonly progressing: boolean;
  /** The same is being done again and again. */
  readonly looping: boolean;
  /** What comes next and why, for people. */
  readonly next: string;
}

/** A step of the plan, as the manager sees it. */
export interface ToldStep {
  readonly step: string;
  readonly work: string;
  readonly to?: string;
  readonly after: readonly string[];
  readonly state: StepState;
  /** Times that it was done again. */
  readonly rejections: number;
}

/** The beginning of what is too long to be shown, as JSON text. */
export interface Excerpt {
  readonly excerpt: string;
  /** Characters in all. */
  readonly characters: number;
}

/** The end of a step, or of another task of the block. */
export interface ToldEnd {
  /** The step; of a task that is none, its id. */
  readonly step: string;
  /** The worker; undefined for a task that is no step. */
  readonly to?: string;
  readonly status: 'completed' | 'failed' | 'skipped' | 'cancelled';
  /** Whether it is to be accepted or rejected. */
  readonly review: boolean;
  readonly output?: Json;
  /** In the place of an output that is too long. */
  readonly excerpt?: Excerpt;
  readonly error?: { readonly code: string; readonly message: string };
  readonly attempts: number;
  readonly rejections: number;
}

/** A worker as its manager is told of it. */
export interface ToldWorker {
  readonly name: string;
  readonly description?: string;
  readonly capabilities: readonly string[];
  /** Steps that it has, and how many it may have at once. */
  readonly open: number;
  readonly atOnce: number;
  /** Steps that came to nothing with it. */
  readonly failed: number;
}

/** What the manager is handed: the input of its task. Plain JSON. */
export interface ManagerTask {
  readonly ask: Question;
  readonly goal: string;
  /** What the block of the team was handed. */
  readonly input: Json;
  /** What the round before of the block handed on; null in the first. */
  readonly feedback: Json;
  readonly ledger: {
    /** What the manager knows, in whatever form it gave it last; null before. */
    readonly facts: Json;
    readonly plan: readonly ToldStep[];
    readonly progress: Progress | null;
  };
  /** Ends that the manager has not answered yet, and all that are to be reviewed. */
  readonly news: readonly ToldEnd[];
  readonly workers: readonly ToldWorker[];
  /** What may still be spent: bounds of the team, and budgets around it. */
  readonly left: {
    readonly delegations: number;
    readonly stalls: number;
    readonly resets: number;
    readonly nonsense: number;
    readonly budget: Readonly<Record<string, number>>;
  };
  /** What was wrong with the answer before, each a sentence: nothing of that answer was done. */
  readonly wrong?: readonly string[];
}

/** A step, as the manager plans it. */
export interface PlannedStep {
  /** A name for it: an id of 1 to 64 characters. */
  readonly step: string;
  /** What is to be done. */
  readonly work: string;
  /** The worker. Left out: `assign` says it later. */
  readonly to?: string | null;
  /** Steps that have to be accepted before; the worker is handed their results. */
  readonly after?: readonly string[] | null;
  /** What the worker is handed besides; of workers with `handed: input` all that it is handed. */
  readonly input?: Json;
}

/** What a manager may answer. */
export type ManagerAction =
  /** The plan; in an answer to `next`, further steps. */
  | { readonly plan: readonly PlannedStep[] }
  /** A step that nobody has goes to a worker, now or once what it comes after was accepted. */
  | { readonly assign: string; readonly to?: string | null; readonly input?: Json }
  /** The result will do; of a step that failed: it can be done without, and what comes after is handed null. */
  | { readonly accept: string }
  /** The step is done again by the same worker, which is told why. */
  | { readonly reject: string; readonly feedback: Json }
  /** All that was not accepted is cancelled, and these come in its place. */
  | { readonly replan: readonly PlannedStep[] }
  /** The goal is reached: the team gives this. */
  | { readonly finish: Json }
  /** The same, with the output of a step. */
  | { readonly finishWith: string }
  /** The goal cannot be reached: the team fails. */
  | { readonly giveUp: string };

/** What the manager gives. All of it is done, or, if anything of it is wrong, nothing. */
export interface ManagerReply {
  /** Needed in an answer to `next`. */
  readonly progress?: Progress | null;
  /** Left out or null: as before. */
  readonly facts?: Json;
  /** In this order. `finish`, `finishWith` and `giveUp` come last. */
  readonly do: readonly ManagerAction[];
}

/** What a worker is handed (unless it is `handed: input`). `Results` and `Input`: for whoever knows the plan. */
export interface WorkerTask<Results = Readonly<Record<string, Json>>, Input = Json> {
  readonly goal: string;
  readonly step: string;
  readonly work: string;
  /** What the manager gave beside; null when nothing. */
  readonly input: Input;
  /** Outputs of the steps that it comes after; null for one that could be done without. */
  readonly results: Results;
  /** Why it is done again; null the first time. */
  readonly feedback: Json;
}
