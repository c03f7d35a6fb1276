import type {
  Add,
  Ask,
  Decision,
  ErrorCode,
  Json,
  JsonObject,
  News,
  ReadyTask,
  TeamSchedulingView,
  TeamStrategy,
  TeamTask,
  TeamView,
} from '@reprise/core/plugin';
import type { ManagerReply, ManagerTask } from '../src/index.ts';

// A team without an engine: what a strategy decides is judged by the rules of its port, and tasks end as the test says.

/** What ends an attempt otherwise than with an output. */
export class Failed extends Error {
  readonly code: string;
  constructor(code: string, message = 'it failed') {
    super(message);
    this.code = code;
  }
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
type Task = Writable<TeamTask> & { readonly written: JsonObject; feedback: Json };

export interface Script {
  readonly spec: JsonObject;
  readonly input?: Json;
  /** The answer to a question; thrown: its task fails. */
  manager(asked: ManagerTask, n: number): unknown;
  /** What a step gives; thrown: it fails. */
  worker?(id: string, input: JsonObject, task: TeamTask, feedback: Json): Json;
  /** Which of those under way ends next. Default: the first. */
  next?(open: readonly TeamTask[]): number;
  /** Why a decision cannot be, beside what the port says. */
  refuse?(decision: Decision): string | undefined;
  /** Tasks of the blocks around, which the team does not see. */
  readonly around?: readonly string[];
  /** Teams around. */
  readonly depth?: number;
  /** Tasks of the definition. */
  given?: readonly string[];
  readonly delegations?: number;
}

export interface Played {
  readonly end: { readonly output: Json } | { readonly code: string; readonly message: string; readonly task?: string };
  /** All that was decided, assignments left out. */
  readonly decisions: readonly Decision[];
  readonly refused: readonly string[];
  readonly asked: readonly ManagerTask[];
  readonly tasks: ReadonlyMap<string, TeamTask>;
  readonly ledger: JsonObject;
}

const MOST_TURNS = 20_000;
const MAX_LEDGER = 256 * 1024;
const TAKEN = 'there is a task of that id';
const CODES: Readonly<Record<string, ErrorCode>> = {
  budget: 'REPRISE_BUDGET_EXHAUSTED',
  [TAKEN]: 'REPRISE_TASK_EXISTS',
};

export class TeamPlay {
  readonly tasks = new Map<string, Task>();
  readonly decisions: Decision[] = [];
  readonly refused: string[] = [];
  readonly asked: ManagerTask[] = [];
  end: Played['end'] | undefined;
  #ledger: JsonObject | undefined;
  #news: News[] = [];
  #delegated = 0;
  readonly #strategy: TeamStrategy;
  readonly #script: Script;

  constructor(strategy: TeamStrategy, script: Script) {
    this.#strategy = strategy;
    this.#script = script;
    for (const id of script.given ?? []) this.#begin(id, { agent: 'given' }, undefined);
  }

