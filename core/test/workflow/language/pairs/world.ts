import type { ErrorData, RunEvent } from '@reprise/core';
import { type Command, DEFAULT_START, type GivenCommand, started, TEST_RUN_ID } from '@reprise/core/testing';
import { DEFAULT_RETRY, type TaskDefinition, type WorkflowDefinition } from '../../../../src/definition/definition.ts';
import { idempotencyKey } from '../../../../src/orchestration/workflow/attempt-key.ts';
import { listAround } from '../../../../src/orchestration/workflow/binding-source.ts';
import type { Timer } from '../../../../src/orchestration/workflow/commands.ts';
import { itemsProblem } from '../../../../src/orchestration/workflow/decisions/add-items.ts';
import { isOpenForm } from '../../../../src/orchestration/workflow/decisions/forms.ts';
import { goBackProblem, regionOf } from '../../../../src/orchestration/workflow/decisions/go-back.ts';
import { type Effect, effectsOf, mailTimer, openEffects } from '../../../../src/orchestration/workflow/effects.ts';
import type { ItemsAdded } from '../../../../src/orchestration/workflow/events.ts';
import { evolve } from '../../../../src/orchestration/workflow/evolve.ts';
import { handle } from '../../../../src/orchestration/workflow/handle.ts';
import { linkProblem } from '../../../../src/orchestration/workflow/outside/link.ts';
import { namedFrom } from '../../../../src/orchestration/workflow/performers/cancel.ts';
import { readyTasks, wantedBy } from '../../../../src/orchestration/workflow/ready-tasks.ts';
import {
  definitionOf,
  initialState,
  isInFlight,
  isTerminal,
  type RunState,
  type TaskState,
} from '../../../../src/orchestration/workflow/state.ts';
import { restoreState, serializeState } from '../../../../src/orchestration/workflow/state-codec.ts';
import { idOf } from '../../../../src/orchestration/workflow/transitions/links.ts';
import { inside } from '../../../../src/shared/task-path.ts';
import { AGENT_MS } from './words.ts';

/** One dispatch of an attempt. */
export interface Call {
  readonly agent: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly key: string;
  readonly once: boolean;
  /** 1 for the first call of this agent under this key. */
  readonly nth: number;
}

/** What an agent (or a child run, as the agent `child`) does when it is called. `hang`: it is never heard of again. */
export type Deed = 'complete' | 'fail' | 'hang' | 'lose';

export interface Script {
  readonly name: string;
  readonly deed: (call: Pick<Call, 'agent' | 'nth'>) => Deed;
  /** Whether signals come by themselves; else they come when the run waits for nothing else. */
  readonly signals: boolean;
  /** Whether agents that are told to stop answer all the same. */
  readonly deaf?: boolean;
  /** Whether each command comes twice. */
  readonly twice?: boolean;
}

export const INPUT = { n: 1, list: ['a', 'b'] };

interface Due {
  readonly at: number;
  readonly command: GivenCommand;
}

const MAX_STEPS = 400;
const CHILD_MS = 300;
const SIGNAL_MS = 400;

/**
 * Everything around one run: agents, child runs, timers and people, in virtual time and in an order that follows from nothing but what is
 * due. `flaws` says what no world should ever see.
 */
export class World {
  readonly definition: WorkflowDefinition;
  readonly script: Script;
  readonly events: RunEvent[] = [];
  readonly calls: Call[] = [];
  readonly flaws: string[] = [];
  state: RunState = initialState();
  now = DEFAULT_START;
  readonly #due = new Map<string, Due>();
  readonly #known = new Set<string>();
  /** When the timer of messages rang last, which may have been for nothing. */
  #rang = 0;

  constructor(definition: WorkflowDefinition, script: Script) {
    this.definition = definition;
    this.script = script;
  }

  start(): this {
    const { definitionHash } = started(this, INPUT);
    this.send({ type: 'StartRun', definition: this.definition, definitionHash, input: INPUT });
    return this;
  }

  get over(): boolean {
    return isTerminal(this.state.status);
  }

