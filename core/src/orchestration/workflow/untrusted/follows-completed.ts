import type { TaskDefinition } from '../../../definition/definition.ts';
import { fallbacksOf, standInOf } from '../../../definition/fallbacks.ts';
import type { TaskCompleted, Via } from '../events.ts';
import { hasEnded, isEntered, isInFlight, type RunState, scopeAt, siblingOf, type TaskState } from '../state.ts';
import { mayTake } from '../transitions/signals.ts';
import { attemptFlaw, flaw, isPassedOver, isUndecided, mayEnd, unfit } from './flaws.ts';
import { throughFlaw } from './follows-blocks.ts';
import { overriddenFlaw } from './follows-outside.ts';
import type { Flaw } from './shape.ts';

/** Whether a completion carries its output. */
const OUTPUTS: Readonly<Record<Via, 'with' | 'without' | 'either'>> = {
  agent: 'with',
  items: 'without',
  'fallback-value': 'with',
  'fallback-task': 'without',
  'last-round': 'without',
  value: 'with',
  switch: 'either',
  cancel: 'with',
  timer: 'without',
  signal: 'without',
  message: 'without',
  send: 'with',
  form: 'without',
  default: 'with',
  child: 'with',
  scope: 'either',
  end: 'with',
  override: 'either',
};

/** What ends tasks of one performer only. */
const SINGLE: Readonly<Partial<Record<Via, (task: TaskState, definition: TaskDefinition) => boolean>>> = {
  value: (_, { set }) => set !== undefined,
  switch: (_, definition) => definition.switch !== undefined,
  cancel: (_, { cancel }) => cancel !== undefined,
  timer: (task) => task.wakeAt !== undefined,
  signal: (task) => task.signal !== undefined,
  message: (task) => task.awaits !== undefined,
  send: (_, { send }) => send !== undefined,
  form: (task) => task.form !== undefined,
  default: (_, { wait }) => wait?.default !== undefined,
  child: (task) => task.child !== undefined,
  scope: (_, { scope }) => scope !== undefined,
  end: (_, { end }) => end !== undefined,
};

const BESIDE = { case: 'switch', signal: 'signal', message: 'message' } as const;

export function completedFlaw(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  event: TaskCompleted,
): Flaw | undefined {
  const outputs = OUTPUTS[event.via];
  if (outputs === 'with' && event.output === undefined) return flaw('data.output', 'is missing');
  if (outputs === 'without' && event.output !== undefined)
    return flaw('data.output', `cannot stand beside via "${event.via}"`);
  if (SINGLE[event.via]?.(task, definition) === false) return flaw('data.via', `does not fit '${task.id}'`);
  for (const field of ['case', 'signal', 'message'] as const)
    if ((event[field] !== undefined) !== (event.via === BESIDE[field]))
      return flaw(
        `data.${field}`,
        event[field] === undefined ? 'is missing' : `cannot stand beside via "${event.via}"`,
      );
  if (event.ends !== undefined && event.via !== 'agent')
    return flaw('data.ends', `cannot stand beside via "${event.via}"`);
  if (event.error !== undefined && event.via !== 'fallback-value')
    return flaw('data.error', `cannot stand beside via "${event.via}"`);
  if (event.commandId !== undefined && event.via !== 'override')
    return flaw('data.commandId', `cannot stand beside via "${event.via}"`);
  switch (event.via) {
    case 'override':
      return overriddenFlaw(state, task, event);
    case 'agent':
      if (!isInFlight(task)) return unfit(task);
      if (event.ends !== undefined && definition.may?.includes('finish') !== true)
        return flaw('data.ends', `is there, and the agent of '${task.id}' may not finish its block`);
      break;
    case 'items': {
      if (hasEnded(task) || task.items === undefined) return unfit(task);
      const left = task.items.total - task.items.ended - task.items.dropped;
      if (left > 0) return flaw('type', `cannot come: ${left} items of '${task.id}' have not ended`);
      break;
    }
    case 'fallback-value':
      if (!mayEnd(task, definition)) return unfit(task);
      if (fallbacksOf(definition).at(-1)?.kind !== 'value')
        return flaw('data.via', `is not the fallback of '${task.id}'`);
      break;
    case 'last-round':
      // A switch may have passed it over while other dependencies go on.
      if (task.round < 2 || !(isUndecided(task, definition) || isPassedOver(state, task, definition)))
        return unfit(task);
      break;
    case 'fallback-task': {
      const standIn = standInOf(definition);
      const substitute = standIn === undefined ? undefined : siblingOf(state, task, standIn);
      if (hasEnded(task) || task.fallback !== 'task' || substitute === undefined) return unfit(task);
      if (!hasEnded(substitute)) return flaw('type', `cannot come: '${substitute.id}' has not ended`);
      break;
    }
    case 'switch':
      if (event.case !== undefined && !chooses(definition, event.case))
        return flaw('data.case', `is '${event.case}', which the switch '${task.id}' does not have`);
      return task.status === 'ready' ? attemptFlaw(task, event.attempt) : unfit(task);
    case 'value':
    case 'cancel':
    case 'end':
      return task.status === 'ready' ? attemptFlaw(task, event.attempt) : unfit(task);
    case 'signal': {
      if (!isEntered(task)) return unfit(task);
      const kept = state.signals.get(task.signal ?? '') ?? [];
      const taken = kept.find(({ id }) => id === event.signal);
      if (taken === undefined) return flaw('data.signal', `is '${event.signal ?? ''}', which did not come`);
      return mayTake(state, task, taken)
        ? attemptFlaw(task, event.attempt)
        : flaw('data.signal', `is '${event.signal ?? ''}', which came before '${task.id}' waited`);
    }
    case 'message': {
      const message = state.mail?.open.get(event.message ?? '');
      if (!isEntered(task)) return unfit(task);
      if (
        message === undefined ||
        message.mailbox !== task.awaits?.mailbox ||
        message.holder !== undefined ||
        message.doomed
      )
        return flaw('data.message', `is '${event.message ?? ''}', which '${task.id}' cannot take`);
      break;
    }
    case 'send':
      // It was sent just now, or waited for what came of that.
      if (task.sent === undefined) return task.status === 'ready' ? attemptFlaw(task, event.attempt) : unfit(task);
      if (!isEntered(task) || task.sent.outcome !== 'acknowledged') return unfit(task);
      break;
    case 'form':
      if (!isEntered(task)) return unfit(task);
      if (task.form?.answer === undefined) return flaw('data.via', `is form, and '${task.id}' was not answered`);
      break;
    case 'scope': {
      const scope = scopeAt(state, task.id);
      if (!isEntered(task) || scope === undefined) return unfit(task);
      const wrong = throughFlaw(state, scope, event.output);
      if (wrong !== undefined) return wrong;
      break;
    }
    case 'timer':
    case 'default':
    case 'child':
      if (!isEntered(task)) return unfit(task);
      break;
    default:
      return event.via satisfies never;
  }
  return attemptFlaw(task, event.attempt);
}

const chooses = ({ switch: choice }: TaskDefinition, name: string): boolean =>
  choice?.otherwise === name || choice?.cases.some(({ then }) => then === name) === true;
