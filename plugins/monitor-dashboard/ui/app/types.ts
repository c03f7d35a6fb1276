import type { GraphEdge, GraphNode } from '../pure/graph.ts';

// What the API answers, as far as the page reads it. Times are ms since the Unix epoch.

export interface RunRow {
  readonly runId: string;
  readonly workflow: string;
  readonly version?: string;
  readonly status: string;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly endedAt?: number;
  readonly events: number;
  readonly tenant?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface RunHead {
  readonly runId: string;
  readonly workflow: string;
  readonly version: string;
  readonly strategy: unknown;
  readonly description?: string;
  readonly status: string;
  readonly revision: number;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly endedAt?: number;
  readonly error?: { readonly code: string; readonly message: string };
  readonly parked?: { readonly code: string; readonly message: string };
  readonly parent?: { readonly runId: string; readonly taskId: string };
  readonly lineage?: { readonly runId: string; readonly as?: string; readonly revision: number };
  readonly tenant?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly traceparent?: string;
  readonly traceId?: string;
  /** Where it is shown, where that is known. */
  readonly traceUrl?: string;
  readonly successors?: readonly RunRow[];
}

export interface Graph {
  readonly revision: number;
  readonly status: string;
  readonly nodes: readonly (GraphNode & {
    readonly items?: { readonly total: number; readonly ended: number };
    readonly attempt: number;
    readonly round: number;
    readonly added: boolean;
    readonly child?: string;
  })[];
  readonly edges: readonly GraphEdge[];
}

export interface EventRow {
  readonly revision: number;
  readonly time: number;
  readonly type: string;
  readonly taskId?: string;
  readonly text: string;
  readonly by?: string;
  readonly reason?: string;
}

export interface Explained {
  readonly summary: string;
  readonly status: string;
  readonly failure?: {
    readonly taskId?: string;
    readonly path: readonly string[];
    readonly error: { readonly code: string; readonly message: string; readonly cause?: { readonly message: string } };
  };
  readonly waitsFor: readonly string[];
  readonly tasks: readonly {
    readonly taskId: string;
    readonly count: number;
    readonly waits: string;
    readonly moves: string;
    readonly reason: string;
    readonly mover: string;
  }[];
  readonly driven?: boolean;
}

export interface Form {
  readonly runId: string;
  readonly workflow: string;
  readonly task: string;
  readonly title?: string;
  readonly assignee?: string;
  readonly since: number;
  readonly expires?: number;
  readonly about?: unknown;
  readonly paused: boolean;
  readonly schema: object;
}

export interface DeadLetter {
  readonly run: string;
  readonly workflow: string;
  readonly message: string;
  readonly mailbox: string;
  readonly from: string;
  readonly subject?: string;
  readonly performative: string;
  readonly code: string;
  readonly reason: string;
  readonly since: number;
  readonly deliveries: number;
}

export interface AgentRow {
  readonly agent: string;
  readonly capabilities?: readonly string[];
  readonly attempts: number;
  readonly failed: number;
  readonly lost: number;
  readonly last?: number;
  readonly rested?: { readonly until: number };
  readonly lastFailure?: {
    readonly at: number;
    readonly runId: string;
    readonly taskId: string;
    readonly code: string;
    readonly message: string;
  };
}

export interface Told {
  readonly workflow: string;
  readonly from: string;
  readonly to: string;
  readonly sent: number;
  readonly acknowledged: number;
  readonly dead: number;
}

/** A step on the critical path of a run. */
export interface CriticalLink {
  readonly taskId: string;
  readonly attempt: number;
  readonly agent?: string;
  readonly from: number;
  readonly until: number;
  readonly parts: readonly { readonly part: string; readonly from: number; readonly until: number }[];
  readonly workingMs: number;
  readonly waitingMs: number;
}

export interface CriticalPath {
  readonly from: number;
  readonly until: number;
  readonly links: readonly CriticalLink[];
  readonly workingMs: number;
  readonly waitingMs: number;
  readonly restMs: number;
  /** Attempts that are not known. */
  readonly left: number;
}

export interface Tally {
  readonly count: number;
  readonly sumMs: number;
  readonly maxMs: number;
}

export interface Overview {
  readonly now: number;
  readonly counted: number;
  readonly open: Readonly<Record<string, number>>;
  readonly throughput: readonly {
    readonly workflow: string;
    readonly minute: number;
    readonly started: number;
    readonly completed: number;
    readonly failed: number;
    readonly cancelled: number;
    readonly took: Tally;
    readonly spread: Readonly<Record<string, number>>;
  }[];
  readonly waiting: readonly ({ readonly workflow: string; readonly minute: number } & Readonly<
    Record<'queueing' | 'connecting' | 'working' | 'retrying', Tally>
  >)[];
  readonly failed: readonly RunRow[];
  /** Of the 200 runs that failed last. */
  readonly causes: readonly {
    readonly code: string;
    readonly count: number;
    readonly runId: string;
    readonly workflow: string;
    readonly message: string;
    readonly at: number;
  }[];
  readonly running: readonly RunRow[];
  readonly forms: number;
  readonly deadLetters: number;
}

export interface About {
  readonly store: string;
  readonly project?: string;
  readonly driven: boolean | null;
  readonly draining: boolean;
  readonly silent: readonly string[];
  /** As `reprise plugins list --json` has them. */
  readonly plugins: readonly {
    readonly name: string;
    readonly version: string | null;
    readonly kind: string;
    readonly from: string;
    readonly state: string;
    readonly reason: string | null;
    readonly differs: string | null;
  }[];
  readonly views: readonly {
    readonly name: string;
    readonly about?: string;
    readonly skipped?: number;
    readonly caughtUp: boolean;
    readonly behindMs?: number;
    readonly failure?: string;
  }[];
}

export interface WorkflowRow {
  readonly name: string;
  readonly version: string;
  readonly hash: string;
  readonly description?: string;
  /** JSON Schema. */
  readonly inputSchema?: object;
  readonly strategy: unknown;
  readonly tasks: readonly {
    readonly id: string;
    readonly agent?: string;
    readonly capability?: string;
    readonly after: readonly string[];
  }[];
}
