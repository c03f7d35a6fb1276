import { type Json, type JsonObject, jsonProblem } from '../../shared/json.ts';
import { jsonSize } from '../../shared/json-size.ts';
import {
  AMOUNTS,
  BUDGETS,
  type Budget,
  DEFAULT_RETRY,
  type MaxUsage,
  OF_AGENTS,
  type OnBudget,
  type RetryPolicy,
  type TaskTimeouts,
} from '../definition.ts';
import type { Path, Report } from '../problem.ts';
import { describe, isFields, readChoice, readDuration, readFields, readNumber, readText, readTexts } from './read.ts';

/** Of performers that are entered, not tried: one attempt, unless more are asked for. */
export const NO_RETRY: RetryPolicy = { ...DEFAULT_RETRY, maxAttempts: 1 };

/** Why a performer has no `retry`, and what there is instead. */
export const NO_RETRY_HERE = 'has no effect: there are no attempts to make again; leave it out';
export const NO_RETRY_OF_SCOPES = 'is for attempts; to run a scope again, use catch … then: retry, or loop';

/** The longest delay when none is written: a minute, or the first delay where that is longer. */
export const defaultMaxDelay = (initialDelayMs: number): number => Math.max(DEFAULT_RETRY.maxDelayMs, initialDelayMs);

/** Attempts in all, or a policy. A longest delay below the first one is a mistake when both are written. */
export function readRetry(value: unknown, path: Path, report: Report, unsaid = DEFAULT_RETRY): RetryPolicy {
  if (value === undefined) return unsaid;
  if (typeof value === 'number') return { ...DEFAULT_RETRY, maxAttempts: value };
  const keys = ['maxAttempts', 'initialDelay', 'factor', 'maxDelay', 'jitter', 'nonRetryable'];
  const fields = readFields(value, path, report, 'a number of attempts or a policy', keys) ?? {};
  const at = (key: string): Path => [...path, key];
  const initialDelay = readDuration(fields['initialDelay'], at('initialDelay'), report);
  const maxDelay = readDuration(fields['maxDelay'], at('maxDelay'), report);
  if (initialDelay !== undefined && maxDelay !== undefined && maxDelay < initialDelay) {
    report(
      at('maxDelay'),
      `is ${maxDelay}ms, shorter than the initialDelay of ${initialDelay}ms; make it at least as long, or leave it out`,
    );
  }
  const initialDelayMs = initialDelay ?? DEFAULT_RETRY.initialDelayMs;
  return {
    maxAttempts: readNumber(fields['maxAttempts'], at('maxAttempts'), report) ?? DEFAULT_RETRY.maxAttempts,
    initialDelayMs,
    factor: readNumber(fields['factor'], at('factor'), report) ?? DEFAULT_RETRY.factor,
    maxDelayMs: maxDelay ?? defaultMaxDelay(initialDelayMs),
    jitter: readNumber(fields['jitter'], at('jitter'), report) ?? DEFAULT_RETRY.jitter,
    nonRetryable: readTexts(fields['nonRetryable'], at('nonRetryable'), report),
  };
}

/** A duration (of an attempt, or where there are none of the task), or `{ attempt, task, all, heartbeat }`. */
export function readTimeouts(value: unknown, path: Path, report: Report, bare: 'attempt' | 'task'): TaskTimeouts {
  if (value === undefined) return {};
  if (!isFields(value)) {
    const ms = readDuration(value, path, report);
    if (ms === undefined) return {};
    return bare === 'attempt' ? { attemptMs: ms } : { taskMs: ms };
  }
  const keys = ['attempt', 'task', 'all', 'heartbeat'];
  const fields = readFields(value, path, report, 'a duration or an object', keys) ?? {};
  const attemptMs = readDuration(fields['attempt'], [...path, 'attempt'], report);
  const taskMs = readDuration(fields['task'], [...path, 'task'], report);
  const allMs = readDuration(fields['all'], [...path, 'all'], report);
  const heartbeatMs = readDuration(fields['heartbeat'], [...path, 'heartbeat'], report);
  return {
    ...(attemptMs !== undefined && { attemptMs }),
    ...(taskMs !== undefined && { taskMs }),
    ...(allMs !== undefined && { allMs }),
    ...(heartbeatMs !== undefined && { heartbeatMs }),
  };
}

/** The longest that may be said of the strategy of a team, in characters of JSON. */
const MAX_TEAM_CHARS = 64 * 1024;

