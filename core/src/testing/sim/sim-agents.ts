import type { Agent, AgentContext, AgentTask } from '../../agent/agent.ts';
import { askedOf } from '../../definition/asked-of.ts';
import { isRemote } from '../../definition/remote-agent.ts';
import type { AgentReference, Workflow } from '../../definition/workflow.ts';
import type { Json } from '../../shared/json.ts';
import { type AgentScript, pass, perform } from '../script.ts';
import type { VirtualTime } from '../virtual-time.ts';
import { exampleOfStandard } from './example.ts';
import { dicesOf, type FaultPlan } from './fault.ts';

/** Who plays an agent: what its output schema lets through, the function of the project, or a script. */
export type PlayedBy = 'schema' | 'project' | 'script' | 'nothing';

export interface SimAgentsOptions {
  readonly workflows: readonly Workflow[];
  /** Those of the project. */
  readonly agents: readonly AgentReference[];
  readonly scripts: Readonly<Record<string, AgentScript>>;
  /** Whether their own functions are called. */
  readonly real: boolean;
}

/** An agent that tasks ask for, and what it is played by. */
export interface Cast {
  readonly name: string;
  readonly by: PlayedBy;
  readonly agent: Partial<Agent<Json, unknown>>;
}

type Known = Partial<Agent<Json, unknown>>;

/** Every agent that there is, or that a task asks for. One without a schema and without a script gives null. */
export function castOf({ workflows, agents, scripts, real }: SimAgentsOptions): readonly Cast[] {
  const known = new Map<string, Known>();
  for (const agent of [...agents, ...workflows.flatMap((one) => one.agents)]) {
    const { name, capabilities, inputSchema, outputSchema, concurrency, maxUsage, handle } = agent as Agent<Json>;
    const given = { capabilities, inputSchema, outputSchema, concurrency, maxUsage };
    const own = isRemote(agent) ? {} : { handle: (...task: Parameters<typeof handle>) => handle.call(agent, ...task) };
    known.set(name, Object.fromEntries(Object.entries({ ...given, ...own }).filter(([, one]) => one !== undefined)));
  }
  const offered = new Set([...known.values()].flatMap(({ capabilities }) => capabilities ?? []));
  for (const { agent, capability } of workflows.flatMap(({ definition }) => [...askedOf(definition.tasks)])) {
    if (agent !== undefined && !known.has(agent)) known.set(agent, {});
    if (capability !== undefined && !offered.has(capability) && !known.has(capability))
      known.set(capability, { capabilities: [capability] });
  }
  for (const name of Object.keys(scripts)) if (!known.has(name)) known.set(name, {});
  return [...known].map(([name, agent]) => {
    if (Object.hasOwn(scripts, name)) return { name, by: 'script', agent };
    if (real && agent.handle !== undefined) return { name, by: 'project', agent };
    return { name, by: agent.outputSchema === undefined ? 'nothing' : 'schema', agent };
  });
}

export interface PlayingParts {
  readonly scripts: Readonly<Record<string, AgentScript>>;
  readonly seed: number;
  readonly plan: FaultPlan;
  readonly time: VirtualTime;
  called(cast: Cast, task: AgentTask): void;
  /** The simulation cannot go on. */
  cannot(error: unknown): never | Promise<never>;
  /** How often this agent was called for the task before. */
  nth(agent: string, task: AgentTask): number;
}

/** The agents of one process. */
export function play(cast: readonly Cast[], parts: PlayingParts): readonly Agent<Json, unknown>[] {
  return cast.map((one) => {
    const { name, by, agent } = one;
    const { handle: own, ...rest } = agent;
    const script = by === 'project' ? own : parts.scripts[name];
    const handle = async (task: AgentTask, context: AgentContext): Promise<unknown> => {
      const nth = parts.nth(name, task);
      parts.called(one, task);
      const { seed, time } = parts;
      const fault = parts.plan.use(`task ${task.runId} ${task.taskId}`, ['fail', 'slow', 'hang']);
      if (fault?.kind === 'hang') return new Promise<never>(() => undefined);
      if (fault?.kind === 'slow') await pass(time, fault.ms ?? 0);
      const dice = dicesOf(seed, `output ${name} ${task.idempotencyKey}`);
      if (script === undefined) await pass(time, 1 + Math.floor(dice() * LONGEST_WORK_MS));
      if (fault?.kind === 'fail') throw failure(name);
      if (script !== undefined) return perform(script as AgentScript, nth, task, context, time);
      if (agent.outputSchema === undefined) return null;
      const made = exampleOfStandard(agent.outputSchema, `the output schema of agent '${name}'`, dice);
      // That is no failure of the agent.
      return await made.catch(async (error: unknown) => parts.cannot(error));
    };
    return { ...rest, name, handle };
  });
}

const LONGEST_WORK_MS = 2000;
const failure = (agent: string): Error =>
  Object.assign(new Error(`simulated: ${agent} failed`), { code: 'SIMULATED_FAILURE', retryable: true });
