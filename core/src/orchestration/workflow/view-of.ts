import { BUDGETS, type BudgetKind, inUnits, type TaskDefinition } from '../../definition/definition.ts';
import { GrownGraph } from '../../definition/grown-graph.ts';
import type { ErrorData } from '../../shared/errors.ts';
import { freezeJson, type Json } from '../../shared/json.ts';
import type { Labels } from '../../shared/labels.ts';
import { aboutOf } from './budget-questions.ts';
import { agentsLimitedIn, limitOf, useOf } from './budgets.ts';
import { timeOf } from './clock.ts';
import type { TaskCancelled, TaskSkipped } from './events.ts';
import { dueAt, escalationAt, taskDeadline } from './limits.ts';
import type { Mailbox, OpenMessage } from './messaging/mail.ts';
import { receivedFrom } from './messaging/received.ts';
import { priorityOf } from './ready-tasks.ts';
import type {
  BudgetUse,
  BudgetView,
  FormView,
  ItemsView,
  MailboxView,
  MessageView,
  RunView,
  TaskView,
  TaskViews,
} from './run-view.ts';
import {
  definitionOf,
  type ItemsState,
  isEntered,
  isTerminal,
  type PausedBy,
  type RunState,
  type ScopeState,
  type TaskState,
} from './state.ts';

/**
 * The view of a state. Its fields are copied, so that it prints, compares and spreads like any plain object; its payloads are those of the
 * state, and frozen where they stand, because a store in memory may have no other copy of them.
 */
export const viewOf = (state: RunState): RunView => new StateView(state);

/** The state behind a view, for core itself. Throws TypeError for a view that viewOf did not make. */
export const stateOf = (view: RunView): RunState => StateView.stateOf(view);

const NO_LABELS: Labels = Object.freeze({});
const NOBODY: readonly PausedBy[] = Object.freeze([]);

class StateView implements RunView {
  readonly #state: RunState;
  readonly runId;
  readonly status;
  readonly revision;
  readonly definition;
  readonly definitionHash;
  readonly rules;
  readonly input;
  readonly output;
  readonly error;
  readonly cancelReason;
  readonly parked;
  readonly pausedBy;
  readonly lineage;
  readonly parent;
  readonly closing;
  readonly traceparent;
  readonly tenant;
  readonly labels: Labels;
  readonly startedAt;
  readonly updatedAt;
  readonly endedAt;
  readonly readyCount;
  readonly inFlight;
  readonly tasks: TaskViews;
  readonly mailboxes: ReadonlyMap<string, MailboxView>;
  readonly subscriptions: RunView['subscriptions'];
  readonly budgets: ReadonlyMap<string, BudgetView>;
  readonly ledgers: RunView['ledgers'];

  constructor(state: RunState) {
    this.#state = state;
    this.runId = state.runId;
    this.status = state.status;
    this.revision = state.revision;
    this.definition = frozen(state.definition);
    this.definitionHash = state.definitionHash;
    this.rules = state.rules;
    this.input = frozen(state.input);
    this.output = frozen(state.output);
    this.error = frozen(state.error);
    this.cancelReason = state.cancelReason;
    this.parked = frozen(state.parked);
    this.pausedBy = isTerminal(state.status) ? NOBODY : Object.freeze([...(state.pausedBy ?? NOBODY)]);
    this.lineage = frozen(state.lineage);
    this.parent = frozen(state.parent);
    this.closing = frozen(state.closing);
    this.traceparent = state.traceparent;
    this.tenant = state.tenant;
    this.labels = frozen(state.labels) ?? NO_LABELS;
    this.startedAt = state.startedAt;
    this.updatedAt = state.updatedAt;
    this.endedAt = state.endedAt;
    this.readyCount = state.readyCount;
    this.inFlight = state.inFlight;
    this.tasks = new LazyMap(state.tasks, (task) => taskView(state, task));
    this.mailboxes = new LazyMap(state.mail?.boxes ?? NO_MAILBOXES, mailboxView);
    this.subscriptions = new LazyMap(state.mail?.subscriptions ?? NO_SUBSCRIPTIONS, (all) => new Map(all));
    this.budgets = new LazyMap(state.budgets, (scope) => budgetView(state, scope));
    this.ledgers = new LazyMap(state.teams, ({ team }) => frozen(team?.ledger));
    Object.freeze(this);
  }

  static stateOf(view: RunView): RunState {
    if (view instanceof StateView) return view.#state;
    throw new TypeError('This is not the view of a run that a reader, a handle or a replay gave.');
  }
}

/** Frozen all through. What was frozen before costs nothing. */
function frozen<T extends object | Json | undefined>(value: T): T {
  if (value !== undefined) freezeJson(value as Json);
  return value;
}

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** Reads what it has when it is asked for. */
class LazyMap<From, Value> implements ReadonlyMap<string, Value> {
  readonly #from: ReadonlyMap<string, From>;
  readonly #show: (from: From) => Value;

  constructor(from: ReadonlyMap<string, From>, show: (from: From) => Value) {
    this.#from = from;
    this.#show = show;
    Object.freeze(this);
  }

  get size(): number {
    return this.#from.size;
  }

  get(id: string): Value | undefined {
    const from = this.#from.get(id);
    return from === undefined ? undefined : this.#show(from);
  }

  has(id: string): boolean {
    return this.#from.has(id);
  }

  keys(): MapIterator<string> {
    return this.#from.keys();
  }

  values(): MapIterator<Value> {
    return this.#from.values().map((from) => this.#show(from));
  }

  entries(): MapIterator<[string, Value]> {
    return this.#from.entries().map(([id, from]) => [id, this.#show(from)]);
  }

