import type { ReadyGroup, ReadyTask } from './scheduler-strategy.ts';

/** Groups as one: by priority, then by what became ready first. Lazy. */
export function* merged(groups: readonly ReadyGroup[]): Generator<ReadyTask> {
  const heads = groups.map(({ tasks }) => {
    const rest = tasks[Symbol.iterator]();
    return { rest, task: rest.next().value as ReadyTask | undefined };
  });
  for (;;) {
    let first: (typeof heads)[number] | undefined;
    for (const head of heads) if (head.task !== undefined && isBefore(head.task, first?.task)) first = head;
    if (first?.task === undefined) return;
    const { task } = first;
    first.task = first.rest.next().value;
    yield task;
  }
}

/** Whether a task is ahead of another, or of none. */
export const isBefore = (task: ReadyTask, other: ReadyTask | undefined): boolean =>
  other === undefined ||
  task.priority > other.priority ||
  (task.priority === other.priority && task.order < other.order);
