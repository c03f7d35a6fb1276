import type { ErrorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import { enclosing, isInside, taskPaths } from '../../../shared/task-path.ts';
import type { RunEvent, TaskCompleted, TasksReset, Via } from '../events.ts';
import { evolve } from '../evolve.ts';
import { initialState, type RunState } from '../state.ts';
import { CostCount } from './cost.ts';
import { roundedPath } from './rounded-path.ts';
import type { DiffersIn, Said } from './run-diff.ts';

/** Types that say something of one task. */
const ABOUT_TASKS: ReadonlySet<RunEvent['type']> = new Set<RunEvent['type']>([
  ...(['TaskScheduled', 'TaskEntered', 'TaskStarted', 'TaskCompleted', 'TaskAttemptCompleted'] as const),
  ...(['TaskAttemptFailed', 'TaskExpanded', 'TaskAdopted', 'TaskSkipped', 'TaskCancelled', 'TaskFellBack'] as const),
  ...(['TaskFailed', 'TaskRepeated', 'TaskHandedOff', 'TaskYielded'] as const),
]);

/** What stands in for what the task was to give. */
const STANDS_IN: ReadonlySet<Via> = new Set<Via>(['default', 'fallback-value', 'fallback-task', 'last-round']);

export type Facts = Partial<Record<DiffersIn, Said>>;

/** One attempt of a task in its round; of what no agent performs, what it was entered for. */
export interface AttemptOutline {
  readonly number: number;
  /** Whether an agent makes it. */
  readonly byAgent: boolean;
  readonly task: TaskOutline;
  readonly facts: Facts;
  readonly cost: CostCount;
  /** Since when the agent works. */
  since: number;
}

/** One task in one round; the run itself, and what is decided about a block, stand at its path. */
export interface TaskOutline {
  readonly task: string;
  readonly rounds: string;
  readonly facts: Facts;
  /** What was decided about it, in order. */
  readonly decisions: Said[];
  readonly attempts: AttemptOutline[];
}

type TaskCost = { attempts: number; failures: number; agentMs: number };

/** What a history says, put where it can be compared with that of another. Folding an event costs what the event changes. */
export class RunOutline {
  readonly state: RunState = initialState();
  /** By the path with its rounds, in the order in which they came to be. */
  readonly tasks = new Map<string, TaskOutline>();
  /** Of what is the run's own, and of what was taken over. */
  readonly own = new CostCount();
  readonly taken = new CostCount();
  /** By the path in the definition. */
  readonly costs = new Map<string, TaskCost>();
  /** Attempts that have not ended, by everything that they are in. */
  readonly #open = new Map<string, Set<AttemptOutline>>();

  fold(event: RunEvent): void {
    const { state } = this;
    const cost = state.status === 'forking' && !this.#isOwn(event) ? this.taken : this.own;
    cost.event(event.at);
    const id = 'taskId' in event && ABOUT_TASKS.has(event.type) ? event.taskId : undefined;
    // Before the event: what ends is forgotten with it.
    const before = id === undefined ? undefined : this.#keyOf(id);
    const around = 'scope' in event ? this.#keyOf(event.scope) : undefined;
    const region = event.type === 'TasksReset' ? this.#keyOf(event.region) : undefined;
    evolve(state, event);
    if (event.type === 'TasksReset') return this.#reset(event, region ?? '');
    if (around !== undefined) this.#decidedAround(event, around);
    if (id === undefined) return this.#ofRun(event);
    const key = before ?? this.#keyOf(id);
    if (key !== undefined) this.#ofTask(event, id, key, cost);
  }

  /** Attempts whose end nobody waited for count up to the last event. */
  close(): this {
    this.#cutOff('', this.state.updatedAt);
    return this;
  }

  /** What closes a fork is its own. */
  #isOwn(event: RunEvent): boolean {
    return event.type === 'RunStarted' || this.state.revision >= (this.state.lineage?.revision ?? 0);
  }

  #ofRun(event: RunEvent): void {
    const { state } = this;
    const run = this.#at('', '');
    switch (event.type) {
      case 'RunStarted':
        return this.#say(run.facts, 'input', event.input, event);
      case 'SignalReceived':
        return this.#decide(run, { signal: event.signal, data: event.data }, event);
      case 'RunCompleted':
        if (event.output !== undefined) this.#say(run.facts, 'output', event.output, event);
        break;
      case 'RunFailed':
        this.#say(run.facts, 'error', told(event.error), event);
        break;
      case 'RunCancelled':
        break;
      default:
        return;
    }
    this.#say(run.facts, 'status', state.status, event);
    this.#cutOff('', event.at);
  }

  /** What is decided about a block stands at the block. */
  #decidedAround(event: RunEvent, key: string): void {
    switch (event.type) {
      case 'TasksAdded':
        return this.#decide(this.#at(event.scope, key), { added: event.tasks.map(({ id }) => id) }, event);
      case 'ScopeCaught':
        this.#cutOff(event.scope, event.at);
        return this.#decide(
          this.#at(event.scope, key),
          { caught: event.taskId, clause: event.clause, code: event.error.code },
          event,
        );
      default:
        return;
    }
  }

  #ofTask(event: RunEvent, id: string, key: string, cost: CostCount): void {
    const task = this.#at(id, key);
    switch (event.type) {
      case 'TaskScheduled':
        return this.#begin(task, event.attempt, event, cost, event.agent);
      case 'TaskEntered':
        return this.#begin(task, event.attempt, event, cost);
      case 'TaskStarted': {
        const attempt = attemptOf(task, event.attempt);
        if (attempt !== undefined) attempt.since = event.at;
        return;
      }
      case 'TaskCompleted':
        return this.#completed(task, event);
      case 'TaskRepeated':
      case 'TaskAttemptCompleted':
        return this.#ended(task, event.attempt, 'completed', event, { output: event.output });
      case 'TaskHandedOff':
        if (event.budget !== undefined) return;
        this.#ended(
          task,
          event.attempt,
          'completed',
          event,
          event.output === undefined ? {} : { output: event.output },
        );
        return this.#decide(task, { handedTo: event.agent }, event);
      case 'TaskAttemptFailed': {
        const status = event.lost === true ? 'lost' : 'failed';
        return this.#ended(task, event.attempt, status, event, { error: told(event.error) });
      }
      case 'TaskExpanded':
        if (event.from === 0) this.#say(task.facts, 'input', { items: event.total }, event);
        return;
      case 'TaskYielded':
        return this.#decide(task, { yielded: event.rest ?? 'let' }, event);
      case 'TaskAdopted':
        this.#decide(task, { via: 'given' }, event);
        if (event.output !== undefined) this.#say(task.facts, 'output', event.output, event);
        return this.#say(task.facts, 'status', event.status, event);
      case 'TaskSkipped':
        this.#decide(task, { skipped: event.reason }, event);
        return this.#say(task.facts, 'status', 'skipped', event);
      case 'TaskCancelled':
        this.#cutOff(id, event.at);
        this.#decide(task, { cancelled: event.reason }, event);
        return this.#say(task.facts, 'status', 'cancelled', event);
      case 'TaskFellBack':
        return this.#decide(task, { fallback: event.to.kind === 'agent' ? event.to.agent : event.to.task }, event);
      case 'TaskFailed': {
        this.#cutOff(id, event.at);
        this.#say(task.facts, 'status', 'failed', event);
        // That of its last attempt is said there.
        const { code, message } = event.error;
        const last = task.attempts.at(-1)?.facts.error?.value as { code?: Json; message?: Json } | undefined;
        if (last?.code !== code || last.message !== message) this.#say(task.facts, 'error', told(event.error), event);
        return;
      }
      default:
        return;
    }
  }

  #begin(task: TaskOutline, number: number, event: RunEvent, cost: CostCount, agent?: string): void {
    const facts: Facts = {};
    const attempt = { number, byAgent: agent !== undefined, task, facts, cost, since: event.at };
    this.#say(facts, 'attempt', task.attempts.length + 1, event);
    if (agent !== undefined) this.#say(facts, 'agent', agent, event);
    const input = this.state.tasks.get(task.task)?.input;
    if (input !== undefined) this.#say(facts, 'input', input, event);
    task.attempts.push(attempt);
    for (const path of around(task.task)) {
      const open = this.#open.get(path);
      if (open === undefined) this.#open.set(path, new Set([attempt]));
      else open.add(attempt);
    }
    if (agent === undefined) return;
    cost.attempts += 1;
    this.#costOf(task.task).attempts += 1;
    if (task.attempts.length > 1) cost.retries += 1;
  }

  #completed(task: TaskOutline, event: TaskCompleted): void {
    const { via, attempt, at } = event;
    const output =
      event.output ?? (via === 'signal' || via === 'message' ? this.state.tasks.get(task.task)?.output : undefined);
    const made = attemptOf(task, attempt);
    const isOpen = made !== undefined && made.facts.status === undefined;
    if (isOpen && !via.startsWith('fallback')) this.#ended(task, attempt, 'completed', event, { output });
    else if (output !== undefined) this.#say(task.facts, 'output', output, event);
    if (via === 'switch') this.#decide(task, { case: event.case ?? null }, event);
    else if (STANDS_IN.has(via)) this.#decide(task, { via }, event);
    this.#cutOff(task.task, at);
    this.#say(task.facts, 'status', 'completed', event);
  }

  #ended(
    task: TaskOutline,
    number: number,
    status: 'completed' | 'failed' | 'lost',
    event: RunEvent,
    { output, error }: { readonly output?: Json | undefined; readonly error?: Json },
  ): void {
    const attempt = attemptOf(task, number);
    if (attempt === undefined) return;
    this.#say(attempt.facts, 'status', status, event);
    if (output !== undefined) this.#say(attempt.facts, 'output', output, event);
    if (error !== undefined) this.#say(attempt.facts, 'error', error, event);
    this.#over(attempt, event.at);
    if (!attempt.byAgent || status === 'completed') return;
    attempt.cost[status === 'lost' ? 'lost' : 'failures'] += 1;
    this.#costOf(task.task).failures += 1;
  }

  /** A round begins; or a run goes on from another: what it does anew stands in the place of what was taken over. */
  #reset(event: TasksReset, key: string): void {
    const { region, why, round, feedback, attempt, tasks = [], restarted = [], dropped = [], since = event.at } = event;
    if (why === 'goto') {
      for (const path of [...restarted, ...dropped]) this.#cutOff(path, event.at);
      return this.#decide(this.#at(region, key), { why, from: event.from ?? null, restarted: [...restarted] }, event);
    }
    if (why !== 'fork') {
      const block = this.#at(region, key);
      if (why !== 'repeat') this.#cutOff(region, event.at);
      // Its attempt ended the round before.
      else if (attempt !== undefined) this.#ended(block, attempt, 'completed', event, { output: feedback });
      return this.#decide(block, { round, why }, event);
    }
    this.#cutOff('', since);
    const anew = new Set(restarted);
    const again = new Set([...tasks, ...restarted]);
    if (again.size === 0) return;
    for (const [at, { task, facts, decisions, attempts }] of this.tasks) {
      if ((anew.has(task) && this.#isOfThisRound(task, at)) || isInside(task, again)) this.tasks.delete(at);
      else if (again.has(task) && attempts.at(-1)?.facts.status === undefined) attempts.pop();
      // Nothing is left that could be told of it.
      if (attempts.length + decisions.length + Object.keys(facts).length === 0) this.tasks.delete(at);
    }
  }

  /** Whether the blocks around a task are in the round that `rounds` says; what it did in rounds before them stands. */
  #isOfThisRound(task: string, rounds: string): boolean {
    const now = this.#keyOf(task);
    return now === undefined || blockOf(now) === blockOf(rounds);
  }

  /** Nobody waits any more for what is under way at or inside a path; '' is all. */
  #cutOff(path: string, at: number): void {
    for (const attempt of this.#open.get(path) ?? []) this.#over(attempt, at);
  }

  #over(attempt: AttemptOutline, at: number): void {
    const { task, byAgent, cost, since } = attempt;
    if (this.#open.get('')?.delete(attempt) !== true) return;
    for (const path of around(task.task)) {
      const open = this.#open.get(path);
      open?.delete(attempt);
      if (open?.size === 0) this.#open.delete(path);
    }
    if (!byAgent) return;
    const took = Math.max(0, at - since);
    cost.agentMs += took;
    this.#costOf(task.task).agentMs += took;
  }

  #costOf(task: string): TaskCost {
    const path = taskPaths(this.state.rules).definition(task);
    const known = this.costs.get(path);
    if (known !== undefined) return known;
    const cost = { attempts: 0, failures: 0, agentMs: 0 };
    this.costs.set(path, cost);
    return cost;
  }

  /** Undefined for what is not there. */
  #keyOf(id: string): string | undefined {
    if (id === '') return '';
    const task = this.state.tasks.get(id);
    return task === undefined ? undefined : roundedPath(this.state, task);
  }

  #at(task: string, rounds: string): TaskOutline {
    const known = this.tasks.get(rounds);
    if (known !== undefined) return known;
    const made: TaskOutline = { task, rounds, facts: {}, decisions: [], attempts: [] };
    this.tasks.set(rounds, made);
    return made;
  }

  #say(facts: Facts, what: DiffersIn, value: Json, { type }: RunEvent): void {
    facts[what] = { value, revision: this.state.revision, type };
  }

  #decide({ decisions }: TaskOutline, value: Json, { type }: RunEvent): void {
    decisions.push({ value, revision: this.state.revision, type });
  }
}

const attemptOf = ({ attempts }: TaskOutline, number: number): AttemptOutline | undefined =>
  attempts.findLast((attempt) => attempt.number === number);

/** Where the block is that a path is in, with its rounds. */
const blockOf = (rounds: string): string => rounds.slice(0, rounds.lastIndexOf('/') + 1);

/** A path, and all that it is in; '' is the run. */
function around(path: string): readonly string[] {
  const paths = ['', path];
  for (let at = enclosing(path); at !== undefined; at = enclosing(at)) paths.push(at);
  return paths;
}

const told = ({ code, message }: ErrorData): Json => ({ code, message });
