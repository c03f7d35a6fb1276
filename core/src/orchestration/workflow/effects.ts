import type { ErrorData } from '../../shared/errors.ts';
import type { ReceivedMessage } from '../../shared/received-message.ts';
import { timeOf } from './clock.ts';
import type { AwaitMessages, Timer } from './commands.ts';
import type { MessageDelivered, MessageMissed, RunEvent, TaskClosing } from './events.ts';
import { attemptDeadline, dueAt, escalationAt, listDeadline, runDeadline, taskDeadline } from './limits.ts';
import { nextDue, outboxesOf } from './messaging/mail.ts';
import { isOutbox, outboxOf, sentTo } from './messaging/outbox.ts';
import { heldIn } from './messaging/received.ts';
import {
  definitionOf,
  hasEnded,
  insideOf,
  isEntered,
  isInFlight,
  isTerminal,
  type RunState,
  type TaskState,
} from './state.ts';
import { partsOf, tasksOf } from './transitions/close.ts';
import { substituteOf } from './transitions/undoable.ts';

/** What the world is to do because of an event. All of it can be derived again from the state: see openEffects. */
export type Effect =
  /** `again`: it may be out already, because it does not follow from an event of this moment. */
  | { readonly kind: 'dispatch'; readonly taskId: string; readonly attempt: number; readonly again?: true }
  /** Set anew when it is set for another time. */
  | { readonly kind: 'set-timer'; readonly timer: Timer; readonly at: number }
  /** The clock of the run stands still: forget its timers. Those that go on follow. */
  | { readonly kind: 'clear-timers' }
  /** The attempt is over: abort it if it still runs, forget its lease and timers. */
  | { readonly kind: 'close-attempt'; readonly taskId: string; readonly attempt: number; readonly reason: string }
  /** The history of the run that this one goes on from is to be copied, from the next revision on. */
  | { readonly kind: 'copy-history' }
  | { readonly kind: 'start-child'; readonly taskId: string; readonly attempt: number }
  | { readonly kind: 'cancel-child'; readonly taskId: string; readonly child: string; readonly reason: string }
  /** `revision`: of the parent, when it follows. */
  | { readonly kind: 'pause-child' | 'resume-child'; readonly child: string; readonly revision: number }
  /** The attempt waits for messages, and takes no room until it has some. */
  | { readonly kind: 'listen'; readonly taskId: string; readonly attempt: number }
  /** What the attempt waited for has come, or will not: without messages and an error, its time was up. Its worker is to know. */
  | {
      readonly kind: 'deliver';
      readonly taskId: string;
      readonly attempt: number;
      readonly call: number;
      readonly worker: string;
      readonly messages?: readonly ReceivedMessage[];
      readonly error?: ErrorData;
    }
  /** What is in the outbox is to be in the mailbox of the other run. */
  | { readonly kind: 'hand-over'; readonly outbox: string }
  /** The run is over: abort whatever runs, forget all timers, tell the run that it is the child of. */
  | { readonly kind: 'close-run'; readonly reason: string };

const NOTHING: Effect[] = [];

/** The effects of `event`, given the state after it was folded. */
export function effectsOf(state: RunState, event: RunEvent): readonly Effect[] {
  // What is copied was carried out once, by another run.
  if (state.status === 'forking') return event.type === 'RunStarted' ? [{ kind: 'copy-history' }] : NOTHING;
  const effects = ofEvent(state, event);
  if (state.mail === undefined || isTerminal(state.status)) return effects;
  // Whatever ends, begins or is lost may have a message, or wait for one.
  const timer = mailTimer(state);
  return timer.length === 0 ? effects : [...effects, ...timer];
}

