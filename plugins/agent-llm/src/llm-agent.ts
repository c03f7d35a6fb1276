import {
  type Agent,
  type AgentContext,
  type AgentTask,
  type Clock,
  defineAgent,
  type Json,
  type JsonObject,
  type MaxUsage,
} from '@reprise/core/plugin';
import type { ModelMessage } from 'ai';
import { messagesBefore, promptOf, systemOf } from './conversation.ts';
import { LlmError } from './errors.ts';
import { judge, type Verdict } from './judge.ts';
import type { AgentOptions } from './options.ts';
import { Progress } from './progress.ts';
import type { Reply, Requests } from './request.ts';
import type { Settings } from './settings.ts';
import { failedCall, idsOf, type Place, placeOf, type Turn, type TurnCall, tasksAfter } from './turn.ts';
import { added, NOTHING_USED, type Usage } from './usage.ts';

export interface LlmAgentParts {
  readonly requests: Requests;
  readonly clock: Clock;
}

/** One agent. Each attempt is one turn: it ends with the answer, or with the tasks that go on from it. */
export function createLlmAgent(
  settings: Settings,
  { description, capabilities, concurrency }: Pick<AgentOptions, 'description' | 'capabilities' | 'concurrency'>,
  parts: LlmAgentParts,
): Agent {
  return defineAgent({
    name: settings.name,
    ...(description === undefined ? {} : { description }),
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(settings.maxUsage === undefined ? {} : { maxUsage: settings.maxUsage }),
    ...(settings.schema === undefined || givesRecord(settings) ? {} : { outputSchema: settings.schema.told }),
    handle: (task: AgentTask<Json>, context: AgentContext) => take(task, context, settings, parts),
  }) as unknown as Agent;
}

const givesRecord = ({ tools, record }: Settings): boolean => tools.size > 0 || record;

async function take(
  task: AgentTask<Json>,
  context: AgentContext,
  settings: Settings,
  parts: LlmAgentParts,
): Promise<Json> {
  const failed = failedCall(task);
  if (failed !== undefined) return failed as unknown as Json;
  const hasTools = settings.tools.size > 0;
  // Before anything is paid for.
  if (hasTools) assertAllowed(task);
  const place = placeOf(task);
  const prompt = place.turn === 1 ? promptOf(task.input, settings) : undefined;
  const system = systemOf(settings);
  const { budget } = task;
  const asking = {
    settings,
    parts,
    context,
    budget,
    place,
    system,
    messages: prompt ?? messagesBefore(place, settings),
  };
  const { reply, verdict, repairs, usage } = await converse(asking);
  const calls = verdict.kind === 'calls' ? turnCalls(reply, place) : [];
  const turn: Turn = {
    turn: place.turn,
    model: reply.model,
    parameters: parametersOf(settings),
    ...(prompt === undefined ? {} : { prompt }),
    ...(prompt === undefined || system === undefined ? {} : { system }),
    ...(reply.text === '' ? {} : { text: reply.text }),
    ...(calls.length === 0 ? {} : { calls }),
    ...(verdict.kind === 'answer' ? { answer: verdict.answer } : {}),
    ...(repairs.length === 0 ? {} : { repairs }),
    finishReason: reply.finishReason,
    usage,
  };
  context.emit({ kind: 'usage', turn: place.turn, ...usage });
  context.logger.info('the model answered', {
    model: reply.model,
    turn: place.turn,
    finishReason: reply.finishReason,
    ...usage,
  });
  if (verdict.kind === 'answer' && !givesRecord(settings)) return verdict.answer;
  if (verdict.kind === 'answer' && hasTools) context.finish(verdict.answer);
  if (calls.length > 0) context.spawn(tasksAfter(place, calls, settings));
  return turn as unknown as Json;
}

function assertAllowed({ may, taskId }: Pick<AgentTask, 'may' | 'taskId'>): void {
  const missing = ['spawn', 'finish'].filter((one) => !may.some((allowed) => allowed === one));
  if (missing.length > 0)
    throw new LlmError(
      'LLM_TOOLS_NOT_ALLOWED',
      `The agent has tools, and '${taskId}' does not say may: ${missing.join(', ')}.`,
    );
  if (taskId.endsWith(']'))
    throw new LlmError(
      'LLM_TOOLS_NOT_ALLOWED',
      `The agent has tools, and '${taskId}' is an item of a list: its answer would end the list.`,
    );
}

interface Asking {
  readonly settings: Settings;
  readonly parts: LlmAgentParts;
  readonly context: AgentContext;
  readonly budget: MaxUsage | undefined;
  readonly place: Place;
  readonly system: string | undefined;
  readonly messages: readonly ModelMessage[];
}

