import type { Json, JsonObject } from '@reprise/core/plugin';

/** A page of a list: `next` is the cursor of the page after it, null when there is none. */
export interface PageOf {
  readonly limit: number;
  readonly after?: string | undefined;
}

/** What lists of runs can be in the order of. */
export const RUN_ORDERS = ['started', 'updated', 'ended', 'duration', 'events'] as const;

/** A page of runs. */
export interface RunsPage extends PageOf {
  /** The least or, with `descending`, the greatest first; runs that lack it come last. Undefined: newest first, by the store's own list. */
  readonly order?: { readonly by: (typeof RUN_ORDERS)[number]; readonly descending: boolean } | undefined;
}

/** Who changes something, and why: both are put on record. */
export interface Who {
  readonly by: string;
  readonly reason: string;
}

/** What was appended: to which runs, up to where. */
export interface Change {
  /** Opaque; what follow() goes on from. */
  readonly position: string;
  readonly runs: readonly ChangedRun[];
}

/** A run that something was appended to. */
export interface ChangedRun {
  readonly runId: string;
  readonly revision: number;
  readonly types: readonly string[];
}

/** Ends what a listener is told. */
export type Following = { close(): Promise<void> };

/** Is told what was appended; after a reset, all that was told before is to be read again. */
export interface ChangeListener {
  onChange(change: Change): void;
  /** More has happened since `after` than is told: whoever looks reads anew, from `position` on. */
  onReset(position: string): void;
  onError(error: unknown): void;
}

/** From where, and with what, a fork begins. Members that are undefined are as they were in the other run. */
export interface Branch {
  /** The last revision that is taken over. */
  readonly at: number | undefined;
  /** In place of the other run's: nothing of that one is taken over then. */
  readonly input: Json | undefined;
  /** What tasks gave, by path: they are not done, and what comes after them is done anew. */
  readonly outcomes: JsonObject | undefined;
  /** At-most-once tasks that may be done again. */
  readonly again: readonly string[] | undefined;
}

/** What is asked for when a run is started. */
export interface Start {
  readonly workflow: string;
  readonly version: string | undefined;
  readonly input: Json;
  readonly id: string | undefined;
}

/** What a change of a run is asked by. */
export type RunCommand =
  | { readonly kind: 'cancel'; readonly force: boolean }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'retry' }
  | ({ readonly kind: 'fork' } & Branch)
  | { readonly kind: 'retry-tasks'; readonly taskId: string | undefined }
  | { readonly kind: 'signal'; readonly signal: string; readonly data: Json }
  | { readonly kind: 'answer'; readonly taskId: string; readonly answer: Json }
  | { readonly kind: 'assign'; readonly taskId: string; readonly to: string }
  | { readonly kind: 'redrive'; readonly messages: readonly string[]; readonly to: string | undefined }
  | { readonly kind: 'discard'; readonly messages: readonly string[] }
  | { readonly kind: 'edit'; readonly message: string; readonly data: Json };

/**
 * What the dashboard shows, as plain JSON whose shapes are those of `reprise … --json` (times ISO 8601 there are ms since the Unix epoch here). Whoever
 * implements it reads stores and views, and drives nothing. Every method rejects with RepriseErrors: REPRISE_RUN_NOT_FOUND, REPRISE_QUERY_INVALID,
 * those of the stores, and, of command(), those of the commands.
 */
