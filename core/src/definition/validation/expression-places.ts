import type { BlockPlace, TaskGroup } from '../blocks.ts';
import { type Expression, isList, type TaskDefinition, tasksWithin } from '../definition.ts';
import { fallbackPlaces } from '../fallbacks.ts';
import { between } from '../graph.ts';
import type { Path } from '../problem.ts';

/** An expression of a definition, with what it may read where it stands. */
export interface ExpressionPlace {
  readonly expression: Expression;
  readonly path: Path;
  readonly variables: ReadonlySet<string>;
  /** The block whose tasks it may read: of a task's expression the one that the task is in. */
  readonly block: BlockPlace;
  /** The task that it belongs to. Absent for what is said about a block as a whole. */
  readonly of?: { readonly group: TaskGroup; readonly task: TaskDefinition };
  /** Of a catch: the place of its clause whose handler has ended. */
  readonly clause?: number;
}

type Slot = readonly [path: Path, expression: Expression | undefined, ...more: readonly string[]];

const EVERYWHERE: readonly string[] = ['input', 'outputs', 'runId', 'round'];
const ITEM: readonly string[] = ['item', 'index'];
const LIST: readonly string[] = ['output', 'completed', 'ended', 'total'];

/** Every expression of the blocks of a definition, given as `blocksOf` gives them. */
export function* expressionPlaces(blocks: readonly BlockPlace[]): Generator<ExpressionPlace, void> {
  const around = new Map<TaskDefinition, readonly string[]>();
  for (const block of blocks) {
    const inside = variablesInside(block, around);
    for (const group of block.groups) {
      const basic = group === block.main ? inside : [...inside, 'error'];
      const repeated = repeatedIn(group);
      for (const task of group.tasks) {
        const own = repeated.has(task.id) ? [...basic, 'feedback'] : basic;
        if (task.scope !== undefined) around.set(task, own);
        for (const [slot, expression, ...more] of slotsOf(task)) {
          if (expression === undefined) continue;
          const path = [...group.path, task.id, ...slot];
          yield { expression, path, variables: new Set([...own, ...more]), block, of: { group, task } };
        }
      }
    }
    yield* placesOfBlock(block, inside);
  }
}

function variablesInside(place: BlockPlace, around: ReadonlyMap<TaskDefinition, readonly string[]>): readonly string[] {
  const { block, owner } = place;
  const runsAgain =
    block.loop !== undefined ||
    block.catch?.some(({ then }) => then === 'retry') === true ||
    block.team !== undefined ||
    mayGoBack(tasksWithin(block));
  const outer = owner === undefined ? EVERYWHERE : [...(around.get(owner.task) ?? EVERYWHERE), 'block'];
  return [...outer, ...(owner !== undefined && isList(owner.task) ? ITEM : []), ...(runsAgain ? ['feedback'] : [])];
}

/** Whether an agent of the tasks, or of those in blocks of them, may go back to one. */
const mayGoBack = (tasks: readonly TaskDefinition[]): boolean =>
  tasks.some(
    ({ may, scope }) => may?.includes('goto') === true || (scope !== undefined && mayGoBack(tasksWithin(scope))),
  );

/** The tasks of a group that a repeat runs again. */
const repeatedIn = ({ tasks }: TaskGroup): ReadonlySet<string> =>
  new Set(tasks.flatMap(({ id, repeat }) => (repeat ? [...between(tasks, repeat.from, id)] : [])));

function slotsOf(task: TaskDefinition): readonly Slot[] {
  const {
    when,
    while: milestone,
    input,
    forEach,
    repeat,
    wait,
    sleep,
    set,
    send,
    end,
    raise,
    compensate,
    mutex,
  } = task;
  const item = isList(task) ? ITEM : [];
  const computed = sleep?.kind === 'for-computed' ? sleep.duration : undefined;
  const moment = sleep?.kind === 'until' ? sleep.moment : undefined;
  const standIns = fallbackPlaces(task).flatMap(([place, fallback]): Slot[] =>
    fallback.kind === 'agent' ? [[[...place, 'input'], fallback.input, ...item, 'error']] : [],
  );
  const cases = (task.switch?.cases ?? []).map((one, index): Slot => [['switch', index, 'when'], one.when]);
  const escalations = (wait?.form?.escalate ?? []).map(
    ({ to }, index): Slot => [['wait', 'escalate', index, 'to'], to, ...item],
  );
  return [
    [['when'], when],
    [['while'], milestone, 'status'],
    [['input'], input, ...item],
    [['forEach', 'items'], forEach?.items],
    [['forEach', 'need'], typeof forEach?.need === 'object' ? forEach.need : undefined],
    [['forEach', 'until'], forEach?.until, ...LIST],
    [['repeat', 'until'], repeat?.until, 'output', 'feedback'],
    [['wait', 'signal'], wait?.signal, ...item],
    [['wait', 'message', 'run'], wait?.message?.run, ...item],
    [['wait', 'message', 'conversation'], wait?.message?.conversation, ...item],
    [['wait', 'message', 'inReplyTo'], wait?.message?.inReplyTo, ...item],
    [['wait', 'message', 'where'], wait?.message?.where, ...item, 'message'],
    [['wait', 'assignee'], wait?.form?.assignee, ...item],
    ...escalations,
    [['wait', 'default'], wait?.default, ...item],
    [['sleep', 'for'], computed, ...item],
    [['sleep', 'until'], moment, ...item],
    [['set'], set, ...item],
    [['send', 'to'], send?.to, ...item],
    [['send', 'run'], send?.run, ...item],
    [['send', 'topic'], send?.topic, ...item],
    [['send', 'data'], send?.data, ...item],
    [['send', 'conversation'], send?.conversation, ...item],
    [['send', 'inReplyTo'], send?.inReplyTo, ...item],
    ...cases,
    [['end', 'output'], end?.output],
    [['raise', 'message'], raise?.message, ...item],
    [['raise', 'details'], raise?.details, ...item],
    [['compensate', 'input'], compensate?.input, ...item, 'output'],
    [['mutex', 'key'], mutex?.key, ...item],
    ...standIns,
  ];
}

function* placesOfBlock(block: BlockPlace, inside: readonly string[]): Generator<ExpressionPlace, void> {
  const { output, loop } = block.block;
  const inLoop = ['output', 'feedback'];
  const slots: readonly Slot[] = [
    [['output'], output],
    [['loop', 'while'], loop?.while, ...inLoop],
    [['loop', 'until'], loop?.until, ...inLoop],
    [['loop', 'feedback'], loop?.feedback, ...inLoop],
  ];
  for (const [slot, expression, ...more] of slots) {
    if (expression === undefined) continue;
    yield { expression, path: [...block.path, ...slot], variables: new Set([...inside, ...more]), block };
  }
  for (const [clause, { when, output: result }] of (block.block.catch ?? []).entries()) {
    const variables = new Set([...inside, 'error']);
    const path = [...block.path, 'catch', clause];
    if (when !== undefined) yield { expression: when, path: [...path, 'when'], variables, block };
    if (result !== undefined) yield { expression: result, path: [...path, 'output'], variables, block, clause };
  }
}
