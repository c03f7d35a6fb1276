import { blocksOf } from '../blocks.ts';
import {
  DEFAULT_RETRY,
  type Performer,
  performerOf,
  type RetryPolicy,
  type WorkflowDefinition,
} from '../definition.ts';
import type { DefinitionProblem, Path } from '../problem.ts';
import { taskMeant } from './message-rules.ts';

/** Those that are done as soon as they begin. */
const INSTANT: readonly Performer[] = ['set', 'send', 'switch', 'cancel', 'end', 'raise'];

/** What a definition says without effect, each with its place. Such a definition runs all the same. Pure, and never throws. */
export function definitionWarnings(definition: WorkflowDefinition): readonly DefinitionProblem[] {
  const warnings: DefinitionProblem[] = [];
  const groups = blocksOf(definition).flatMap((block) => block.groups);
  for (const { tasks, path } of groups) {
    for (const task of tasks) {
      const after = tasks.filter((other) => other.after.includes(task.id));
      if (task.switch === undefined || after.every(({ cases }) => cases?.[task.id] !== undefined)) continue;
      const known = new Set(after.map(({ cases }) => cases?.[task.id]));
      const always = after.filter(({ cases }) => cases?.[task.id] === undefined).map(({ id }) => `'${id}'`);
      for (const [index, { then }] of task.switch.cases.entries()) {
        if (known.has(then)) continue;
        const message = `'${then}' is the case of no task after the switch, and ${always.join(', ')} ${always.length === 1 ? 'runs' : 'run'} whatever is chosen: is that meant?`;
        warnings.push({ path: [...path, task.id, 'switch', index, 'then'], message });
      }
    }
  }
  const tasks = groups.flatMap((group) => group.tasks.map((task) => ({ group, task, path: [...group.path, task.id] })));
  for (const { group, task, path } of tasks) {
    const { delivery, retry, timeouts, wait } = task;
    const warn = (place: Path, message: string): void => {
      warnings.push({ path: [...path, ...place], message });
    };
    if (delivery === 'at-most-once' && !isDefault(retry)) {
      warn(['retry'], 'has no effect: with at-most-once delivery there is no second attempt; leave it out');
    }
    if (timeouts.allMs !== undefined && timeouts.taskMs !== undefined && timeouts.taskMs > timeouts.allMs) {
      warn(['timeout', 'task'], 'is longer than the limit of the whole list (all), so it will never be reached');
    }
    const from = wait?.message?.from;
    const meant = from === undefined ? undefined : taskMeant(from, group);
    if (meant !== undefined) {
      warn(
        ['wait', 'message', 'from'],
        `is the id of no task, and then the name that a program gave itself; did you mean '${meant}'?`,
      );
    }
    const performer = performerOf(task);
    if (timeouts.taskMs !== undefined && INSTANT.includes(performer) && (task.send?.until ?? 'sent') === 'sent') {
      warn(
        ['timeout'],
        `has no effect: a ${performer} takes no time, and what it waits for before does not count; leave it out`,
      );
    }
    if (wait?.default !== undefined && timeouts.taskMs === undefined && timeouts.allMs === undefined) {
      warn(['wait', 'default'], 'has no effect without a timeout: it is the output when the time is up');
    }
  }
  return warnings;
}

/** A definition always holds a policy, so one that is written as the default cannot be told from none. */
const isDefault = ({ nonRetryable, ...policy }: RetryPolicy): boolean =>
  nonRetryable.length === 0 &&
  Object.entries(policy).every(([key, value]) => value === DEFAULT_RETRY[key as keyof typeof policy]);