function ofEvent(state: RunState, event: RunEvent): readonly Effect[] {
  switch (event.type) {
    case 'RunStarted':
      return runTimer(state);
    case 'RunForked':
      return openEffects(state);
    case 'RunPaused':
    case 'RunParked':
    case 'RunResumed':
      return ofTheClock(state);
    case 'TaskScheduled': {
      const effects: Effect[] = [{ kind: 'dispatch', taskId: event.taskId, attempt: event.attempt }];
      const task = state.tasks.get(event.taskId);
      if (task !== undefined && task.firstScheduledAt === event.at) effects.push(...taskTimer(state, task));
      return effects;
    }
    case 'TaskEntered': {
      const task = state.tasks.get(event.taskId);
      if (task === undefined) return [];
      const first = task.firstScheduledAt === event.at ? taskTimer(state, task) : [];
      return [...first, ...enteredEffects(state, task)];
    }
    case 'FormAssigned': {
      const task = state.tasks.get(event.taskId);
      return task === undefined || event.step === undefined ? [] : enteredEffects(state, task);
    }
    case 'TaskExpanded': {
      const task = state.tasks.get(event.taskId);
      return task !== undefined && event.from === 0 ? listTimer(state, task) : [];
    }
    case 'ItemJoined': {
      const task = state.tasks.get(event.taskId);
      return task?.boundAt === state.revision ? listTimer(state, task) : [];
    }
    case 'TaskStarted': {
      const task = state.tasks.get(event.taskId);
      return task === undefined ? [] : attemptTimer(state, task);
    }
    case 'BudgetAsked': {
      const task = state.tasks.get(event.taskId);
      return task === undefined ? NOTHING : retryTimer(state, task);
    }
    case 'TaskAttemptCompleted':
      return [{ kind: 'close-attempt', taskId: event.taskId, attempt: event.attempt, reason: 'completed' }];
    case 'TaskAttemptFailed': {
      const task = state.tasks.get(event.taskId);
      const closed: Effect = {
        kind: 'close-attempt',
        taskId: event.taskId,
        attempt: event.attempt,
        reason: event.error.code,
      };
      return task === undefined ? [closed] : [closed, ...retryTimer(state, task)];
    }
    case 'TaskCompleted': {
      // What a person said is an attempt of its own: it is the one before that may be at an agent.
      const attempt = event.via === 'override' ? event.attempt - 1 : event.attempt;
      return [...closed(state, event.taskId, attempt, event.via), ...leftBehind(state, event.taskId, event.at)];
    }
    case 'TaskRepeated':
      return [{ kind: 'close-attempt', taskId: event.taskId, attempt: event.attempt, reason: 'repeated' }];
    case 'TasksReset':
      if (event.why !== 'repeat') return [];
      return [
        { kind: 'close-attempt', taskId: event.region, attempt: event.attempt ?? 0, reason: 'repeated' },
        // Something stood in for a block that had not ended.
        ...state.leftOver.map((attempt): Effect => ({ kind: 'close-attempt', ...attempt, reason: 'cancelled' })),
      ];
    case 'TaskSkipped':
      // One that is skipped by itself had not begun.
      if (event.reason !== 'manual') return NOTHING;
      return ofItsEnd(state, event.taskId, 'skipped', event.at);
    case 'TaskFailed':
      return ofItsEnd(state, event.taskId, event.error.code, event.at);
    case 'TaskCancelled':
      return ofItsEnd(state, event.taskId, 'cancelled', event.at);
    case 'TaskHandedOff':
      if (event.decidedBy !== undefined || event.budget !== undefined) return NOTHING;
      return [{ kind: 'close-attempt', taskId: event.taskId, attempt: event.attempt, reason: 'agent' }];
    case 'TaskFellBack':
      return leftBehind(state, event.taskId, event.at);
    case 'ScopeCaught':
      return [...leftBehind(state, event.scope, event.at), ...limitsOf(state, event.scope)];
    case 'TaskClosing':
      return [
        ...(event.force === true ? endedByForce(state, event.at) : leftBehind(state, event.taskId, event.at)),
        ...childrenToCancel(state, event),
        // Nothing holds up what has to be done before the end.
        ...(event.taskId === '' ? ofTheClock(state) : []),
      ];
    case 'DecisionMade':
      return event.wakeInMs === undefined ? NOTHING : teamTimer(state, event.scope);
    case 'MessageSent':
      return event.run === undefined ? NOTHING : [{ kind: 'hand-over', outbox: sentTo(event) }];
    case 'MessageHandedOn':
      return event.run === undefined ? NOTHING : handOvers(state, [sentTo(event)]);
    // The next ones may be taken now.
    case 'MessagesHandedOver':
      return handOvers(state, [outboxOf(event.run, event.to)]);
    case 'MessageDeadLettered':
      return handOvers(state, [event.mailbox]);
    case 'MessageExpired':
    case 'DeadLettersRedriven':
      return handOvers(state);
    case 'MessageAwaited':
      return [{ kind: 'listen', taskId: event.taskId, attempt: event.attempt }];
    case 'MessageDelivered':
    case 'MessageMissed':
      return deliveryOf(state, event);
    case 'RunCompleted':
      return [{ kind: 'close-run', reason: 'completed' }];
    case 'RunFailed':
      return [{ kind: 'close-run', reason: event.error.code }];
    case 'RunCancelled':
      return [...abandonedChildren(state, event.at), { kind: 'close-run', reason: event.reason ?? 'cancelled' }];
    default:
      return [];
  }
}

