import type { Scope } from '../../definition/definition.ts';
import { evaluate } from '../../definition/evaluate.ts';
import { cel } from '../../definition/expression.ts';
import { lazyRecord } from '../../definition/lazy-record.ts';
import { RepriseError } from '../../shared/errors.ts';
import { freezeJson, type Json, type JsonObject } from '../../shared/json.ts';
import { inside } from '../../shared/task-path.ts';
import { leftOf } from '../workflow/budgets.ts';
import { timeOf } from '../workflow/clock.ts';
import { inputToCome } from '../workflow/decisions/schedule-tasks.ts';
import { priorityOf, wantedBy } from '../workflow/ready-tasks.ts';
import type { RunState, ScopeState, TaskState } from '../workflow/state.ts';
import { isIdle, localId, MAX_DECISIONS, ownStrategy, teamsAround } from '../workflow/team/team.ts';
import type { TeamState } from '../workflow/team/team-state.ts';
import { tasksOf } from '../workflow/transitions/close.ts';
import type { News, TeamNames, TeamTask, TeamView } from './team.ts';

/** What is handed to a strategy is the run's own, and nobody changes it. */
function shown<T extends Json | undefined>(value: T): T {
  if (value !== undefined) freezeJson(value);
  return value;
}

/** A team as its strategy sees it. What costs something is made when it is read. */
export class TeamViewOf implements TeamView {
  readonly spec: JsonObject;
  readonly tasks: ReadonlyMap<string, TeamTask>;
  readonly #state: RunState;
  readonly #scope: ScopeState;
  readonly #team: TeamState;
  #news: readonly News[] | undefined;
  #outputs: JsonObject | undefined;

  constructor(state: RunState, scope: ScopeState, team: TeamState) {
    this.#state = state;
    this.#scope = scope;
    this.#team = team;
    this.spec = shown(ownStrategy(state, scope)?.team ?? {});
    this.tasks = new TeamTasks(state, scope, team);
  }