export interface DashboardSource {
  /** `behind` says that what the order is taken from has not had the last events yet. */
  runs(query: string, page: RunsPage): Promise<JsonObject>;
  /** What runs can be asked for by, and, of RUN_ORDERS, `orders` that there are in this store. */
  fields(): Promise<JsonObject>;
  run(runId: string): Promise<JsonObject>;
  /** Events from revision `from` on; without `data`, what they carry is left out where it is large. */
  history(runId: string, options: { readonly from: number; readonly limit: number }): Promise<JsonObject>;
  /** One event, whole. */
  event(runId: string, revision: number): Promise<JsonObject>;
  /** Events from revision `from` on, as RunFold of @reprise/core/fold takes them. */
  events(runId: string, options: { readonly from: number; readonly limit: number }): Promise<JsonObject>;
  /** A state, as text, that RunFold goes on from: the last that is kept up to revision `at`. */
  keyframe(runId: string, at: number): Promise<JsonObject>;
  /** The state after revision `at`, without payloads: tasks whose id begins with `prefix`, `limit` at most. */
  state(runId: string, options: StateOptions): Promise<JsonObject>;
  /** One task after revision `at`, with its payloads. */
  task(runId: string, taskId: string, at: number | undefined): Promise<JsonObject>;
  graph(runId: string, at: number | undefined): Promise<JsonObject>;
  /** Why it does not move, or why it ended; after revision `at`: why it did not then, as far as its history says. */
  explain(runId: string, at: number | undefined): Promise<JsonObject>;
  timeline(runId: string): Promise<JsonObject>;
  /** The attempts that made it as long as it was; after revision `at`: up to then. */
  criticalPath(runId: string, at: number | undefined): Promise<JsonObject>;
  /** What strategies, budgets and refused commands decided, in pages of what was looked through: `next` is where to look on, `more` whether there is anything yet. */
  decisions(runId: string, options: { readonly from: number; readonly limit: number }): Promise<JsonObject>;
  /** What the strategy of the team at `scope` ('' is the run) remembered after revision `at`. */
  ledger(runId: string, scope: string, at: number | undefined): Promise<JsonObject>;
  /** Tokens and cost that agents report, by task and agent, or of one task by attempt; with the budgets. */
  usage(runId: string, options: UsageOptions): Promise<JsonObject>;
  /** The last `limit` of its messages, without what they say. */
  messages(runId: string, options: { readonly limit: number }): Promise<JsonObject>;
  /** One message, with what it says. */
  message(runId: string, id: string): Promise<JsonObject>;
  /** What its agents logged and emitted, as far as this machine has it. */
  logs(runId: string, query: LogsQuery): Promise<JsonObject>;
  diff(a: string, b: string): Promise<JsonObject>;
  overview(): Promise<JsonObject>;
  agents(): Promise<JsonObject>;
  forms(): Promise<JsonObject>;
  deadLetters(query: string, page: PageOf): Promise<JsonObject>;
  workflows(): Promise<JsonObject>;
  /** The graph of a workflow of the project; of the first version that it has, unless one is named. */
  workflowGraph(name: string, version: string | undefined): Promise<JsonObject>;
  /** Views, Reprise's and those of the project: what each is, and what its rows can be asked about. */
  views(): Promise<JsonObject>;
  /** Rows of a view, in its order. */
  viewRows(view: string, query: string, page: PageOf): Promise<ViewPage>;
  /** Which store it is, who drives it, how far views are behind. */
  health(): Promise<JsonObject>;
  /** Follows what is appended after a position; without one, from now on. */
  follow(after: string | undefined, listener: ChangeListener): Promise<Following & { readonly position: string }>;
  /** What a fork would take over, and what it would do again; nothing is changed. */
  planFork(runId: string, branch: Branch): Promise<JsonObject>;
  /** Starts a run; resolves once it is durable. */
  start(start: Start, who: Who): Promise<JsonObject>;
  /** Resolves once it is durable. */
  command(runId: string, command: RunCommand, who: Who): Promise<JsonObject>;
}

export const LOG_LEVELS = ['debug', 'progress', 'info', 'warn', 'error'] as const;

/** Which lines of what agents logged are shown. */
export interface LogsQuery {
  /** With what is in it. */
  readonly taskId: string | undefined;
  readonly attempt: number | undefined;
  /** The least. */
  readonly level: (typeof LOG_LEVELS)[number] | undefined;
  readonly text: string | undefined;
  /** Only what came after this line. */
  readonly after: number | undefined;
  readonly limit: number;
}

/** Rows are as their projection folds them; `key` is beside. */
export type ViewPage = { readonly rows: readonly JsonObject[]; readonly next: string | null };

/** Of which task, of all; after which revision, the last. */
export interface UsageOptions {
  readonly taskId: string | undefined;
  readonly at: number | undefined;
}

/** A part of a run's state: at which revision, of which tasks, how many. */
export interface StateOptions {
  readonly at: number | undefined;
  readonly prefix: string;
  readonly limit: number;
}