  /** A world that goes on from here by itself, with the state as it is read again: from a snapshot, or from the history. */
  branch(from: 'snapshot' | 'history'): World {
    const copy = new World(this.definition, this.script);
    copy.events.push(...this.events);
    copy.calls.push(...this.calls);
    copy.flaws.push(...this.flaws);
    copy.now = this.now;
    copy.#rang = this.#rang;
    for (const [key, due] of this.#due) copy.#due.set(key, due);
    for (const key of this.#known) copy.#known.add(key);
    copy.state = from === 'history' ? replayed(this.events) : restoreState(serializeState(this.state), (same) => same);
    return copy;
  }

  /** As branch, in a process that knows nothing: timers are those that follow from the state, and whatever is outstanding is sent again. */
  restarted(from: 'snapshot' | 'history'): World {
    const copy = this.branch(from);
    if (serializeState(copy.state) !== serializeState(this.state))
      copy.flaws.push(`the state differs, read from the ${from}`);
    const effects = openEffects(copy.state);
    for (const effect of effects) {
      if (effect.kind === 'set-timer' && copy.#due.get(timerKey(effect.timer))?.at !== effect.at && !this.#has(effect))
        copy.flaws.push(`the timer ${timerKey(effect.timer)} was not set before the restart`);
      if (effect.kind === 'dispatch' && !copy.#known.has(`attempt ${effect.taskId}/${effect.attempt}`))
        copy.flaws.push(`${effect.taskId}/${effect.attempt} was not sent before the restart`);
      if (effect.kind === 'start-child' && !copy.#known.has(`child ${copy.state.tasks.get(effect.taskId)?.child}`))
        copy.flaws.push(`the child of ${effect.taskId} was not started before the restart`);
    }
    for (const key of [...copy.#due.keys()]) if (key.startsWith('timer ')) copy.#due.delete(key);
    for (const effect of effects) copy.#carryOut(effect);
    return copy;
  }

  #has({ timer, at }: Extract<Effect, { kind: 'set-timer' }>): boolean {
    return timer.kind === 'messages' && at <= this.#rang;
  }

  send(given: GivenCommand): readonly RunEvent[] {
    const added = this.#hand(given);
    let more = true;
    while (more) more = this.#grant() || this.#schedule();
    if (this.script.signals) this.signal(SIGNAL_MS);
    return added;
  }

  /** Does what is due next; false when nothing is. */
  step(): boolean {
    if (this.over) return false;
    const next = this.#next();
    if (next === undefined) return false;
    const [key, { at, command }] = next;
    this.#due.delete(key);
    const before = this.now;
    this.now = Math.max(this.now, at);
    // A timer that is nothing any more is not there after a restart.
    if (this.send(command).length === 0) this.now = before;
    return true;
  }

  /** To the end of the run. `each` sees it whenever it is at rest. When nothing is due, people step in: see `#help`. */
  run(each?: () => void): this {
    for (let step = 0; !this.over; step += 1) {
      each?.();
      if (step > MAX_STEPS) {
        this.flaws.push('the run does not end');
        break;
      }
      if (!this.step() && !this.#help()) {
        this.flaws.push(`the run stands still: ${this.state.status}`);
        break;
      }
    }
    each?.();
    return this;
  }

  /** Does all that is due until `at`, and comes to that moment. */
  until(at: number): void {
    for (let next = this.#next(); next !== undefined && next[1].at <= at; next = this.#next()) if (!this.step()) break;
    this.now = Math.max(this.now, at);
  }

  /** Whatever the run waits for comes, `delay` from now: signals, answers, messages. */
  signal(delay = 0): boolean {
    let any = false;
    for (const [signal, ids] of [...this.state.waits, ...this.state.unbuffered]) {
      for (const id of ids) {
        const key = `signal ${id}/${this.state.tasks.get(id)?.attempt}`;
        if (this.#known.has(key)) continue;
        this.#known.add(key);
        this.#set(key, delay, { type: 'SendSignal', signal, data: 'signal' });
        any = true;
      }
    }
    for (const { id: taskId, attempt } of [...this.state.tasks.values()].filter(isOpenForm)) {
      const key = `answer ${taskId}/${attempt}`;
      if (this.#known.has(key)) continue;
      this.#known.add(key);
      const more = this.state.tasks.get(taskId)?.asks === undefined ? {} : { raise: 99 };
      this.#set(key, delay, { type: 'AnswerForm', taskId, answer: { decision: 'approve', ...more } });
      any = true;
    }
    for (const { id, attempt, awaits } of this.state.tasks.values()) {
      const key = `letter ${id}/${attempt}`;
      // Those for which something is sent in the run have that, or their time is up.
      if (awaits === undefined || awaits.mailbox === '#letters' || this.#known.has(key)) continue;
      this.#known.add(key);
      const { mailbox: to, wanted: { where: _where, ...wanted } = {} } = awaits;
      this.#set(key, delay, { type: 'PostMessage', from: 'somebody', message: { to, data: 'news', ...wanted } });
      any = true;
    }
    return any;
  }

  /** The signals that it waits for come; else it is cancelled; else the leases of agents that are waited for run out. */
  #help(): boolean {
    if (this.signal()) return true;
    if (this.state.closing === undefined) {
      this.send({ type: 'CancelRun', reason: 'nothing moves' });
      return true;
    }
    const open = [...this.state.tasks.values()].filter(isInFlight);
    for (const { id, attempt } of open) this.#set(`lease ${id}/${attempt}`, 0, outcome(id, attempt, 'lose'));
    return open.length > 0;
  }

  #next(): readonly [string, Due] | undefined {
    let first: readonly [string, Due] | undefined;
    for (const one of this.#due) {
      if (first === undefined || one[1].at < first[1].at || (one[1].at === first[1].at && one[0] < first[0]))
        first = one;
    }
    return first;
  }

  #set(key: string, delay: number, command: GivenCommand): void {
    this.#due.set(key, { at: this.now + delay, command });
  }

  #hand(given: GivenCommand): readonly RunEvent[] {
    const command = { commandId: `at-${this.state.revision}`, runId: TEST_RUN_ID, ...given } as Command;
    const effects: Effect[] = [];
    const added = handle(this.state, command, {
      now: this.now,
      random: () => 0.5,
      maxPayloadChars: 100_000,
      folded: (event) => {
        this.events.push(event);
        effects.push(...effectsOf(this.state, event));
      },
    });
    if (command.type === 'FireTimer' && command.timer.kind === 'messages') {
      this.#rang = this.now;
      if (added.length === 0) effects.push(...mailTimer(this.state, this.now));
    }
    for (const effect of effects) this.#carryOut(effect);
    if (this.script.twice === true && !this.over) this.#again(command, added);
    return added;
  }

  /** What came already changes nothing; that it came late may be put on record. */
  #again(command: Command, first: readonly RunEvent[]): void {
    const added = handle(this.state, command, {
      now: this.now,
      random: () => 0.5,
      maxPayloadChars: 100_000,
      folded: (event) => this.events.push(event),
    });
    // What was refused is refused again.
    const refused = first[0]?.type === 'CommandRejected' ? 'CommandRejected' : undefined;
    for (const { type } of added)
      if (type !== 'TaskResultIgnored' && type !== refused)
        this.flaws.push(`a second ${command.type} leads to ${type}`);
  }

  /** No other run asks for a mutex: whoever does has it at once. */
  #grant(): boolean {
    for (const mutex of this.state.shared) {
      const taskId = this.state.mutexes.get(mutex)?.[0] ?? '';
      if (this.state.tasks.get(taskId)?.granted === true) continue;
      if (this.#hand({ type: 'GrantMutex', taskId, mutex }).length > 0) return true;
    }
    return false;
  }

  /** Hands ready tasks out while there are slots; whether it handed any out. */
  #schedule(): boolean {
    const { status, readyCount, inFlight, definition } = this.state;
    if (status !== 'running' || readyCount === 0 || inFlight >= definition.concurrency) return false;
    const assignments = [...readyTasks(this.state)].map((task) => {
      const { agent, capability } = wantedBy(this.state, task);
      return { taskId: task.id, agent: agent ?? capability ?? 'nobody' };
    });
    if (assignments.length === 0) return false;
    return this.#hand({ type: 'ScheduleTasks', strategy: 'graph', assignments }).length > 0;
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'dispatch':
        return this.#call(effect.taskId, effect.attempt, effect.again === true);
      case 'set-timer':
        this.#due.set(timerKey(effect.timer), {
          at: effect.at,
          command: { type: 'FireTimer', timer: effect.timer, at: effect.at },
        });
        return;
      case 'clear-timers':
        for (const key of [...this.#due.keys()]) if (key.startsWith('timer ')) this.#due.delete(key);
        return;
      case 'close-attempt':
        this.#due.delete(timerKey({ kind: 'attempt', taskId: effect.taskId, attempt: effect.attempt }));
        if (this.script.deaf !== true) this.#due.delete(`attempt ${effect.taskId}/${effect.attempt}`);
        return;
      case 'start-child':
        return this.#startChild(effect.taskId, effect.attempt);
      case 'cancel-child': {
        if (this.#known.has(`end ${effect.child}`)) return;
        this.#known.add(`end ${effect.child}`);
        const attempt = this.state.tasks.get(effect.taskId)?.attempt ?? 0;
        return this.#endChild(effect.taskId, attempt, effect.child, { status: 'cancelled' }, 50);
      }
      case 'close-run':
        this.#due.clear();
        return;
      case 'listen':
      case 'deliver':
      case 'hand-over':
      case 'pause-child':
      case 'resume-child':
      case 'copy-history':
        return;
      default:
        effect satisfies never;
    }
  }

  #call(taskId: string, attempt: number, again: boolean): void {
    const task = this.state.tasks.get(taskId);
    if (task === undefined || !isInFlight(task) || task.attempt !== attempt) return;
    const key = `attempt ${taskId}/${attempt}`;
    if (this.#known.has(key)) {
      if (!again) this.flaws.push(`${key} is sent twice`);
      return;
    }
    this.#known.add(key);
    const agent = task.agent ?? 'nobody';
    const idempotent = idempotencyKey(this.state, task);
    const definition = definitionOf(this.state, task);
    const once = definition?.delivery === 'at-most-once';
    const nth = 1 + this.calls.filter((call) => call.agent === agent && call.key === idempotent).length;
    this.calls.push({ agent, taskId, attempt, key: idempotent, once, nth });
    const deed = this.script.deed({ agent, nth });
    if (!once) this.#set(`begin ${taskId}/${attempt}`, 1, { type: 'StartTask', taskId, attempt, worker: 'w' });
    const silence = definition?.timeouts.heartbeatMs;
    if (definition?.may?.includes('send') === true) this.#talk(taskId, attempt);
    if (deed === 'complete') this.#set(key, AGENT_MS, this.#completed(task, definition));
    else if (deed !== 'hang') this.#set(key, AGENT_MS, outcome(taskId, attempt, deed));
    else if (silence !== undefined)
      this.#set(key, silence, outcome(taskId, attempt, 'fail', 'REPRISE_HEARTBEAT_TIMEOUT'));
  }

  /** The agent subscribes, says something at the desk, to itself (which it has when it ends), and to all. */
  #talk(taskId: string, attempt: number): void {
    const by = { taskId, attempt, worker: 'w' };
    this.#set(`subscribe ${taskId}/${attempt}`, 9, {
      type: 'SubscribeMailbox',
      ...by,
      call: 1,
      topic: '#news',
      filter: { where: `message.from != '${taskId}'` },
    });
    const said = [
      { to: '#desk', data: 'note', expiresMs: 700 },
      { to: taskId, data: 'to myself', key: 'once' },
      { topic: '#news', data: 'to all', key: 'told' },
    ];
    for (const [index, message] of said.entries())
      this.#set(`send ${taskId}/${attempt}.${index}`, 10 + index, {
        type: 'SendMessages',
        ...by,
        call: index + 2,
        messages: [message],
      });
    this.#set(`take ${taskId}/${attempt}`, 20, { type: 'AwaitMessages', ...by, call: 5, timeoutMs: 50 });
  }

  /** The agent does what it may: it ends its block, or adds a task of a new name after its own. */
  #completed({ id, attempt, index, scope }: TaskState, definition: TaskDefinition | undefined): GivenCommand {
    const done = outcome(id, attempt, 'complete');
    const { may } = definition ?? {};
    if (definition === undefined || may === undefined) return done;
    // What else it says is said before: see #talk.
    if (may.includes('send'))
      return {
        ...done,
        directives: [{ kind: 'send', message: { to: '#desk', data: 'done', expiresMs: 700 } }],
      } as GivenCommand;
    if (may.includes('finish'))
      return { ...done, directives: [{ kind: 'finish', output: 'finished' }] } as GivenCommand;
    if (may.includes('handOff')) {
      const handOff = { kind: 'handOff', agent: 'colleague', input: 'handed', why: 'it knows better' };
      const isFirst = this.state.tasks.get(id)?.handOffs === undefined;
      return isFirst ? ({ ...done, directives: [handOff] } as GivenCommand) : done;
    }
    if (may.includes('goto')) {
      // Back to the first of the block that has begun, once in the block.
      const to = [...this.state.tasks.values()].find(
        (one) =>
          one.scope === scope &&
          one.index === undefined &&
          goBackProblem(this.state, one, regionOf(this.state, one), this.state.tasks.get(id)) === undefined,
      );
      const isFirst = (this.state.scopes.get(scope)?.gotos ?? 0) === 0;
      if (!isFirst || to === undefined) return done;
      return { ...done, directives: [{ kind: 'goto', task: idOf(to), why: 'it was not good enough' }] } as GivenCommand;
    }
    if (may.includes('cancel')) {
      const tasks = ['last', 'next'].filter((one) => namedFrom(this.state, scope, one) !== undefined);
      return { ...done, directives: [{ kind: 'cancel', tasks }] } as GivenCommand;
    }
    if (may.includes('addItems')) {
      const task = this.state.tasks.get(id);
      const list = task === undefined ? undefined : listAround(this.state, task)?.list;
      const isShort = list?.items !== undefined && list.items.total < 4;
      const items = { kind: 'addItems', items: [{ more: index ?? 0 }] };
      return isShort && itemsProblem(this.state, { taskId: list.id, items: [1] } as unknown as ItemsAdded) === undefined
        ? ({ ...done, directives: [items] } as GivenCommand)
        : done;
    }
    if (may.includes('link')) {
      const ids = [...this.state.tasks.values()].filter((one) => one.scope === scope).map((one) => idOf(one));
      const [first] = ids.flatMap((to) =>
        ids.flatMap((after) =>
          linkProblem(this.state, inside(scope, to), [after]) === undefined
            ? [{ kind: 'link', task: to, after: [after] }]
            : [],
        ),
      );
      return first === undefined ? done : ({ ...done, directives: [first] } as GivenCommand);
    }
    const name = `more-${definition.id}-${index ?? ''}-${attempt}`;
    const { definition: of } = this.state.graph.node(this.state.tasks.get(id)?.definitionId ?? '') ?? {};
    const after = of === undefined || this.state.graph.node(id)?.fallbackFor !== undefined ? [] : [of.id];
    const tasks = [{ ...definitionOfHelper, id: name, agent: 'spawned', after }];
    return { ...done, directives: [{ kind: 'spawn', tasks }] } as GivenCommand;
  }

  #startChild(taskId: string, attempt: number): void {
    const child = this.state.tasks.get(taskId)?.child ?? '';
    if (this.#known.has(`child ${child}`)) return;
    this.#known.add(`child ${child}`);
    const nth = 1 + this.calls.filter((call) => call.agent === 'child' && call.taskId === taskId).length;
    this.calls.push({ agent: 'child', taskId, attempt, key: child, once: false, nth });
    const deed = this.script.deed({ agent: 'child', nth });
    if (deed === 'complete') this.#endChild(taskId, attempt, child, { status: 'completed', output: 'child' }, CHILD_MS);
    if (deed === 'fail' || deed === 'lose')
      this.#endChild(taskId, attempt, child, { status: 'failed', error: errorOf('BOOM') }, CHILD_MS);
  }

  #endChild(taskId: string, attempt: number, child: string, outcome: ChildOutcome, delay: number): void {
    const spent = this.state.tasks.get(taskId)?.allotted === undefined ? {} : { spent: { tasks: 1, attempts: 1 } };
    this.#set(`child ${child}`, delay, { type: 'EndChild', taskId, attempt, child, outcome, ...spent });
  }
}

const definitionOfHelper = {
  retry: { ...DEFAULT_RETRY, maxAttempts: 2, initialDelayMs: 300, jitter: 0 },
  timeouts: {},
  priority: 0,
  delivery: 'at-least-once',
} as const;

type ChildOutcome = Extract<Command, { type: 'EndChild' }>['outcome'];

const timerKey = (timer: Timer): string => `timer ${JSON.stringify(timer)}`;

const errorOf = (code: string): ErrorData => ({ code, message: `${code}!`, retryable: true });

function outcome(taskId: string, attempt: number, deed: Exclude<Deed, 'hang'>, code = 'BOOM'): GivenCommand {
  if (deed === 'complete') return { type: 'CompleteTask', taskId, attempt, output: `${taskId} done` };
  if (deed === 'fail') return { type: 'FailTask', taskId, attempt, error: errorOf(code) };
  return { type: 'FailTask', taskId, attempt, error: errorOf('REPRISE_OUTCOME_UNKNOWN'), lost: true };
}

/** The state that a history gives, its JSON form in between as in a store. */
export function replayed(events: readonly RunEvent[]): RunState {
  const state = initialState();
  for (const event of JSON.parse(JSON.stringify(events)) as RunEvent[]) evolve(state, event);
  return state;
}
