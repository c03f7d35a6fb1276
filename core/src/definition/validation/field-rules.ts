import { TASK_ID_PATTERN } from '../../shared/task-path.ts';
import type { TaskGroup } from '../blocks.ts';
import {
  isForAgents,
  isList,
  type RetryPolicy,
  type TaskDefinition,
  type TaskTimeouts,
  type WorkflowDefinition,
} from '../definition.ts';
import { fallbackPlaces } from '../fallbacks.ts';
import type { Path, Report } from '../problem.ts';
import { checkPerformer } from './performer-rules.ts';
import { checkAgentName, checkCount, checkMaxUsage, checkName, checkTextTemplate, checkTime } from './value-rules.ts';

/** Names, and numbers in their ranges. */
export function checkFields(definition: WorkflowDefinition, groups: readonly TaskGroup[], report: Report): void {
  checkName(definition.name, ['name'], 'a workflow name', report);
  checkName(definition.version, ['version'], 'a version', report);
  checkName(definition.strategy, ['strategy'], 'the name of a strategy', report);
  checkCount(definition.concurrency, ['concurrency'], report);
  checkTime(definition.timeoutMs, ['timeout'], report);
  for (const { tasks, path } of groups) for (const task of tasks) checkTask(task, [...path, task.id], report);
}

/** Of definitions that somebody writes. */
export function checkNotOurs({ name }: WorkflowDefinition, report: Report): void {
  if (name.startsWith(OURS))
    report(
      ['name'],
      `'${name}' begins with ${OURS}, as the names of workflows that Reprise brings do ("${OURS}mailbox" is what a mailbox of no run is a run of); choose another name`,
    );
}

const OURS = 'reprise.';

function checkTask(task: TaskDefinition, path: Path, report: Report): void {
  if (!TASK_ID_PATTERN.test(task.id)) {
    report(
      path,
      `'${task.id}' is not a task id: use 1 to 128 letters, digits, ".", "_" or "-", starting with a letter or digit`,
    );
  }
  checkPerformer(task, path, report);
  for (const [place, fallback] of fallbackPlaces(task))
    if (fallback.kind === 'agent') checkAgentName(fallback.agent, [...path, ...place, 'agent'], report);
  if (!Number.isFinite(task.priority)) report([...path, 'priority'], 'must be a finite number');
  checkForEach(task, [...path, 'forEach'], report);
  checkRetry(task.retry, [...path, 'retry'], report);
  if (task.delivery !== 'at-least-once' && task.delivery !== 'at-most-once')
    report([...path, 'delivery'], 'must be "at-least-once" or "at-most-once"');
  checkTimeouts(task.timeouts, [...path, 'timeout'], report);
  checkLimitsOfPerformer(task, [...path, 'timeout'], report);
  checkCompensate(task, [...path, 'compensate'], report);
  checkMay(task, [...path, 'may'], report);
  if (task.maxUsage !== undefined) checkMaxUsage(task.maxUsage, [...path, 'maxUsage'], report);
  if (task.mutex !== undefined) checkTextTemplate(task.mutex.key, [...path, 'mutex', 'key'], report);
}

function checkMay({ may = [] }: TaskDefinition, path: Path, report: Report): void {
  for (const [index, name] of may.entries())
    if (may.indexOf(name) < index) report([...path, index], `names ${name} twice`);
}

function checkForEach({ forEach }: TaskDefinition, path: Path, report: Report): void {
  if (forEach === undefined) return;
  const { concurrency, onItemFailure, need, until, rest } = forEach;
  checkCount(concurrency, [...path, 'concurrency'], report);
  if (typeof need === 'number') checkCount(need, [...path, 'need'], report);
  if (need !== undefined && onItemFailure === 'continue')
    report(
      [...path, 'onItemFailure'],
      'has no effect beside need: items may fail as long as need can be met; leave it out',
    );
  if (rest !== undefined && need === undefined && until === undefined)
    report(
      [...path, 'rest'],
      'is about items that are not needed, and all are; say how many are (need), or until when (until)',
    );
}

export function checkRetry(retry: RetryPolicy, path: Path, report: Report): void {
  checkCount(retry.maxAttempts, [...path, 'maxAttempts'], report);
  checkTime(retry.initialDelayMs, [...path, 'initialDelay'], report, 0);
  checkTime(retry.maxDelayMs, [...path, 'maxDelay'], report, 0);
  if (!(retry.factor >= 1 && retry.factor <= 100))
    report([...path, 'factor'], `must be from 1 to 100, not ${retry.factor}`);
  if (!(retry.jitter >= 0 && retry.jitter <= 1))
    report([...path, 'jitter'], `must be from 0 to 1, not ${retry.jitter}`);
  if (retry.nonRetryable.includes('')) report([...path, 'nonRetryable'], 'an error code is empty');
}

function checkTimeouts(timeouts: TaskTimeouts, path: Path, report: Report): void {
  const { attemptMs, taskMs, allMs, heartbeatMs } = timeouts;
  checkTime(attemptMs, [...path, 'attempt'], report);
  checkTime(taskMs, [...path, 'task'], report);
  checkTime(allMs, [...path, 'all'], report);
  checkTime(heartbeatMs, [...path, 'heartbeat'], report);
  if (attemptMs !== undefined && taskMs !== undefined && attemptMs > taskMs) {
    report([...path, 'attempt'], 'is longer than the timeout of the whole task, so it would never be reached');
  }
  if (attemptMs !== undefined && heartbeatMs !== undefined && heartbeatMs > attemptMs) {
    report([...path, 'heartbeat'], 'is longer than the timeout of an attempt, so it would never be reached');
  }
}

function checkLimitsOfPerformer(task: TaskDefinition, path: Path, report: Report): void {
  const { attemptMs, allMs, heartbeatMs } = task.timeouts;
  if (allMs !== undefined && !isList(task)) {
    report([...path, 'all'], 'is the limit of a whole forEach, and this task has none; the limit of a task is "task"');
  }
  if (isForAgents(task)) return;
  if (attemptMs !== undefined)
    report([...path, 'attempt'], 'is the limit of an attempt of an agent, and no agent does this task; use "task"');
  if (heartbeatMs !== undefined)
    report([...path, 'heartbeat'], 'is for agents, which send heartbeats, and no agent does this task; leave it out');
}

function checkCompensate({ compensate }: TaskDefinition, path: Path, report: Report): void {
  if (compensate === undefined) return;
  const { agent, capability, retry, timeouts } = compensate;
  if (agent === undefined && capability === undefined)
    report([...path, 'agent'], 'is missing: name the agent, or the capability, that undoes the task');
  if (agent !== undefined && capability !== undefined)
    report([...path, 'capability'], 'stands beside an agent; keep one of the two');
  if (agent !== undefined) checkAgentName(agent, [...path, 'agent'], report);
  if (capability !== undefined) checkName(capability, [...path, 'capability'], 'a capability', report);
  checkRetry(retry, [...path, 'retry'], report);
  checkTimeouts(timeouts, [...path, 'timeout'], report);
  if (timeouts.allMs !== undefined)
    report([...path, 'timeout', 'all'], 'is the limit of a whole forEach; each item is undone by itself; use "task"');
}