  forEach(look: (value: Value, id: string, map: ReadonlyMap<string, Value>) => void, self?: unknown): void {
    for (const [id, value] of this) look.call(self, value, id, this);
  }

  [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries();
  }

  toJSON(): Readonly<Record<string, Value>> {
    return Object.fromEntries(this);
  }

  /** How Node prints it. */
  [INSPECT](): ReadonlyMap<string, Value> {
    return new Map(this);
  }
}

const NO_SUBSCRIPTIONS: RunView['subscriptions'] = new Map();
const budgetView = (state: RunState, scope: ScopeState): BudgetView => {
  const agents = agentsLimitedIn(state, scope).map((agent) => [agent, usesOf(state, scope, agent)] as const);
  const whose = agents.length === 0 ? {} : { agents: Object.freeze(Object.fromEntries(agents)) };
  return Object.freeze({ ...usesOf(state, scope), ...whose });
};

function usesOf(state: RunState, scope: ScopeState, agent?: string): Readonly<Partial<Record<BudgetKind, BudgetUse>>> {
  const kinds = BUDGETS.flatMap((kind) => {
    const limit = limitOf(state, scope, kind, agent);
    if (limit === undefined) return [];
    const { spent, reserved } = useOf(scope, kind, agent);
    const open = reserved === 0 ? {} : { reserved: inUnits(kind, reserved) };
    return [[kind, Object.freeze({ limit: inUnits(kind, limit), spent: inUnits(kind, spent), ...open })] as const];
  });
  return Object.freeze(Object.fromEntries(kinds));
}

const NO_MAILBOXES: ReadonlyMap<string, Mailbox> = new Map<string, Mailbox>();

const mailboxView = ({ messages, receivers }: Mailbox): MailboxView =>
  Object.freeze({
    messages: Object.freeze(Array.from(messages.values(), messageView)),
    waiting: Object.freeze([...new Set(Array.from(receivers.values(), ({ taskId }) => taskId))]),
  });

const messageView = (message: OpenMessage): MessageView =>
  Object.freeze({
    ...receivedFrom(message),
    data: frozen(message.data),
    holder: message.holder?.client ?? message.holder?.taskId,
    retryAt: message.retryAt,
    expiresAt: message.expiresAt,
    failed: frozen(message.failed as unknown as Json) as unknown as MessageView['failed'],
  });

const NOTHING: readonly string[] = Object.freeze([]);

/** Not of what is inside an added block: that is in its definition. */
const addedAs = ({ graph }: RunState, { scope, definitionId }: TaskState): TaskDefinition | undefined =>
  graph.isAddedTo(scope, definitionId) ? graph.node(definitionId)?.definition : undefined;

const taskView = (state: RunState, task: TaskState): TaskView =>
  Object.freeze({
    id: task.id,
    definitionId: task.definitionId,
    added: frozen(addedAs(state, task)),
    addedBy: state.graph instanceof GrownGraph ? frozen(state.graph.addedBy(task.id)) : undefined,
    putBehind: state.graph instanceof GrownGraph ? state.graph.putBefore(task.id) : NOTHING,
    takenFrom: state.graph instanceof GrownGraph ? state.graph.takenFrom(task.id) : NOTHING,
    priority: priorityOf(state, task),
    scope: task.scope,
    index: task.index,
    status: task.status,
    skippedBecause: task.status === 'skipped' ? (task.because as TaskSkipped['reason'] | undefined) : undefined,
    cancelledBecause: task.status === 'cancelled' ? (task.because as TaskCancelled['reason'] | undefined) : undefined,
    overridden: task.status === 'completed' && task.because === 'override',
    round: task.round,
    again: task.again,
    attempt: task.attempt,
    tries: task.tries,
    losses: task.losses,
    agent: task.agent,
    worker: task.worker,
    input: frozen(task.input),
    output: frozen(task.output),
    feedback: frozen(task.feedback),
    error: frozen<ErrorData | undefined>(task.error),
    readySince: task.readySince,
    firstScheduledAt: task.firstScheduledAt,
    scheduledAt: task.scheduledAt,
    startedAt: task.startedAt,
    endedAt: task.endedAt,
    retryAt: task.status === 'waiting' && task.asks === undefined ? dueAt(state, task) : undefined,
    fallback: task.fallback,
    handOffs: frozen(task.handOffs),
    chosen: task.chosen,
    wakeAt: task.wakeAt,
    signal: task.signal,
    form: formView(state, task),
    child: task.child,
    undoes: task.undoes !== undefined,
    closing: frozen(task.closing),
    items: task.items === undefined ? undefined : itemsView(task.items, task.yieldedAt !== undefined),
  });

function formView(state: RunState, task: TaskState): FormView | undefined {
  const { form } = task;
  const definition = definitionOf(state, task);
  if (form === undefined || definition === undefined) return undefined;
  const at = escalationAt(state, task);
  const to = form.escalate[form.step];
  const next = at === undefined || to === undefined ? undefined : Object.freeze({ to, at });
  const { asks } = task;
  if (asks !== undefined)
    return Object.freeze({
      assignee: form.assignee,
      next,
      expiresAt: dueAt(state, task),
      about: frozen(aboutOf(asks)),
    });
  const expiresAt = isEntered(task) ? timeOf(state, taskDeadline(task, definition)) : undefined;
  return Object.freeze({ assignee: form.assignee, next, expiresAt });
}

const itemsView = (
  { total, active, ended, completed, dropped, need, expired }: ItemsState,
  yielded: boolean,
): ItemsView => Object.freeze({ total, active, ended, completed, dropped, need, yielded, expired: frozen(expired) });
