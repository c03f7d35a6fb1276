import type {
  Announce,
  Decision,
  ErrorCode,
  HandOver,
  Json,
  JsonObject,
  News,
  ReadyGroup,
  ReadyTask,
  TeamSchedulingView,
  TeamStrategy,
  TeamTask,
  TeamView,
} from '@reprise/core/plugin';

// A team without an engine: what a strategy decides is judged by the rules of its port, and agents do what the test says. Time passes by itself when
// nothing else happens.

/** What an agent does with what it is given: `hang` never ends by itself, `propose` is said in a message and does not end it. */
export type Deed =
  | { readonly kind: 'give'; readonly output: Json }
  | { readonly kind: 'fail'; readonly forGood: boolean }
  | { readonly kind: 'handOff'; readonly to: string }
  | { readonly kind: 'propose'; readonly bid: Json; readonly by: string }
  | { readonly kind: 'hang' };

export interface Member {
  readonly name: string;
  readonly capabilities: readonly string[];
  /** Attempts at once. */
  readonly concurrency: number;
}

export interface Own {
  readonly id: string;
  readonly agent?: string;
  readonly capability?: string;
  readonly after?: string;
  readonly priority?: number;
  readonly attempts: number;
}

export interface Script {
  readonly spec: JsonObject;
  readonly tasks: readonly Own[];
  readonly agents: readonly Member[];
  readonly slots: number;
  /** Of each attempt, once. */
  deed(task: TeamTask): Deed;
  /** Which of those under way goes on next. */
  next(count: number): number;
  /** Who is rested now. */
  rested(): string | undefined;
  /** CEL, as far as the test needs it. Throws where it is none. */
  evaluate(source: string, names: JsonObject): Json;
}

export interface Played {
  readonly end: { readonly output: Json } | { readonly code: string };
  readonly decisions: readonly Decision[];
  readonly refused: readonly string[];
  readonly handOffs: number;
  readonly calls: ReadonlyMap<string, number>;
  readonly tasks: ReadonlyMap<string, TeamTask>;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
type Task = Writable<TeamTask> & {
  /** Whom it is for, by name. */
  wanted: string | undefined;
  readonly attempts: number;
  readonly after: string | undefined;
  readonly order: number;
  about: string | undefined;
  deadline: number;
  deed: Deed | undefined;
  claimed: boolean;
};

const MOST_TURNS = 5_000;
const MAX_HAND_OFFS = 32;
/** When a hanging attempt is lost. */
const LEASE_MS = 60_000;
const OVER: ReadonlySet<string> = new Set(['completed', 'failed', 'skipped', 'cancelled']);

export class TeamPlay {
  readonly #strategy: TeamStrategy;
  readonly #script: Script;
  readonly #tasks = new Map<string, Task>();
  readonly #bids = new Map<string, Map<string, Json | undefined>>();
  readonly #decisions: Decision[] = [];
  readonly #refused: string[] = [];
  /** Bids that were taken or not. */
  readonly #ruled = new Set<string>();
  readonly #calls = new Map<string, number>();
  #ledger: JsonObject | undefined;
  #news: News[] = [];
  #now = 0;
  #wakeAt: number | undefined;
  #handOffs = 0;
  #quiet = 0;
  #end: Played['end'] | undefined;

  constructor(strategy: TeamStrategy, script: Script) {
    this.#strategy = strategy;
    this.#script = script;
    for (const { id, agent, capability, after, priority = 0, attempts } of script.tasks)
      this.#begin(id, { agent, capability, priority, attempts, after });
  }