/** Nothing is to be closed of a task of which no attempt was handed to an agent. */
const closed = (state: RunState, taskId: string, attempt: number, reason: string): readonly Effect[] =>
  attempt === 0 || state.tasks.get(taskId)?.agent === undefined
    ? []
    : [{ kind: 'close-attempt', taskId, attempt, reason }];

/** Of a task that ended: its last attempt, and all that was under way in it. */
const ofItsEnd = (state: RunState, taskId: string, reason: string, at: number): readonly Effect[] => [
  ...closed(state, taskId, state.tasks.get(taskId)?.attempt ?? 0, reason),
  ...leftBehind(state, taskId, at),
];

/** Everything that is outstanding: what recovery, and a command that comes twice, send again. */
export function openEffects(state: RunState): readonly Effect[] {
  if (state.status === 'none') return [];
  if (state.status === 'forking') return [{ kind: 'copy-history' }];
  // The end may have been put on record elsewhere: here, it still has to be carried out.
  if (isTerminal(state.status)) {
    const abandoned = state.status === 'cancelled' ? abandonedChildren(state, state.endedAt ?? 0) : [];
    return [...abandoned, { kind: 'close-run', reason: endOf(state) }];
  }
  const effects: Effect[] = state.stoppedAt === undefined ? runTimer(state) : [{ kind: 'clear-timers' }];
  effects.push(...mailTimer(state), ...handOvers(state));
  const { closing } = state;
  if (closing?.why === 'cancel' && closing.forcedAt !== undefined)
    effects.push(...abandonedChildren(state, closing.forcedAt));
  for (const path of state.teams.keys()) effects.push(...teamTimer(state, path));
  for (const task of state.tasks.values()) {
    if (hasEnded(task)) continue;
    if (isInFlight(task)) {
      const dispatch = { kind: 'dispatch', taskId: task.id, attempt: task.attempt, again: true } as const;
      effects.push(dispatch, ...attemptTimer(state, task));
    }
    effects.push(
      ...taskTimer(state, task),
      ...listTimer(state, task),
      ...retryTimer(state, task),
      ...enteredEffects(state, task),
    );
  }
  return effects;
}

/** Of all of these outboxes in which something is; default: of all. */
function handOvers({ mail }: RunState, only?: readonly string[]): Effect[] {
  if (mail === undefined || mail.numbers.size === 0) return NOTHING;
  const outboxes =
    only === undefined ? [...outboxesOf(mail)] : only.filter((one) => isOutbox(one) && mail.boxes.has(one));
  return outboxes.map((outbox) => ({ kind: 'hand-over', outbox }));
}

/** What changes with the clock of a run. (Dispatches and starts do not: they were sent, or are by their own event.) */
const ofTheClock = (state: RunState): readonly Effect[] => openEffects(state).filter(({ kind }) => CLOCK.has(kind));

const CLOCK: ReadonlySet<Effect['kind']> = new Set(['clear-timers', 'set-timer', 'pause-child', 'resume-child']);

const endOf = (state: RunState): string =>
  state.status === 'completed' ? 'completed' : (state.error?.code ?? state.cancelReason ?? 'cancelled');

/** Of a block that goes on: while it was closing, it had no limit. */
function limitsOf(state: RunState, path: string): Effect[] {
  if (path === '') return runTimer(state);
  const task = state.tasks.get(path);
  return task === undefined ? [] : taskTimer(state, task);
}

