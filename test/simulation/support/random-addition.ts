import {
  type Block,
  type Compensate,
  DEFAULT_RETRY,
  type Expression,
  type Json,
  type TaskDefinition,
} from '@reprise/core';
import type { AddTasks } from '../../../core/src/orchestration/workflow/commands.ts';
import type { RunState } from '../../../core/src/orchestration/workflow/state.ts';
import { CHILD } from './random-workflow.ts';

type Dice = () => number;

const cel = (source: string): Expression => ({ kind: 'cel', source });
const value = (template: Json): Expression => ({ kind: 'template', template });
const ONCE = { ...DEFAULT_RETRY, maxAttempts: 1 };
const COMPENSATE: Compensate = { agent: 'undoer', retry: ONCE, timeouts: {} };

/** Tasks for a block that is under way, most of them such as may be added. */
export function randomAddition(state: RunState, dice: Dice): Pick<AddTasks, 'scope' | 'tasks' | 'before'> {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(dice() * from.length)] as T;
  const scope = dice() < 0.97 ? pick([...state.scopes.keys()]) : 'nobody';
  const siblings = [...state.tasks.values()].filter(
    (task) => task.scope === scope && task.index === undefined && task.undoes === undefined,
  );
  const nameOf = (path: string): string => path.slice(scope === '' ? 0 : scope.length + 1);
  const tasks: TaskDefinition[] = [];
  const standIns: TaskDefinition[] = [];
  const count = 1 + Math.floor(dice() * 3);
  for (let n = 0; n < count; n += 1) {
    const id = `n${n}${pick(['a', 'b', 'c', 'd', 'e'])}`;
    const others = dice() < 0.5 ? tasks.map((task) => task.id) : siblings.map((task) => nameOf(task.id));
    const after = [...new Set([0, 0].flatMap(() => (dice() < 0.4 && others.length > 0 ? [pick(others)] : [])))];
    const task = randomTask(id, after, dice);
    if (task.fallback?.kind === 'task') standIns.push(randomStandIn(task.fallback.task));
    tasks.push(task);
  }
  const waiting = siblings.filter(({ status, waitingOn }) => status === 'pending' && waitingOn > 0);
  const before =
    dice() < 0.4 && waiting.length > 0
      ? [{ taskId: pick(waiting).id, dependency: pick(tasks).id }]
      : dice() < 0.02
        ? [{ taskId: 't0', dependency: 'n0a' }]
        : [];
  return { scope, tasks: [...tasks, ...standIns], ...(before.length > 0 && { before }) };
}

function randomTask(id: string, after: readonly string[], dice: Dice): TaskDefinition {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(dice() * from.length)] as T;
  const roll = dice();
  const performer: Partial<TaskDefinition> =
    roll < 0.5
      ? { agent: pick(['worker', 'helper']) }
      : roll < 0.6
        ? { set: value({ from: id }) }
        : roll < 0.65
          ? { sleep: { kind: 'for', ms: 700 } }
          : roll < 0.7
            ? { wait: { signal: value(pick(['go', 'stop'])) } }
            : roll < 0.78
              ? { workflow: { name: CHILD } }
              : roll < 0.8
                ? { raise: { code: 'RAISED' } }
                : roll < 0.82
                  ? { end: {} }
                  : { scope: randomBlock(id, dice) };
  const isAgent = performer.agent !== undefined;
  const canBeUndone = isAgent || performer.scope !== undefined || performer.workflow !== undefined;
  const isEnd = performer.end !== undefined;
  const isList = !isEnd && dice() < 0.15;
  return {
    id,
    ...performer,
    after,
    ...(after.length > 1 && dice() < 0.4 && { join: 'any' as const }),
    ...(dice() < 0.15 && { when: cel(pick(['true', 'false'])) }),
    ...(isAgent && after[0] !== undefined && dice() < 0.4 && { input: cel(`outputs["${after[0]}"]`) }),
    ...(isList && {
      forEach: { items: value([1, 2, 3]), concurrency: 2, onItemFailure: pick(['fail', 'continue'] as const) },
    }),
    ...(canBeUndone && dice() < 0.3 && { compensate: COMPENSATE }),
    ...(dice() < 0.1 && { mutex: { key: value('the key'), across: 'run' as const } }),
    ...(isAgent &&
      !isList &&
      dice() < 0.15 && { repeat: { from: id, until: cel('round >= 2'), max: 3, onExhausted: 'accept' as const } }),
    ...(!isList && !isEnd && dice() < 0.2 && { fallback: { kind: 'task' as const, task: `f${id}` } }),
    retry: isAgent ? { ...ONCE, maxAttempts: 2, initialDelayMs: 10 } : ONCE,
    timeouts: performer.wait === undefined ? {} : { taskMs: 9000 },
    priority: Math.floor(dice() * 3),
    delivery: 'at-least-once',
  };
}

function randomBlock(id: string, dice: Dice): Block {
  const roll = dice();
  return {
    tasks: [randomStandIn(`${id}x`), { ...randomStandIn(`${id}y`), after: [`${id}x`], compensate: COMPENSATE }],
    ...(dice() < 0.3 && { concurrency: 1 }),
    ...(dice() < 0.3 && { loop: { until: cel('round >= 2'), max: 3, onExhausted: 'accept' as const } }),
    ...(roll < 0.3 && { catch: [{ then: 'retry', max: 1 }, { then: 'continue' }] as const }),
    ...(roll > 0.8 && { catch: [{ handler: [randomStandIn(`${id}h`)], then: 'continue' }] as const }),
  };
}

const randomStandIn = (id: string): TaskDefinition => ({
  id,
  agent: 'other',
  after: [],
  retry: ONCE,
  timeouts: {},
  priority: 0,
  delivery: 'at-least-once',
});
