import type { Agent, AgentContext, AgentTask, Clock, Json, WorkflowDefinition } from '@reprise/core';
import { seededRandom } from '@reprise/core/testing';
import { TaskGraph } from '../../../core/src/definition/task-graph.ts';
import { CURRENT_RULES } from '../../../core/src/orchestration/workflow/rules.ts';
import { taskPaths } from '../../../core/src/shared/task-path.ts';
import { randomTalk, willTalk } from './random-talk.ts';

/** One call of an agent of one process. */
export interface Call {
  readonly process: number;
  readonly agent: string;
  readonly runId: string;
  readonly taskId: string;
  readonly key: string;
  readonly round: number;
  readonly attempt: number;
  /** Events in the store when the call was made. */
  readonly seen: number;
  readonly input: string;
}

export interface RandomAgentsOptions {
  readonly seed: number;
  readonly process: number;
  readonly definition: WorkflowDefinition;
  readonly clock: Clock;
  readonly calls: Call[];
  seen(): number;
  touch(): void;
  /** So many calls of one agent run at once now. */
  atOnce(calls: number): void;
}

/** Attempts that one agent of one process may have in hand. */
export const AGENT_CONCURRENCY = 2;

const hashOf = (text: string): number => [...text].reduce((hash, char) => Math.imul(hash, 31) + char.charCodeAt(0), 7);

/** Agents whose every call has an outcome that depends on the seed, the task and the attempt alone. */
export function randomAgents(options: RandomAgentsOptions): readonly Agent<Json, unknown>[] {
  return ['worker', 'helper', 'other', 'undoer'].map((name) => {
    let running = 0;
    return {
      name,
      concurrency: AGENT_CONCURRENCY,
      // Of the others nobody knows what they use.
      ...(name === 'worker' ? { maxUsage: { tokens: 20, cost: 0.00002 } } : {}),
      handle: async (task, { signal, heartbeat, messages, usage }) => {
        note(options, name, task);
        randomUsage(options, task, usage);
        running += 1;
        options.atOnce(running);
        let over = false;
        let waits = 0;
        const end = (): void => {
          if (!over && waits === 0) running -= 1;
          over = true;
        };
        // Who waits for messages takes no room, and has some again when they are there.
        const resting = async <T>(work: Promise<T>): Promise<T> => {
          if (!over && waits === 0) running -= 1;
          waits += 1;
          try {
            return await work;
          } finally {
            waits -= 1;
            if (!over && waits === 0) {
              running += 1;
              options.atOnce(running);
            }
          }
        };
        const talk: typeof messages = {
          ...messages,
          request: (...given) => resting(messages.request(...given)),
          receiveMany: (...given) => resting(messages.receiveMany(...given)),
        };
        // One that does not heed its signal is left behind, and counts no more.
        signal.addEventListener('abort', end);
        try {
          return await behave(options, task, { signal, heartbeat, messages: talk });
        } finally {
          options.touch();
          end();
        }
      },
    };
  });
}

/** What an attempt used: mostly what it may, sometimes more; some say nothing. */
function randomUsage({ seed }: RandomAgentsOptions, task: AgentTask, usage: AgentContext['usage']): void {
  const dice = seededRandom(seed ^ hashOf(`${task.taskId}/${task.attempt}/usage`));
  const { tokens = 20, cost = 0.00002 } = task.budget ?? {};
  if (dice() < 0.15) return;
  usage({ tokens: Math.floor(dice() * (tokens + 1)) });
  if (dice() < 0.8) usage({ cost: Math.floor(dice() * cost * 1_000_000) / 1_000_000 });
  if (dice() < 0.1) usage({ tokens: tokens + 1 });
}

function note(options: RandomAgentsOptions, agent: string, task: AgentTask): void {
  const { runId, taskId, round, attempt, idempotencyKey: key } = task;
  const input = JSON.stringify(task.input);
  options.calls.push({
    ...{ process: options.process, agent, runId, taskId, key, round, attempt },
    ...{ seen: options.seen(), input },
  });
  // An agent may do to its input what it likes.
  if (typeof task.input === 'object' && task.input !== null) Object.assign(task.input, { scribbled: true });
}

async function behave(
  options: RandomAgentsOptions,
  task: AgentTask,
  { signal, heartbeat, messages }: Pick<AgentContext, 'signal' | 'heartbeat' | 'messages'>,
): Promise<unknown> {
  const dice = seededRandom(options.seed ^ hashOf(`${task.taskId}/${task.attempt}`));
  const wait = (ms: number): Promise<void> => new Promise((resolve) => options.clock.schedule(ms, () => resolve()));
  const path = taskPaths(CURRENT_RULES).definition(task.taskId);
  const timeouts = TaskGraph.of(options.definition).node(path)?.definition.timeouts;
  const roll = dice();
  if (dice() < 0.7) await wait(Math.floor(dice() * (dice() < 0.2 ? 8000 : 200)));
  heartbeat();
  if (willTalk(task, dice)) await randomTalk(options.definition, task, messages, dice);
  if (roll < 0.15) throw Object.assign(new Error('scripted'), { code: 'BOOM', retryable: true });
  if (roll < 0.2) throw Object.assign(new Error('scripted'), { code: 'FATAL' });
  if (roll < 0.23) return 10n;
  if (roll < 0.3 && timeouts?.attemptMs !== undefined) {
    // Never answers, unless it is told to stop and is one of those that listen.
    return new Promise((_, reject) => {
      if (dice() < 0.5) signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    });
  }
  return { task: task.taskId, attempt: task.attempt, length: Math.floor(dice() * 1000) };
}