  /** Throws when the team neither ends nor goes on, or does what it may not. */
  play(): Played {
    for (let turn = 0; this.#end === undefined; turn += 1) {
      if (turn > MOST_TURNS) throw new Error('the team never ends');
      this.#unlock();
      this.#ask();
      if (this.#end === undefined && !this.#goOn()) throw new Error('nothing would happen, and nothing is decided');
    }
    return {
      end: this.#end,
      decisions: this.#decisions,
      refused: this.#refused,
      handOffs: this.#handOffs,
      calls: this.#calls,
      tasks: this.#tasks,
    };
  }

  #begin(
    id: string,
    said: Partial<Pick<Task, 'agent' | 'capability' | 'priority' | 'attempts' | 'after' | 'role' | 'about'>>,
  ): Task {
    const task: Task = {
      id,
      taskId: `team/${id}`,
      status: said.after === undefined ? 'ready' : 'pending',
      agent: said.agent,
      wanted: said.agent,
      capability: said.capability,
      priority: said.priority ?? 0,
      again: 0,
      tries: 0,
      tried: [],
      role: said.role,
      handOffs: [],
      input: null,
      output: undefined,
      error: undefined,
      attempts: said.attempts ?? 1,
      after: said.after,
      order: this.#tasks.size,
      about: said.about,
      deadline: Number.POSITIVE_INFINITY,
      deed: undefined,
      claimed: false,
    };
    this.#tasks.set(id, task);
    return task;
  }

  #with(...statuses: readonly TeamTask['status'][]): readonly Task[] {
    return [...this.#tasks.values()].filter(({ status }) => statuses.includes(status));
  }

  #unlock(): void {
    for (const task of this.#with('pending'))
      if (this.#tasks.get(task.after ?? '')?.status === 'completed') task.status = 'ready';
  }

  #room(name: string): number {
    const { agents } = this.#script;
    const busy = this.#with('running').filter(({ agent }) => agent === name).length;
    return Math.max(0, (agents.find((one) => one.name === name)?.concurrency ?? 0) - busy);
  }

  get #idle(): boolean {
    return this.#wakeAt === undefined && this.#with('ready', 'running', 'waiting').length === 0;
  }