  /** Throws when the team neither ends nor goes on. */
  play(): Played {
    for (let turn = 0; this.end === undefined; turn += 1) {
      if (turn > MOST_TURNS) throw new Error('the team never ends');
      this.#ask();
      if (this.end !== undefined) break;
      const open = [...this.tasks.values()].filter(({ status }) => status === 'running');
      const index = this.#script.next?.(open) ?? 0;
      const task = open[index % Math.max(1, open.length)];
      if (task === undefined) throw new Error('nothing is under way, and the strategy decides nothing');
      this.finish(task);
    }
    const { end, decisions, refused, asked, tasks } = this;
    return { end, decisions, refused, asked, tasks, ledger: this.#ledger ?? {} };
  }

  /** Decides what there is to be decided, and nothing ends. */
  decideOnce(): void {
    this.#ask();
  }

  view(): TeamSchedulingView {
    const ready = [...this.tasks.values()].filter(({ status }) => status === 'ready');
    const tasks: readonly ReadyTask[] = ready.map(({ taskId, agent, capability }, order) => ({
      taskId,
      priority: 0,
      readySince: order,
      order,
      agent,
      capability,
      tried: [],
    }));
    const groups = tasks.map((task) => ({ agent: task.agent, capability: task.capability, tasks: [task] }));
    const names = new Set([...ready.flatMap(({ agent }) => agent ?? []), 'anybody']);
    const agents = new Map([...names].map((name) => [name, { name, capabilities: ['can'], load: 0, rested: false }]));
    const left =
      this.#script.delegations === undefined ? {} : { delegations: this.#script.delegations - this.#delegated };
    const team: TeamView = {
      spec: this.#script.spec,
      ledger: this.#ledger,
      news: this.#news,
      input: this.#script.input ?? null,
      feedback: null,
      round: 1,
      tasks: this.tasks,
      open: [...this.tasks.keys()].filter((id) => !this.#ended(id)).length,
      inFlight: [...this.tasks.values()].filter(({ status }) => status === 'running').length,
      outputs: {},
      bids: () => new Map(),
      left,
      decisions: this.decisions.length,
      maxDecisions: 10_000,
      depth: this.#script.depth ?? 0,
      wakeAt: undefined,
      idle: false,
      holds: () => false,
      evaluate: () => null,
    };
    return {
      runId: 'r',
      region: '',
      now: 0,
      groups,
      ready: tasks,
      slots: 100,
      inFlight: 0,
      agents,
      room: () => 100,
      team,
    };
  }

  /** Until nothing more is decided. */
  #ask(): void {
    for (let again = true, refusals = 0; again && this.end === undefined; ) {
      const before = JSON.stringify(this.#ledger);
      const answer = this.#strategy.select(this.view());
      if (JSON.stringify(this.#strategy.select(this.view())) !== JSON.stringify(answer)) throw new Error('not pure');
      if (JSON.stringify(this.#ledger) !== before) throw new Error('what it was shown was changed');
      this.#news = answer.some(({ kind = 'assign' }) => kind !== 'assign') ? [] : this.#news;
      again = false;
      for (const decision of answer) {
        const why = this.#judge(JSON.parse(JSON.stringify(decision)) as Decision);
        again = true;
        if (why === undefined) {
          if ((decision.kind ?? 'assign') !== 'assign') refusals = 0;
          continue;
        }
        refusals += 1;
        this.refused.push(`${decision.kind}: ${why}`);
        if (refusals >= 3) throw new Error(`refused three times in a row: ${this.refused.slice(-3).join('; ')}`);
        const code = CODES[why] ?? 'REPRISE_DECISION_INVALID';
        this.#news.push({ kind: 'refused', decision: decision.kind ?? 'assign', code, message: why });
        break;
      }
    }
  }

  #judge(decision: Decision): string | undefined {
    const kind = decision.kind ?? 'assign';
    const why = this.#script.refuse?.(decision) ?? this.#take(decision);
    if (why !== undefined) return why;
    if (decision.ledger !== undefined) this.#ledger = deepFreeze(decision.ledger);
    if (kind !== 'assign') this.decisions.push(decision);
    return undefined;
  }

  #take(decision: Decision): string | undefined {
    if (JSON.stringify(decision.ledger ?? {}).length > MAX_LEDGER) return 'the ledger is too long';
    if ((decision.why ?? '').length > 1000) return 'why is too long';
    switch (decision.kind) {
      case undefined:
      case 'assign': {
        const task = this.tasks.get(decision.taskId);
        if (task?.status !== 'ready') return 'it is not ready';
        task.status = 'running';
        task.agent = decision.agent;
        return undefined;
      }
      case 'add':
        return this.#add(decision);
      case 'ask':
        return this.#question(decision);
      case 'accept':
        return this.#ended(decision.task) ? undefined : 'it has not ended';
      case 'reject': {
        const task = this.tasks.get(decision.task);
        if (task === undefined || !this.#ended(decision.task)) return 'it has not ended';
        task.status = 'ready';
        if ('workflow' in task.written || 'scope' in task.written) task.status = 'running';
        task.again += 1;
        task.feedback = decision.feedback;
        task.output = undefined;
        task.error = undefined;
        return undefined;
      }
      case 'drop':
        for (const id of decision.tasks) {
          const task = this.tasks.get(id);
          if (task === undefined) return `there is no ${id}`;
          if (!this.#ended(id)) task.status = 'cancelled';
        }
        return undefined;
      case 'finish':
        this.end = { output: decision.output };
        return undefined;
      case 'giveUp': {
        const { code = 'REPRISE_TEAM_FAILED', message, task } = decision;
        if (message.length > 4096) return 'the message is too long';
        this.end = { code, message, ...(task !== undefined && { task }) };
        return undefined;
      }
      default:
        return undefined;
    }
  }

  #add({ tasks }: Add): string | undefined {
    for (const [id, written] of Object.entries(tasks)) {
      if (this.#isTaken(id)) return TAKEN;
      for (const after of (written['after'] ?? []) as readonly string[])
        if (this.tasks.get(after)?.status !== 'completed') return `'${after}' has not completed`;
      if (!this.#spend()) return 'budget';
      this.#begin(id, written, undefined);
    }
    return undefined;
  }

  #question({ id, role, agent, capability, input }: Ask): string | undefined {
    if (this.#isTaken(id)) return TAKEN;
    if (!this.#spend()) return 'budget';
    this.#begin(id, { ...(agent === undefined ? { capability: capability ?? '' } : { agent }), input }, role);
    return undefined;
  }

  #isTaken(id: string): boolean {
    return this.tasks.has(id) || this.#script.around?.includes(id) === true;
  }

  #spend(): boolean {
    this.#delegated += 1;
    return this.#delegated <= (this.#script.delegations ?? Number.POSITIVE_INFINITY);
  }

  #begin(id: string, written: JsonObject, role: string | undefined): void {
    const text = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
    this.tasks.set(id, {
      id,
      taskId: id,
      status: 'workflow' in written || 'scope' in written ? 'running' : 'ready',
      agent: text(written['agent']),
      capability: text(written['capability']),
      priority: 0,
      again: 0,
      tries: 0,
      tried: [],
      role,
      handOffs: [],
      input: written['input'],
      output: undefined,
      error: undefined,
      written,
      feedback: null,
    });
  }

  #ended(id: string): boolean {
    return ['completed', 'failed', 'cancelled', 'skipped'].includes(this.tasks.get(id)?.status ?? '');
  }

  /** The task ends as the script says. */
  finish(task: Task): void {
    try {
      const input = (task.input ?? {}) as JsonObject;
      if (task.role === undefined) task.output = this.#script.worker?.(task.id, input, task, task.feedback) ?? null;
      else {
        const asked = input as unknown as ManagerTask;
        this.asked.push(asked);
        const reply: unknown = this.#script.manager(asked, this.asked.length);
        task.output = JSON.parse(JSON.stringify(reply)) as Json;
      }
      task.status = 'completed';
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      task.status = 'failed';
      task.error = { code: error.code, message: error.message };
    }
    this.#news.push({ kind: 'ended', task: task.id, ...(task.role !== undefined && { role: task.role }) });
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}

export const progress = (next = '', more: Partial<ManagerReply['progress'] & object> = {}) => ({
  satisfied: false,
  progressing: true,
  looping: false,
  next,
  ...more,
});

/** An answer to `next`. */
export const reply = (...actions: ManagerReply['do']): ManagerReply => ({ progress: progress(), do: actions });

export const SPEC: JsonObject = { goal: 'Write the report', manager: 'editor', workers: ['writer', 'critic'] };
