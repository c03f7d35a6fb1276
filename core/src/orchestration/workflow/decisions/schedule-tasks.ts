import type { TaskDefinition } from '../../../definition/definition.ts';
import type { TaskGraph } from '../../../definition/task-graph.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import { roughSize } from '../../../shared/json-size.ts';
import { bindInput, scopeOf } from '../../task-chaining/input-binding.ts';
import { bindingSource, itemBinding } from '../binding-source.ts';
import type { ScheduleTasks } from '../commands.ts';
import type { RunEvent } from '../events.ts';
import { payloadSize, turnCost } from '../payload-size.ts';
import type { RunState, TaskState } from '../state.ts';
import type { DecisionContext } from './decision-context.ts';
import { beyondLimit, giveUp } from './outcome.ts';

/** Takes what the strategy chose and the state allows: the task is ready, a slot is free. The rest is passed over. */
export function schedule(state: RunState, command: ScheduleTasks, context: DecisionContext): readonly RunEvent[] {
  if (state.status !== 'running') return [];
  const { graph } = state;
  const events: RunEvent[] = [];
  const chosen = new Set<string>();
  const { sliceChars = Number.POSITIVE_INFINITY } = context;
  let slots = state.definition.concurrency - state.inFlight;
  let chars = 0;
  let cost = 0;
  for (const { taskId, agent } of command.assignments) {
    const task = state.tasks.get(taskId);
    if (slots <= 0 || cost > sliceChars) break;
    if (task?.status !== 'ready' || chosen.has(taskId)) continue;
    chosen.add(taskId);
    const definition = graph.node(task.definitionId)?.definition;
    if (definition === undefined) continue;
    const scheduled = scheduleTask(state, graph, task, definition, agent, { context, chars });
    if (scheduled[0]?.type === 'TaskScheduled') slots -= 1;
    for (const event of scheduled) {
      events.push(event);
      chars += payloadSize(event);
      cost += turnCost(event);
    }
  }
  return events;
}

function scheduleTask(
  state: RunState,
  graph: TaskGraph,
  task: TaskState,
  definition: TaskDefinition,
  agent: string,
  { context, chars }: { readonly context: DecisionContext; readonly chars: number },
): readonly RunEvent[] {
  const at = context.now;
  const attempt = task.attempt + 1;
  const base = { type: 'TaskScheduled', at, taskId: task.id, attempt, agent } as const;
  const events: RunEvent[] = [];
  if (task.input !== undefined) {
    events.push(base);
  } else {
    const bound = inputOf(state, graph, task, context);
    if (!bound.ok) return giveUp(state, task, definition, { error: bound.error }, context);
    const size = chars + roughSize(bound.value);
    const error = beyondLimit(state, `the input of '${task.id}'`, size, context);
    if (error !== undefined) return giveUp(state, task, definition, { error }, context);
    events.push({ ...base, input: bound.value });
  }
  // At-most-once: that the attempt began is durable before any agent can be called.
  if (definition.delivery === 'at-most-once') {
    events.push({ type: 'TaskStarted', at, taskId: task.id, attempt, worker: 'at-most-once' });
  }
  return events;
}

/** What a fallback task is told of the failure: everything but our word on retries. */
function toHandOver(error: ErrorData | undefined): Json {
  if (error === undefined) return null;
  const { code, message, status, details, cause } = error;
  return {
    code,
    message,
    ...(status === undefined ? {} : { status }),
    ...(details === undefined ? {} : { details }),
    ...(cause === undefined ? {} : { cause: toHandOver(cause) }),
  };
}

function inputOf(state: RunState, graph: TaskGraph, task: TaskState, context: DecisionContext) {
  const origin = graph.node(task.definitionId)?.fallbackFor;
  const failed = origin === undefined ? undefined : state.tasks.get(origin);
  if (failed !== undefined && graph.node(task.definitionId)?.definition.input === undefined) {
    // The input was accepted once, and errors are bounded.
    return { ok: true, value: { input: failed.input ?? null, error: toHandOver(failed.error) } } as const;
  }
  const source = bindingSource(state);
  const item = itemBinding(state, task);
  const scope = () => scopeOf(graph, source, task.definitionId, task.round, item);
  return bindInput(graph, source, task.definitionId, scope, context.maxPayloadChars, item);
}