function runTimer(state: RunState): Effect[] {
  if (state.closing !== undefined) return [];
  const at = timeOf(state, runDeadline(state));
  return at === undefined ? [] : [{ kind: 'set-timer', timer: { kind: 'run' }, at }];
}

/** When the strategy of a team asked to be asked again. */
function teamTimer(state: RunState, scope: string): Effect[] {
  const at = timeOf(state, state.scopes.get(scope)?.team?.wakeAt);
  return at === undefined ? NOTHING : [{ kind: 'set-timer', timer: { kind: 'team', scope }, at }];
}

/** After it rang for nothing, it rings for what is due already no sooner than this, in ms: the process is not to do nothing else. */
const RINGS_AGAIN_MS = 1000;

/** One for all messages: set anew whenever what is due first changes, and after it rang for nothing (`now`). */
export function mailTimer({ mail }: RunState, now = Number.NEGATIVE_INFINITY): Effect[] {
  const due = mail === undefined ? undefined : nextDue(mail, now);
  if (due === undefined) return NOTHING;
  return [{ kind: 'set-timer', timer: { kind: 'messages' }, at: due > now ? due : now + RINGS_AGAIN_MS }];
}

/** What a call waited for has come, or will not. Its worker made the call. */
function deliveryOf(state: RunState, event: MessageDelivered | MessageMissed): Effect[] {
  const { taskId, attempt, call } = event;
  const { mail } = state;
  const worker = mail?.attempts.get(taskId)?.worker;
  if (mail === undefined || worker === undefined) return [];
  const { error } = event.type === 'MessageMissed' ? event : {};
  const refused = error === undefined ? {} : { error };
  const came = event.type === 'MessageMissed' ? refused : { messages: heldIn(mail, event.messages) };
  return [{ kind: 'deliver', taskId, attempt, call, worker, ...came }];
}

/** What a call that comes again waited for, and has had; undefined when it waits still. */
export function deliveredBefore(
  state: RunState,
  { taskId, attempt, call, worker }: Pick<AwaitMessages, 'taskId' | 'attempt' | 'call' | 'worker'>,
): Extract<Effect, { readonly kind: 'deliver' }> | undefined {
  const { mail } = state;
  const known = mail?.attempts.get(taskId);
  if (mail === undefined || known?.attempt !== attempt || known.waits.has(call)) return undefined;
  const ids = [...known.held].filter((id) => mail.open.get(id)?.holder?.call === call);
  const messages = ids.length === 0 ? {} : { messages: heldIn(mail, ids) };
  const refused = known.refused?.find((one) => one.call === call);
  const error = refused === undefined ? {} : { error: refused.error };
  return { kind: 'deliver', taskId, attempt, call, worker, ...messages, ...error };
}

function taskTimer(state: RunState, task: TaskState): Effect[] {
  // What is closing has no limit any more, unless it is an attempt that is waited for.
  if (task.closing !== undefined && !isInFlight(task)) return [];
  const definition = definitionOf(state, task);
  const at = definition === undefined ? undefined : timeOf(state, taskDeadline(task, definition));
  if (at === undefined || task.firstScheduledAt === undefined) return [];
  return [{ kind: 'set-timer', timer: { kind: 'task', taskId: task.id, since: task.firstScheduledAt }, at }];
}

function listTimer(state: RunState, parent: TaskState): Effect[] {
  const definition = definitionOf(state, parent);
  const at = definition === undefined ? undefined : timeOf(state, listDeadline(parent, definition));
  if (at === undefined || parent.firstScheduledAt === undefined) return [];
  return [{ kind: 'set-timer', timer: { kind: 'all', taskId: parent.id, since: parent.firstScheduledAt }, at }];
}

function attemptTimer(state: RunState, task: TaskState): Effect[] {
  const definition = definitionOf(state, task);
  const at = definition === undefined ? undefined : attemptDeadline(task, definition);
  if (at === undefined) return [];
  return [{ kind: 'set-timer', timer: { kind: 'attempt', taskId: task.id, attempt: task.attempt }, at }];
}