  get ledger(): JsonObject | undefined {
    return shown(this.#team.ledger);
  }

  get news(): readonly News[] {
    this.#news ??= this.#team.news.map((one): News => {
      if (one.kind !== 'ended') return one;
      const role = this.#team.asked[one.task]?.role;
      return { kind: 'ended', task: one.task, ...(role === undefined ? {} : { role }) };
    });
    return this.#news;
  }

  get input(): Json {
    const { path } = this.#scope;
    return shown(path === '' ? this.#state.input : (this.#state.tasks.get(path)?.input ?? null));
  }

  get feedback(): Json {
    return shown(this.#scope.feedback);
  }

  get round(): number {
    return this.#scope.round;
  }

  get open(): number {
    return this.#scope.open;
  }

  get inFlight(): number {
    return this.#scope.inFlight;
  }

  get outputs(): JsonObject {
    const { path } = this.#scope;
    const result = (id: string): Json | undefined => {
      const task = this.#state.tasks.get(inside(path, id));
      const isResult = task?.status === 'completed' && task.scope === path && task.index === undefined;
      return isResult && !Object.hasOwn(this.#team.asked, id) ? shown(task.output ?? null) : undefined;
    };
    this.#outputs ??= lazyRecord(result, () => this.tasks.keys());
    return this.#outputs;
  }

  // Whoever takes it out of the view has it still.
  readonly bids = (task: string): ReadonlyMap<string, Json | undefined> => {
    const bids = Object.entries(this.#team.bids[task] ?? {});
    return new Map(bids.map(([id, bid]) => [id, 'proposal' in bid ? shown(bid.proposal) : undefined]));
  };

  get left(): TeamView['left'] {
    return leftOf(this.#state, this.#scope.path);
  }

  get decisions(): number {
    return this.#team.n;
  }

  get maxDecisions(): number {
    return MAX_DECISIONS;
  }

  get depth(): number {
    return teamsAround(this.#state, this.#scope.path);
  }

  get wakeAt(): number | undefined {
    return timeOf(this.#state, this.#team.wakeAt);
  }

  get idle(): boolean {
    return isIdle(this.#state, this.#scope, tasksOf(this.#state, this.#scope));
  }

  readonly holds = (condition: string, names: TeamNames): boolean => {
    const value = this.evaluate(condition, names);
    if (typeof value === 'boolean') return value;
    throw new RepriseError('REPRISE_EXPRESSION_FAILED', `'${condition}' gives ${typeof value}, and not true or false.`);
  };

  readonly evaluate = (expression: string, names: TeamNames): Json => {
    const { input, round } = this;
    return evaluate(cel(expression), { input, round, outputs: {}, runId: this.#state.runId, ...names } as Scope);
  };
}

/** The tasks of a team by id, each made when it is asked for. */
class TeamTasks implements ReadonlyMap<string, TeamTask> {
  readonly #state: RunState;
  readonly #scope: ScopeState;
  readonly #team: TeamState;

  constructor(state: RunState, scope: ScopeState, team: TeamState) {
    this.#state = state;
    this.#scope = scope;
    this.#team = team;
  }

  get size(): number {
    let count = 0;
    for (const _one of tasksOf(this.#state, this.#scope)) count += 1;
    return count;
  }

  get(id: string): TeamTask | undefined {
    const task = this.#state.tasks.get(inside(this.#scope.path, id));
    return task === undefined || task.scope !== this.#scope.path || task.index !== undefined
      ? undefined
      : new TeamTaskView(this.#state, task, this.#team);
  }

  has(id: string): boolean {
    return this.get(id) !== undefined;
  }

  *entries(): MapIterator<[string, TeamTask]> {
    for (const task of tasksOf(this.#state, this.#scope))
      yield [localId(task), new TeamTaskView(this.#state, task, this.#team)];
    return undefined;
  }

  *keys(): MapIterator<string> {
    for (const [id] of this.entries()) yield id;
    return undefined;
  }

  *values(): MapIterator<TeamTask> {
    for (const [, task] of this.entries()) yield task;
    return undefined;
  }

  [Symbol.iterator](): MapIterator<[string, TeamTask]> {
    return this.entries();
  }

  forEach(look: (value: TeamTask, key: string, map: ReadonlyMap<string, TeamTask>) => void): void {
    for (const [id, task] of this.entries()) look(task, id, this);
  }
}

class TeamTaskView implements TeamTask {
  readonly #state: RunState;
  readonly #task: TaskState;
  readonly #team: TeamState;

  constructor(state: RunState, task: TaskState, team: TeamState) {
    this.#state = state;
    this.#task = task;
    this.#team = team;
  }

  get id(): string {
    return localId(this.#task);
  }

  get taskId(): string {
    return this.#task.id;
  }

  get status(): TeamTask['status'] {
    return this.#task.status;
  }

  get agent(): string | undefined {
    return this.#task.agent ?? wantedBy(this.#state, this.#task).agent;
  }

  get capability(): string | undefined {
    const { agent, capability } = wantedBy(this.#state, this.#task);
    return agent === undefined ? capability : undefined;
  }

  get priority(): number {
    return priorityOf(this.#state, this.#task);
  }

  get again(): number {
    return this.#task.again;
  }

  get tries(): number {
    return this.#task.tries + this.#task.losses;
  }

  get tried(): readonly string[] {
    return this.#task.tried ?? [];
  }

  get role(): string | undefined {
    return this.#team.asked[this.id]?.role;
  }

  get handOffs(): TeamTask['handOffs'] {
    return this.#task.handOffs ?? [];
  }

  get input(): Json | undefined {
    const { input, status } = this.#task;
    return shown(input ?? (status === 'ready' ? inputToCome(this.#state, this.#task) : undefined));
  }

  get output(): Json | undefined {
    return this.#task.status === 'completed' ? shown(this.#task.output ?? null) : undefined;
  }

  get error(): TeamTask['error'] {
    const { error, status } = this.#task;
    return error === undefined || status === 'completed' ? undefined : { code: error.code, message: error.message };
  }
}
