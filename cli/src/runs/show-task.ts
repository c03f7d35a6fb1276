import { BUDGETS, type ErrorData, formatDuration, type Usage } from '@reprise/core';
import { jsonBlock } from '../output/json-block.ts';
import { taskShape } from '../output/json-shapes.ts';
import { asStatus, statusText } from '../output/status.ts';
import type { Screen, Terminal } from '../output/terminal.ts';
import { count, isoOrNull, isoTime, localTime, plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { withReader } from '../store/with-reader.ts';
import { assertTask } from './assert-task.ts';
import { type TaskAttempt, type TaskStory, taskStory } from './task-attempts.ts';

/** Prints one task of a run: its input, its output, and each attempt with what it failed with, all of it in full. */
export async function showTask(run: string, taskId: string, where: Whereabouts, terminal: Terminal): Promise<void> {
  const { out, json } = terminal;
  await withReader(where, async ({ reader, storage }) => {
    const runId = await resolveRun(storage, reader, run);
    await assertTask(reader, runId, 'TASK', taskId);
    const story = await taskStory(reader, runId, taskId);
    if (json) return out.json(storyShape(runId, taskId, story));
    for (const line of storyLines(out, runId, taskId, story)) await out.line(line);
  });
}

function storyShape(runId: string, taskId: string, { task, via, attempts, said }: TaskStory): object {
  return {
    runId,
    taskId,
    ...(task === undefined ? { status: 'pending' } : taskShape(task)),
    via: via ?? null,
    attempts: attempts.map(attemptShape),
    said: said.map(({ at, by, reason, ...one }) => ({
      ...one,
      at: isoTime(at),
      by: by ?? null,
      reason: reason ?? null,
    })),
  };
}

const attemptShape = ({ scheduledAt, startedAt, endedAt, retryAt, usage, ...one }: TaskAttempt): object => ({
  attempt: one.attempt,
  round: one.round,
  status: one.status,
  agent: one.agent ?? null,
  worker: one.worker ?? null,
  scheduledAt: isoOrNull(scheduledAt),
  startedAt: isoOrNull(startedAt),
  endedAt: isoOrNull(endedAt),
  input: one.input ?? null,
  output: one.output ?? null,
  error: one.error ?? null,
  retryAt: isoOrNull(retryAt),
  usage: usage ?? null,
});

function* storyLines(screen: Screen, runId: string, taskId: string, story: TaskStory): Generator<string> {
  const { task, via, attempts, said } = story;
  const status = task?.status ?? 'pending';
  yield `${screen.style('bold', plain(taskId))} of run ${plain(runId)}  ${statusText(screen, status)}`;
  if (task === undefined) {
    yield 'It has not begun.';
    return;
  }
  const facts: (readonly [string, string])[] = [
    ...(task.agent === undefined ? [] : [['Agent', plain(task.agent)] as const]),
    ...(task.round === 1 ? [] : [['Round', String(task.round)] as const]),
    ...(via === undefined ? [] : [['Completed', `by ${via}`] as const]),
    ...(task.skippedBecause === undefined ? [] : [['Skipped', task.skippedBecause] as const]),
    ...(task.cancelledBecause === undefined ? [] : [['Cancelled', task.cancelledBecause] as const]),
    ...(task.signal === undefined ? [] : [['Signal', plain(task.signal)] as const]),
    ...(task.child === undefined ? [] : [['Child run', plain(task.child)] as const]),
    ...(task.wakeAt === undefined ? [] : [['Until', localTime(task.wakeAt)] as const]),
    ...(task.items === undefined
      ? []
      : [['Items', `${task.items.completed} of ${task.items.total} completed, ${task.items.ended} ended`] as const]),
  ];
  const width = Math.max(0, ...facts.map(([name]) => name.length));
  for (const [name, value] of facts) yield `${screen.style('dim', name.padEnd(width))}  ${value}`;
  yield screen.style('dim', 'Input');
  yield* task.input === undefined ? ['  none'] : jsonBlock(task.input);
  if (task.output !== undefined) {
    yield screen.style('dim', 'Output');
    yield* jsonBlock(task.output);
  }
  if (task.error !== undefined && attempts.every(({ error }) => error === undefined)) {
    yield screen.style('dim', 'Error');
    yield* errorLines(screen, task.error, '  ');
  }
  yield screen.style('dim', attempts.length === 0 ? 'No attempt was made.' : 'Attempts');
  for (const [index, one] of attempts.entries()) yield* attemptLines(screen, one, attempts[index - 1]);
  if (said.length > 0) yield screen.style('dim', 'Said from outside');
  for (const { revision, type, at, by, reason } of said)
    yield `  ${localTime(at)}  event ${revision} ${type}, by ${plain(by ?? 'somebody')}${reason === undefined ? '' : `: ${plain(reason)}`}`;
}

function* attemptLines(screen: Screen, one: TaskAttempt, before: TaskAttempt | undefined): Generator<string> {
  const { attempt, status, agent, worker, startedAt, scheduledAt, endedAt, error, output, usage } = one;
  const looks = status === 'lost' ? 'failed' : status === 'aborted' ? 'cancelled' : status;
  const from = startedAt ?? scheduledAt;
  const took =
    endedAt === undefined || from === undefined ? [] : [`took ${formatDuration(Math.max(0, endedAt - from))}`];
  const parts = [
    asStatus(screen, looks, status),
    ...(agent === undefined ? [] : [plain(agent)]),
    ...(worker === undefined ? [] : [plain(worker)]),
    ...(from === undefined ? [] : [localTime(from)]),
    ...took,
    ...usageParts(usage),
  ];
  yield `  ${screen.style('bold', String(attempt))}  ${parts.join('  ')}`;
  if (one.round !== (before?.round ?? 1)) yield `     round ${one.round}`;
  if (error !== undefined) yield* errorLines(screen, error, '     ');
  if (one.retryAt !== undefined) yield `     again at ${localTime(one.retryAt)}`;
  // That of the last is that of the task.
  if (before !== undefined && JSON.stringify(before.input) !== JSON.stringify(one.input)) {
    yield '     with another input';
    yield* jsonBlock(one.input, '       ');
  }
  if (status === 'handed-off' && output !== undefined) yield* jsonBlock(output, '       ');
}

/** An error and all of its causes, with everything that they say of themselves. */
function* errorLines(screen: Screen, error: ErrorData, indent: string): Generator<string> {
  for (let at: ErrorData | undefined = error, head = ''; at !== undefined; at = at.cause, head = 'Cause  ') {
    const [first = '', ...more] = `${at.code}: ${at.message}`.split('\n');
    yield `${indent}${head}${screen.style('red', plain(first))}${at.retryable ? '' : '  (not to be tried again)'}`;
    for (const line of more) yield `${indent}  ${plain(line)}`;
    if (at.type !== undefined) yield `${indent}  type ${plain(at.type)}`;
    if (at.status !== undefined) yield `${indent}  status ${plain(String(at.status))}`;
    if (at.retryAfterMs !== undefined)
      yield `${indent}  asked for ${formatDuration(at.retryAfterMs)} until the next try`;
    if (at.details !== undefined) {
      yield `${indent}  details`;
      yield* jsonBlock(at.details, `${indent}    `);
    }
  }
}

const usageParts = (usage: Usage = {}): readonly string[] =>
  BUDGETS.flatMap((kind) => {
    const amount = usage[kind];
    if (amount === undefined) return [];
    return [kind === 'cost' ? `cost ${amount / 1_000_000}` : count(amount, kind.slice(0, -1))];
  });