/** The name of a strategy, or `{ name, … }` of one that leads a team. */
export function readStrategy(value: unknown, path: Path, report: Report): { strategy?: string; team?: JsonObject } {
  if (value === undefined) return {};
  if (!isFields(value)) {
    const strategy = readText(value, path, report);
    return strategy === undefined ? {} : { strategy };
  }
  const { name, ...team } = value;
  if (name === undefined) report(path, 'needs the name of the strategy: { name, … }');
  const problem = jsonProblem(team);
  if (problem !== undefined) report(path, `is not plain JSON: ${problem}`);
  else if (jsonSize(team as Json, MAX_TEAM_CHARS) > MAX_TEAM_CHARS)
    report(path, `is longer than ${MAX_TEAM_CHARS} characters; what varies from run to run belongs into the input`);
  const strategy = readText(name, [...path, 'name'], report);
  return {
    ...(strategy !== undefined && { strategy }),
    team: problem === undefined ? (JSON.parse(JSON.stringify(team)) as JsonObject) : {},
  };
}

/** `{ tasks, attempts, messages, delegations, tokens, cost }`, each a number, and `agents`: the like, by the name of the agent. */
export function readBudget(value: unknown, path: Path, report: Report): Budget | undefined {
  if (value === undefined) return undefined;
  const fields = readFields(
    value,
    path,
    report,
    'an object, { tasks, attempts, messages, delegations, tokens, cost }',
    [...BUDGETS, 'agents', 'onBudget'],
  );
  if (fields === undefined) return undefined;
  const limits = readAmounts(fields, BUDGETS, path, report);
  const agents = readAgentBudgets(fields['agents'], [...path, 'agents'], report);
  if (Object.keys(limits).length === 0 && agents === undefined)
    report(
      path,
      'limits nothing: say how many tasks, attempts, messages, delegations or tokens there may be, or what cost',
    );
  const onBudget = readOnBudget(fields['onBudget'], [...path, 'onBudget'], report);
  return { ...limits, ...(agents === undefined ? {} : { agents }), ...(onBudget === undefined ? {} : { onBudget }) };
}

function readOnBudget(value: unknown, path: Path, report: Report): OnBudget | undefined {
  if (value === undefined) return undefined;
  if (!isFields(value)) return readChoice(value, path, report, ['stop'] as const);
  const fields = readFields(value, path, report, 'stop, { agent } or { ask, timeout }', ['agent', 'ask', 'timeout']);
  if (fields === undefined) return undefined;
  const agent = readText(fields['agent'], [...path, 'agent'], report);
  const ask = readText(fields['ask'], [...path, 'ask'], report);
  const timeoutMs = readDuration(fields['timeout'], [...path, 'timeout'], report);
  if (fields['agent'] !== undefined && (fields['ask'] ?? fields['timeout']) !== undefined) {
    report(path, 'either names an agent, or somebody to ask: { agent: cheaper }, or { ask: kim, timeout: 1h }');
    return undefined;
  }
  if (fields['agent'] === undefined && fields['ask'] === undefined)
    report(path, 'names nobody: { agent: cheaper }, or { ask: kim, timeout: 1h }');
  if (agent !== undefined) return { agent };
  return ask === undefined ? undefined : { ask, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
}

function readAgentBudgets(value: unknown, path: Path, report: Report): Budget['agents'] {
  if (value === undefined) return undefined;
  if (!isFields(value)) {
    report(path, `must be an object, { agent: { ${OF_AGENTS.join(', ')} } }, not ${describe(value)}`);
    return undefined;
  }
  const agents = Object.entries(value).flatMap(([agent, written]) => {
    const at = [...path, agent];
    const fields = readFields(written, at, report, `an object, { ${OF_AGENTS.join(', ')} }`, OF_AGENTS);
    if (fields === undefined) return [];
    const limits = readAmounts(fields, OF_AGENTS, at, report);
    if (Object.keys(limits).length === 0) report(at, `limits nothing: say ${OF_AGENTS.join(', or ')}`);
    return [[agent, limits] as const];
  });
  if (agents.length === 0) report(path, 'limits nothing: name an agent');
  return Object.fromEntries(agents);
}

/** What attempts use at most: `{ tokens, cost }`. */
export function readMaxUsage(value: unknown, path: Path, report: Report): MaxUsage | undefined {
  if (value === undefined) return undefined;
  const fields = readFields(value, path, report, `an object, { ${AMOUNTS.join(', ')} }`, AMOUNTS);
  if (fields === undefined) return undefined;
  const usage = readAmounts(fields, AMOUNTS, path, report);
  if (Object.keys(usage).length === 0) report(path, `says nothing: say ${AMOUNTS.join(', or ')}`);
  return usage;
}

function readAmounts<Kind extends string>(
  fields: Readonly<Record<string, unknown>>,
  kinds: readonly Kind[],
  path: Path,
  report: Report,
): Readonly<Partial<Record<Kind, number>>> {
  const amounts = kinds.flatMap((kind) => {
    const amount = readNumber(fields[kind], [...path, kind], report);
    return amount === undefined ? [] : [[kind, amount] as const];
  });
  return Object.fromEntries(amounts) as Partial<Record<Kind, number>>;
}