interface Conversed {
  readonly reply: Reply;
  readonly verdict: Exclude<Verdict, { readonly kind: 'repair' }>;
  readonly repairs: NonNullable<Turn['repairs']>;
  readonly usage: Usage;
}

/** Asks until a reply is of use, as often as may be. What was used until then is in the details of the error, when it fails. */
async function converse({ settings, parts, context, budget, place, system, messages }: Asking): Promise<Conversed> {
  const progress = new Progress(context, parts.clock, place.turn);
  const asked = [...messages];
  const repairs: { said: string; problem: string }[] = [];
  let usage = NOTHING_USED;
  try {
    for (;;) {
      progress.begin();
      const reply = await parts.requests.ask({
        settings,
        system,
        messages: asked,
        mayCall: place.turn < settings.maxTurns,
        traceparent: context.traceparent,
        signal: context.signal,
        heard: (kind, text) => progress.heard(kind, text),
      });
      progress.flush();
      usage = added(usage, reply.usage);
      report(reply.usage, context);
      assertWhole(reply, settings);
      const verdict = await judge(reply, settings);
      if (verdict.kind !== 'repair') return { reply, verdict, repairs, usage };
      const { of, said, problem } = verdict;
      repairs.push({ said, problem });
      // What it may use is used: another request would be more.
      if (repairs.length > settings.repairs || isUsedUp(usage, budget)) throw useless(of, repairs);
      asked.push({ role: 'assistant', content: said }, { role: 'user', content: problem });
    }
  } catch (error) {
    throw error instanceof LlmError && usage.requests > 0 ? error.with({ usage }) : error;
  }
}

/** Of a server that does not tell, nothing is said: then what was reserved counts. */
function report({ untold, inputTokens, outputTokens, cost }: Usage, context: AgentContext): void {
  if (untold === undefined)
    context.usage({ tokens: inputTokens + outputTokens, ...(cost === undefined ? {} : { cost }) });
}

const isUsedUp = (used: Usage, { tokens, cost }: MaxUsage = {}): boolean =>
  (tokens !== undefined && used.inputTokens + used.outputTokens >= tokens) ||
  (cost !== undefined && used.cost !== undefined && used.cost >= cost);

/** An answer that was cut off is none. */
function assertWhole({ finishReason, usage }: Reply, { model }: Settings): void {
  if (finishReason === 'length')
    throw new LlmError('LLM_OUTPUT_TRUNCATED', `${model} was cut off after ${usage.outputTokens} tokens.`);
  if (finishReason === 'content-filter')
    throw new LlmError('LLM_OUTPUT_FILTERED', `The answer of ${model} was held back by a filter of the server.`);
}

function useless(of: 'answer' | 'calls', repairs: NonNullable<Turn['repairs']>): LlmError {
  const last = repairs.at(-1);
  const times = `${repairs.length} ${repairs.length === 1 ? 'reply' : 'replies'}`;
  const details = { problem: last?.problem, said: last?.said.slice(0, MOST_SAID) };
  return of === 'answer'
    ? new LlmError('LLM_OUTPUT_INVALID', `None of ${times} of the model fits: ${firstProblem(last?.problem)}.`, {
        details,
      })
    : new LlmError(
        'LLM_TOOL_CALL_INVALID',
        `None of ${times} of the model calls a tool as it can be called: ${firstProblem(last?.problem)}.`,
        { details },
      );
}

const MOST_SAID = 4000;

const firstProblem = (problem = ''): string => /^- (.*)$/m.exec(problem)?.[1] ?? problem.split('\n')[0] ?? '';

/** Ids of the server are kept where they tell calls apart. */
function turnCalls({ calls }: Reply, place: Place): readonly TurnCall[] {
  const tasks = idsOf(
    calls.map(({ tool }) => tool),
    place,
  );
  const isApart = new Set(calls.map(({ id }) => id)).size === calls.length && calls.every(({ id }) => id !== '');
  return calls.map(({ id, tool, input }, index) => ({
    id: isApart ? id : `call-${place.turn}-${index + 1}`,
    tool,
    task: tasks[index] ?? '',
    input: input as Json,
  }));
}

function parametersOf({
  model,
  temperature,
  topP,
  maxOutputTokens,
  parameters,
  schema,
  structured,
  tools,
}: Settings): JsonObject {
  const all = {
    ...parameters,
    model,
    temperature,
    topP,
    maxOutputTokens,
    structuredOutput: schema === undefined ? undefined : structured,
    tools: tools.size === 0 ? undefined : [...tools.keys()],
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as JsonObject;
}
