import type { Directive } from '@reprise/core';
import type { RunState, TaskState } from '../../../core/src/orchestration/workflow/state.ts';
import { randomAddition } from './random-addition.ts';

type Dice = () => number;

const isAround = (scope: string, inner: string): boolean =>
  scope === '' || scope === inner || inner.startsWith(`${scope}/`);

/** What the agent of a task wants done to its run: mostly what it may, and what the run can take; or nothing. */
export function randomDirectives(
  state: RunState,
  task: TaskState | undefined,
  dice: Dice,
): { readonly directives?: readonly Directive[] } {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(dice() * from.length)] as T;
  const may = (state.graph.node(task?.definitionId ?? '')?.definition.may ?? []).filter((one) => one !== 'sendAcross');
  if (task === undefined || dice() < (may.length > 0 ? 0.3 : 0.97)) return {};
  const all = ['spawn', 'link', 'addItems', 'finish', 'handOff', 'goto', 'cancel', 'send'] as const;
  const kind = dice() < 0.95 && may.length > 0 ? pick(may) : pick(all);
  if (kind === 'finish') return { directives: [{ kind, output: pick([null, 1, { found: task.id }]) }] };
  if (kind === 'handOff')
    return {
      directives: [{ kind, agent: pick(['helper', 'other']), ...(dice() < 0.5 && { input: { from: task.id } }) }],
    };
  if (kind === 'goto') {
    const ids = [...state.tasks.values()]
      .filter(({ scope, status }) => isAround(scope, task.scope) && (status !== 'pending' || dice() < 0.1))
      .map(({ id }) => id.slice(id.lastIndexOf('/') + 1));
    return { directives: [{ kind, task: pick(ids), ...(dice() < 0.5 && { feedback: { of: task.id } }) }] };
  }
  if (kind === 'cancel') {
    const ids = [...state.tasks.values()].map(({ id }) => id.slice(id.lastIndexOf('/') + 1));
    return { directives: [{ kind, tasks: [pick(ids), pick(ids)] }] };
  }
  if (kind === 'addItems')
    return { directives: [{ kind, items: [{ n: 7 }, { n: 8 }].slice(0, dice() < 0.5 ? 1 : 2) }] };
  if (kind === 'send') {
    const to = pick([...state.tasks.keys(), '#desk', '#narrow', '#narrow', 'nobody']);
    const all = [
      { to, data: 1 },
      { topic: '#news', data: { of: task.id } },
      { to: '#desk', data: 2, key: 'k1' },
    ] as const;
    return { directives: all.filter(() => dice() < 0.6).map((message) => ({ kind, message })) };
  }
  if (kind === 'link') {
    const ids = [...state.tasks.values()]
      .filter(({ scope }) => scope === task.scope)
      .map(({ id }) => id.slice(id.lastIndexOf('/') + 1));
    return { directives: [{ kind, task: pick(ids), after: [pick(ids)] }] };
  }
  const { tasks } = randomAddition(state, dice);
  const self = task.definitionId.slice(task.definitionId.lastIndexOf('/') + 1);
  const added = tasks.map((one, index) =>
    index === 0 && one.end === undefined && dice() < 0.5
      ? { ...one, after: [self] }
      : { ...one, after: one.after.filter((id) => tasks.some((other) => other.id === id)) },
  );
  const siblings = [...state.tasks.values()].filter(
    ({ scope, status, waitingOn }) => scope === task.scope && status === 'pending' && waitingOn > 0,
  );
  const before =
    siblings.length > 0 && dice() < 0.5 ? [pick(siblings).id.slice(task.scope === '' ? 0 : task.scope.length + 1)] : [];
  return { directives: [{ kind, tasks: added, ...(before.length > 0 && { before }) }] };
}