function retryTimer(state: RunState, task: TaskState): Effect[] {
  const at = task.status === 'waiting' ? dueAt(state, task) : undefined;
  if (at === undefined) return [];
  return [{ kind: 'set-timer', timer: { kind: 'retry', taskId: task.id, attempt: task.attempt }, at }];
}

/** What of a task (of the run, for '') was cancelled just now, whatever it is in. */
function leftBehind(state: RunState, taskId: string, at: number): Effect[] {
  const task = state.tasks.get(taskId);
  if (task !== undefined && isSimple(state, task)) return NOTHING;
  const effects: Effect[] = [];
  const look = (part: TaskState): void => {
    if (part.status === 'cancelled' && part.endedAt === at)
      effects.push(...closed(state, part.id, part.attempt, 'cancelled'));
    for (const inner of within(state, part)) look(inner);
  };
  const scope = state.scopes.get(taskId);
  if (task !== undefined) for (const part of within(state, task)) look(part);
  else if (scope !== undefined) for (const part of tasksOf(state, scope)) look(part);
  return effects;
}

/** Nothing is inside the task, or stands in for it. */
const isSimple = (state: RunState, task: TaskState): boolean =>
  task.items === undefined && task.fallback !== 'task' && state.graph.block(task.definitionId) === undefined;

/** What was begun in a task, whether it is open or not. */
function* within(state: RunState, task: TaskState): Generator<TaskState> {
  yield* partsOf(state, task);
  if (state.scopes.has(task.id) || task.items !== undefined) return;
  yield* insideOf(state, task);
}

function childrenToCancel(state: RunState, { taskId, why }: TaskClosing): Effect[] {
  const effects: Effect[] = [];
  for (let top: string | undefined = taskId; top !== undefined; top = substituteOf(state, top)?.id) {
    for (const path of state.awaited.within(top)) {
      const task = state.tasks.get(path);
      const child = task === undefined || !isEntered(task) ? undefined : task.child;
      const ends = path === taskId || (task?.closing?.why === 'within' && task.closing.of === taskId);
      if (child !== undefined && ends) effects.push({ kind: 'cancel-child', taskId: path, child, reason: why });
    }
  }
  return effects;
}

/** All that was under way: none of it is waited for. */
function endedByForce(state: RunState, at: number): Effect[] {
  const effects = abandonedChildren(state, at);
  for (const { id, attempt, status, endedAt } of state.tasks.values())
    if (status === 'cancelled' && endedAt === at) effects.push(...closed(state, id, attempt, 'cancelled'));
  return effects;
}

/** Of a run that was ended by force: its child runs were not waited for. */
function abandonedChildren(state: RunState, at: number): Effect[] {
  const effects: Effect[] = [];
  if (!state.graph.hasOutstanding) return effects;
  for (const { id: taskId, child, status, endedAt } of state.tasks.values())
    if (child !== undefined && status === 'cancelled' && endedAt === at)
      effects.push({ kind: 'cancel-child', taskId, child, reason: 'cancel' });
  return effects;
}

/** What goes on while a task is entered: a sleep, a form that goes to another, a child run. */
function enteredEffects(state: RunState, task: TaskState): Effect[] {
  if (!isEntered(task)) return [];
  const { id: taskId, attempt, child, closing } = task;
  const at = dueAt(state, task);
  const effects: Effect[] = [];
  if (at !== undefined) effects.push({ kind: 'set-timer', timer: { kind: 'wake', taskId, attempt }, at });
  const next = escalationAt(state, task);
  if (next !== undefined && closing === undefined) {
    const timer = { kind: 'escalate', taskId, attempt, step: task.form?.step ?? 0 } as const;
    effects.push({ kind: 'set-timer', timer, at: next });
  }
  if (child === undefined) return effects;
  effects.push({ kind: 'start-child', taskId, attempt });
  const { pausedBy, revision } = state;
  // A pause does not hold up a child that is to end.
  if (closing !== undefined) effects.push({ kind: 'cancel-child', taskId, child, reason: closing.why });
  else if (pausedBy !== undefined)
    effects.push({ kind: pausedBy.length > 0 ? 'pause-child' : 'resume-child', child, revision });
  return effects;
}