  #view(rested: string | undefined): TeamSchedulingView {
    const { spec, slots } = this.#script;
    const running = this.#with('running').length;
    const rooms = new Map(this.#script.agents.map(({ name }) => [name, name === rested ? 0 : this.#room(name)]));
    const room = (agent: string): number => Math.min(slots - running, rooms.get(agent) ?? 0);
    const able = (capability: string | undefined): readonly string[] =>
      this.#script.agents.filter((one) => one.capabilities.includes(capability ?? '')).map(({ name }) => name);
    const groups = new Map<string, { agent: string | undefined; capability: string | undefined; tasks: ReadyTask[] }>();
    for (const { taskId, wanted: agent, capability, priority, order, tried } of this.#with('ready')) {
      const takers = agent === undefined ? able(capability) : [agent];
      if (!takers.some((name) => room(name) > 0)) continue;
      const key = `${agent} ${capability}`;
      const group = groups.get(key) ?? { agent, capability: agent === undefined ? capability : undefined, tasks: [] };
      group.tasks.push(frozen({ taskId, priority, readySince: 0, order, agent, capability: group.capability, tried }));
      groups.set(key, group);
    }
    const byOrder = (one: ReadyTask, other: ReadyTask): number =>
      other.priority - one.priority || one.order - other.order;
    const shown = [...groups.values()].map(
      (group): ReadyGroup => ({ ...group, tasks: group.tasks.sort(byOrder).values() }),
    );
    const own = this.#script.tasks.filter(({ id }) => !OVER.has(this.#tasks.get(id)?.status ?? '')).length;
    const added = [...this.#tasks.values()]
      .slice(this.#script.tasks.length)
      .filter(({ status }) => !OVER.has(status)).length;
    const results = [...this.#tasks.values()].filter(
      ({ status, role }) => status === 'completed' && role === undefined,
    );
    const team: TeamView = {
      spec: frozen(spec),
      ledger: this.#ledger,
      news: frozen([...this.#news]),
      input: null,
      feedback: null,
      round: 1,
      tasks: new Map([...this.#tasks].map(([id, task]) => [id, shownTask(task)])),
      open: own + added,
      inFlight: running,
      outputs: frozen(Object.fromEntries(results.map(({ id, output }) => [id, output ?? null]))),
      bids: (task) => new Map(this.#bids.get(task)),
      left: {},
      decisions: this.#decisions.length,
      maxDecisions: 10_000,
      depth: 0,
      wakeAt: this.#wakeAt,
      idle: this.#idle,
      holds: (condition, names) => {
        const value = this.#script.evaluate(condition, names as JsonObject);
        if (typeof value !== 'boolean') throw new Error('it is no boolean');
        return value;
      },
      evaluate: (expression, names) => this.#script.evaluate(expression, names as JsonObject),
    };
    const agents = new Map(
      this.#script.agents.map(({ name, capabilities }) => [
        name,
        { name, capabilities, load: 0, rested: name === rested },
      ]),
    );
    return {
      runId: 'r',
      region: 'team',
      now: this.#now,
      groups: shown,
      get ready(): never {
        throw new Error('the groups are read');
      },
      slots: slots - running,
      inFlight: running,
      agents,
      room,
      team,
    };
  }

  /** Until nothing more is decided. */
  #ask(): void {
    for (
      let refusals = 0, before = -1;
      this.#end === undefined && before !== this.#decisions.length + this.#refused.length;
    ) {
      before = this.#decisions.length + this.#refused.length;
      const rested = this.#script.rested();
      const seen = this.#news.length;
      const answer = this.#strategy.select(this.#view(rested));
      if (JSON.stringify(this.#strategy.select(this.#view(rested))) !== JSON.stringify(answer))
        throw new Error('not pure');
      for (const decision of JSON.parse(JSON.stringify(answer)) as Decision[]) {
        const why = this.#judge(decision);
        if (why === undefined) {
          if (decision.kind !== undefined) refusals = 0;
          continue;
        }
        refusals += 1;
        this.#refused.push(`${decision.kind}: ${why[1]}`);
        if (refusals >= 3) throw new Error(`refused three times in a row: ${this.#refused.slice(-3).join('; ')}`);
        this.#news = this.#news.slice(seen);
        this.#news.push({ kind: 'refused', decision: decision.kind ?? 'assign', code: why[0], message: why[1] });
        break;
      }
    }
  }

  #judge(decision: Decision): readonly [ErrorCode, string] | undefined {
    if ((decision.why ?? '').length > 1000) throw new Error('why is too long');
    if (JSON.stringify(decision.ledger ?? {}).length > 256 * 1024) throw new Error('the ledger is too long');
    const { kind = 'assign' } = decision;
    const why = this.#take(decision);
    if (why !== undefined) return ['REPRISE_DECISION_INVALID', why];
    if (kind === 'note' && !('wakeInMs' in decision) && this.#news.length === 0 && decision.ledger === undefined)
      return undefined;
    if (decision.ledger !== undefined) this.#ledger = frozen(decision.ledger);
    if (decision.kind === undefined && decision.why === undefined && decision.ledger === undefined) return undefined;
    this.#quiet = this.#news.length > 0 ? 0 : this.#quiet + 1;
    if (this.#quiet > 1_000) throw new Error('it decides and decides, and nothing is new');
    this.#news = [];
    this.#decisions.push(decision);
    if (this.#decisions.length > 9_000) throw new Error('it takes too many decisions');
    return undefined;
  }

  #take(decision: Decision): string | undefined {
    switch (decision.kind) {
      case undefined:
      case 'assign': {
        const task = this.#tasks.get(decision.taskId.slice('team/'.length));
        const isFor = task?.wanted === undefined || task.wanted === decision.agent;
        if (task?.status !== 'ready' || !isFor) throw new Error(`it assigns what is not ready: ${decision.taskId}`);
        const { agents, slots } = this.#script;
        const able = agents.find(({ name }) => name === decision.agent)?.capabilities ?? [];
        if (task.wanted === undefined && !able.includes(task.capability ?? '')) throw new Error('it is not able to');
        if (this.#room(decision.agent) <= 0 || this.#with('running').length >= slots)
          throw new Error('there is no room');
        task.claimed = decision.why === 'claim';
        if (task.claimed) this.#claims(decision.agent);
        Object.assign(task, { status: 'running', agent: decision.agent, deed: undefined });
        task.deadline = Math.min(task.deadline, this.#now + LEASE_MS);
        return undefined;
      }
      case 'add':
        for (const [id, written] of Object.entries(decision.tasks)) {
          if (this.#tasks.has(id)) return `'${id}' is taken`;
          this.#begin(id, { agent: written['agent'] as string });
        }
        return undefined;
      case 'announce':
        return this.#announce(decision);
      case 'award': {
        const bids = this.#bids.get(decision.task);
        if (decision.bid !== undefined && (bids?.get(decision.bid) === undefined || this.#ruled.has(decision.bid)))
          return `'${decision.bid}' is no bid`;
        for (const id of bids?.keys() ?? []) this.#ruled.add(id);
        // A bidder that waits for an answer has it.
        for (const task of this.#with('running'))
          if (task.about === decision.task && bids?.has(task.id)) this.#over(task, 'completed');
        return undefined;
      }
      case 'reject':
        throw new Error('nobody asked it to');
      case 'drop':
        for (const id of decision.tasks) {
          const task = this.#tasks.get(id);
          if (task === undefined) return `there is no '${id}'`;
          if (!OVER.has(task.status)) task.status = 'cancelled';
          if (task.about !== undefined) this.#noBid(task);
        }
        return undefined;
      case 'handOver':
        return this.#handOver(decision);
      case 'note':
        if (decision.wakeInMs !== undefined) {
          if (decision.wakeInMs < 1000) return 'it is woken too soon';
          this.#wakeAt = this.#now + decision.wakeInMs;
        }
        return undefined;
      case 'finish':
        this.#end = { output: decision.output };
        return undefined;
      case 'giveUp':
        if (decision.message.length > 4000) throw new Error('the message is too long');
        this.#end = { code: decision.code ?? 'REPRISE_TEAM_FAILED' };
        return undefined;
      default:
        throw new Error(`nobody expects ${decision.kind}`);
    }
  }

  /** Nobody claims more than it may. */
  #claims(name: string): void {
    const members = this.#script.spec['members'] as readonly { readonly agent: string; readonly atOnce?: number }[];
    const { atOnce = 1 } = members.find(({ agent }) => agent === name) ?? { atOnce: 0 };
    const has = this.#with('running').filter(({ agent, claimed }) => agent === name && claimed);
    if (has.length >= atOnce) throw new Error(`'${name}' claims more than ${atOnce}`);
  }

  #announce({ task: about, bids, deadlineMs }: Announce): string | undefined {
    const task = this.#tasks.get(about);
    if (task === undefined || OVER.has(task.status)) return `'${about}' has ended`;
    if (bids.length === 0) return 'it asks nobody';
    const said = this.#bids.get(about) ?? new Map<string, Json | undefined>();
    // One that proposes something is open until it is ruled on.
    const isOpen = (id: string): boolean => !said.has(id) || (said.get(id) !== undefined && !this.#ruled.has(id));
    const open = [...this.#tasks.values()].filter((one) => one.about === about && isOpen(one.id));
    if (open.length > 0) return `bids about '${about}' are open`;
    if (bids.some(({ id }) => this.#tasks.has(id))) return 'an id is taken';
    for (const { id, agent } of bids) this.#begin(id, { agent, role: 'bid', about }).deadline = this.#now + deadlineMs;
    this.#calls.set(about, (this.#calls.get(about) ?? 0) + 1);
    return undefined;
  }

  #handOver({ task: id, agent }: HandOver): string | undefined {
    const task = this.#tasks.get(id);
    if (task?.status !== 'ready') return `'${id}' is not ready`;
    if (task.handOffs.length >= MAX_HAND_OFFS) return 'it was handed on too often';
    this.#hand(task, agent);
    return undefined;
  }

  #hand(task: Task, to: string): void {
    this.#handOffs += 1;
    task.handOffs = [...task.handOffs, { from: task.agent ?? '', to }];
    Object.assign(task, { status: 'ready', agent: to, wanted: to });
  }

  /** Something ends, or time passes; false when nothing ever would. */
  #goOn(): boolean {
    const running = this.#with('running');
    for (const task of running) task.deed ??= this.#script.deed(shownTask(task));
    const moving = running.filter(({ deed }) => deed?.kind !== 'hang');
    const task = moving[this.#script.next(moving.length)];
    if (task?.deed !== undefined) {
      this.#do(task, task.deed);
      return true;
    }
    const waited = this.#with('running', 'ready').map(({ deadline }) => deadline);
    const at = Math.min(this.#wakeAt ?? Number.POSITIVE_INFINITY, ...waited);
    // Who rests is back at some time.
    if (!Number.isFinite(at)) return this.#with('ready').length > 0 || this.#news.length > 0;
    this.#now = Math.max(this.#now, at);
    if (this.#wakeAt !== undefined && this.#wakeAt <= this.#now) {
      this.#wakeAt = undefined;
      this.#news.push({ kind: 'woken' });
    }
    for (const late of this.#with('running', 'ready')) if (late.deadline <= this.#now) this.#late(late);
    return true;
  }

  #late(task: Task): void {
    task.deadline = Number.POSITIVE_INFINITY;
    if (task.about !== undefined) return this.#noBid(task);
    if (task.status === 'running') this.#fail(task, false);
  }

  #do(task: Task, deed: Deed): void {
    const isBid = task.about !== undefined;
    switch (deed.kind) {
      case 'give':
        return this.#over(task, 'completed', deed.output);
      case 'fail':
        return this.#fail(task, deed.forGood || isBid);
      case 'handOff': {
        // As the engine has it: who may not, or too often, fails.
        if (isBid || task.capability !== undefined || task.handOffs.length >= MAX_HAND_OFFS)
          return this.#fail(task, true);
        this.#hand(task, deed.to);
        return void this.#news.push({ kind: 'handedOff', task: task.id });
      }
      case 'propose': {
        task.deed = { kind: 'hang' };
        // Whoever says it: only the participant is heard.
        if (isBid && deed.by === task.agent) this.#bid(task, deed.bid);
        return undefined;
      }
      case 'hang':
        return undefined;
    }
  }

  #fail(task: Task, forGood: boolean): void {
    task.tries += 1;
    if (task.capability !== undefined && task.agent !== undefined)
      task.tried = [...task.tried.filter((one) => one !== task.agent), task.agent];
    task.deadline = Number.POSITIVE_INFINITY;
    if (!forGood && task.tries < task.attempts) {
      task.status = 'ready';
      return;
    }
    task.error = { code: 'ILL', message: 'it cannot' };
    this.#over(task, 'failed');
  }

  #over(task: Task, status: 'completed' | 'failed', output?: Json): void {
    task.status = status;
    if (status === 'completed') task.output = output ?? null;
    if (task.about !== undefined && status === 'failed') this.#noBid(task);
    else if (task.about !== undefined) {
      const refuses = typeof output === 'object' && output !== null && 'refuse' in output;
      if (refuses) this.#noBid(task);
      else this.#bid(task, output ?? null);
    }
    this.#news.push({ kind: 'ended', task: task.id, ...(task.role !== undefined && { role: task.role }) });
  }

  #bid(task: Task, bid: Json): void {
    const bids = this.#bids.get(task.about ?? '') ?? new Map<string, Json | undefined>();
    this.#bids.set(task.about ?? '', bids);
    if (bids.has(task.id)) return;
    bids.set(task.id, frozen(bid));
    this.#news.push({ kind: 'bid', task: task.about ?? '' });
  }

  #noBid(task: Task): void {
    const bids = this.#bids.get(task.about ?? '') ?? new Map<string, Json | undefined>();
    this.#bids.set(task.about ?? '', bids);
    if (bids.has(task.id)) return;
    bids.set(task.id, undefined);
    this.#news.push({ kind: 'bid', task: task.about ?? '' });
  }
}

const shownTask = ({ wanted, attempts, after, order, about, deadline, deed, claimed, ...task }: Task): TeamTask =>
  frozen({ ...task, capability: wanted === undefined ? task.capability : undefined });

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) frozen(member);
  }
  return value;
}
