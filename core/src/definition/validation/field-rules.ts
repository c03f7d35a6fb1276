import { ID_PATTERN } from '../../shared/ids.ts';
import { TASK_ID_PATTERN } from '../../shared/task-path.ts';
import type { TaskDefinition, WorkflowDefinition } from '../definition.ts';
import type { Path, Report } from '../problem.ts';

/** The longest wait that makes sense: ten years, in ms. */
const MAX_MS = 10 * 365 * 24 * 3_600_000;

/** Names, and numbers in their ranges. */
export function checkFields(definition: WorkflowDefinition, report: Report): void {
  checkName(definition.name, ['name'], 'a workflow name', report);
  checkName(definition.version, ['version'], 'a version', report);
  checkName(definition.strategy, ['strategy'], 'the name of a strategy', report);
  checkCount(definition.concurrency, ['concurrency'], report);
  checkTime(definition.timeoutMs, ['timeout'], report);
  if (definition.tasks.length === 0) report(['tasks'], 'a workflow needs at least one task');
  const seen = new Set<string>();
  for (const task of definition.tasks) {
    if (seen.has(task.id)) report(['tasks', task.id], `there is another task '${task.id}'; ids must differ`);
    seen.add(task.id);
    checkTask(task, ['tasks', task.id], report);
  }
}

function checkTask(task: TaskDefinition, path: Path, report: Report): void {
  if (!TASK_ID_PATTERN.test(task.id)) {
    report(
      path,
      `'${task.id}' is not a task id: use 1 to 128 letters, digits, ".", "_" or "-", starting with a letter or digit`,
    );
  }
  if (task.agent === undefined && task.capability === undefined)
    report([...path, 'agent'], 'is missing: name an agent, or a capability');
  if (task.agent !== undefined && task.capability !== undefined)
    report([...path, 'capability'], 'stands beside an agent; keep one of the two');
  if (task.agent !== undefined) checkName(task.agent, [...path, 'agent'], 'the name of an agent', report);
  if (task.capability !== undefined) checkName(task.capability, [...path, 'capability'], 'a capability', report);
  if (task.fallback?.kind === 'agent')
    checkName(task.fallback.agent, [...path, 'fallback', 'agent'], 'the name of an agent', report);
  if (!Number.isFinite(task.priority)) report([...path, 'priority'], 'must be a finite number');
  if (task.forEach !== undefined) checkCount(task.forEach.concurrency, [...path, 'forEach', 'concurrency'], report);
  checkRetry(task, [...path, 'retry'], report);
  checkTimeouts(task, [...path, 'timeout'], report);
}

function checkRetry({ retry, delivery }: TaskDefinition, path: Path, report: Report): void {
  checkCount(retry.maxAttempts, [...path, 'maxAttempts'], report);
  checkTime(retry.initialDelayMs, [...path, 'initialDelay'], report, 0);
  checkTime(retry.maxDelayMs, [...path, 'maxDelay'], report, 0);
  if (!(retry.factor >= 1 && retry.factor <= 100))
    report([...path, 'factor'], `must be from 1 to 100, not ${retry.factor}`);
  if (!(retry.jitter >= 0 && retry.jitter <= 1))
    report([...path, 'jitter'], `must be from 0 to 1, not ${retry.jitter}`);
  if (retry.nonRetryable.includes('')) report([...path, 'nonRetryable'], 'an error code is empty');
  if (delivery !== 'at-least-once' && delivery !== 'at-most-once') {
    report([...path.slice(0, -1), 'delivery'], 'must be "at-least-once" or "at-most-once"');
  }
}

function checkTimeouts({ timeouts, forEach }: TaskDefinition, path: Path, report: Report): void {
  const { attemptMs, taskMs, allMs, heartbeatMs } = timeouts;
  checkTime(attemptMs, [...path, 'attempt'], report);
  checkTime(taskMs, [...path, 'task'], report);
  checkTime(allMs, [...path, 'all'], report);
  checkTime(heartbeatMs, [...path, 'heartbeat'], report);
  if (attemptMs !== undefined && taskMs !== undefined && attemptMs > taskMs) {
    report([...path, 'attempt'], 'is longer than the timeout of the whole task, so it would never be reached');
  }
  if (allMs !== undefined && forEach === undefined) {
    report([...path, 'all'], 'is the limit of a whole forEach, and this task has none; the limit of a task is "task"');
  }
  if (attemptMs !== undefined && heartbeatMs !== undefined && heartbeatMs > attemptMs) {
    report([...path, 'heartbeat'], 'is longer than the timeout of an attempt, so it would never be reached');
  }
}

function checkName(value: string, path: Path, what: string, report: Report): void {
  if (ID_PATTERN.test(value)) return;
  report(
    path,
    `"${value}" is not ${what}: use 1 to 128 letters, digits, ".", "_" or "-", starting with a letter or digit`,
  );
}

function checkCount(value: number, path: Path, report: Report): void {
  if (!Number.isSafeInteger(value) || value < 1) report(path, `must be a whole number of 1 or more, not ${value}`);
}

function checkTime(value: number | undefined, path: Path, report: Report, least = 1): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least && value <= MAX_MS)) return;
  report(path, `must be a duration from ${least}ms to ten years, not ${value}ms`);
}
