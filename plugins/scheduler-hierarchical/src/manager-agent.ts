import type { Agent, AgentContext, AgentTask, JsonObject } from '@reprise/core/plugin';
import type { ManagerReply, ManagerTask } from './contract.ts';
import { MANAGER_REPLY_SCHEMA, MANAGER_TASK_SCHEMA } from './schemas.ts';

type Schema<Value> = NonNullable<Agent<Value, Value>['inputSchema']>;

/** Tells whoever checks a workflow what goes in or comes out. It lets everything pass: the strategy says of an answer what is wrong, and asks again. */
function told<Value>(json: JsonObject): Schema<Value> {
  const side = (): JsonObject => json;
  const validate = (value: unknown): { readonly value: Value } => ({ value: value as Value });
  const standard = { version: 1, vendor: 'reprise', validate, jsonSchema: { input: side, output: side } };
  return { '~standard': standard } as unknown as Schema<Value>;
}

export interface ManagerAgentOptions extends Omit<Agent, 'inputSchema' | 'outputSchema' | 'handle'> {
  /** What there is to do now, in answer to what has happened. `task.error`: what the attempt before failed with. */
  readonly decide: (
    asked: ManagerTask,
    task: AgentTask<ManagerTask>,
    context: AgentContext,
  ) => ManagerReply | Promise<ManagerReply>;
}

/** An agent that leads teams, typed by what it is handed and gives. An answer of no use is asked for again: `asked.wrong` says what was wrong. */
export function managerAgent({ decide, ...agent }: ManagerAgentOptions): Agent<ManagerTask, ManagerReply> {
  return {
    ...agent,
    inputSchema: told<ManagerTask>(MANAGER_TASK_SCHEMA),
    outputSchema: told<ManagerReply>(MANAGER_REPLY_SCHEMA),
    handle: (task, context) => decide(task.input, task, context),
  };
}

/** What a model is told of its part, as the `system` of an agent of @reprise/agent-llm; its `schema` is MANAGER_REPLY_SCHEMA. */
export const MANAGER_SYSTEM = `You lead a team. You do no work of your own: you plan steps, delegate them to workers, and review what they give.
You are handed JSON: "ask" says what is asked of you. "plan": break the goal into steps. "next": read the news, and say what is to be done now. "replan": the plan before led nowhere; plan otherwise, with what you know.
Answer with one JSON object { "progress", "facts", "do" }. "do" is a list, done in its order, of: { "plan": [steps] }, { "assign": step, "to": worker }, { "accept": step }, { "reject": step, "feedback": why }, { "replan": [steps] }, { "finish": result }, { "finishWith": step }, { "giveUp": why }.
A step is { "step": name, "work": what is to be done, "to": worker, "after": [steps before] }. A worker knows only its step and the results of those before.
Accept or reject whatever has "review": true. Finish as soon as the goal is reached. "left" is what may still be spent. "wrong" is what was wrong with your answer before: nothing of it was done.`;
