import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Agent } from '../../agent/agent.ts';
import { askedOf } from '../../definition/asked-of.ts';
import { type BlockPlace, blocksOf } from '../../definition/blocks.ts';
import { cheaperIn, tasksWithin, type WorkflowDefinition } from '../../definition/definition.ts';
import type { KnownAgent } from '../../definition/validation/agent-rules.ts';
import { RepriseError } from '../../shared/errors.ts';
import type { Json, JsonObject } from '../../shared/json.ts';
import type { AnyStrategy } from '../scheduler/scheduler-strategy.ts';
import { askedByTeam, noStrategy, spokenProblems } from '../scheduler/strategy-problems.ts';

/** A workflow that runs can be started of. */
export interface RegisteredWorkflow {
  readonly definition: WorkflowDefinition;
  readonly hash: string;
  readonly inputSchema?: StandardSchemaV1 | undefined;
}

/** Any agent, as the runtime calls it: with plain JSON that its schema has accepted. */
export type AnyAgent = Agent<Json, unknown>;

interface Expected {
  readonly names: ReadonlySet<string>;
  readonly capabilities: ReadonlySet<string>;
}

/** What this process knows by name. Who takes tasks is another question: AgentDirectory answers it. */
export class Registry {
  /** Those that this process can run. */
  readonly agents: ReadonlyMap<string, AnyAgent>;
  readonly #workflows = new Map<string, RegisteredWorkflow[]>();
  readonly #strategies: ReadonlyMap<string, AnyStrategy>;
  readonly #declared: readonly KnownAgent[];
  #expected: Expected | undefined;

  constructor(
    workflows: readonly RegisteredWorkflow[],
    agents: readonly AnyAgent[],
    strategies: readonly AnyStrategy[],
    declared: readonly KnownAgent[] = [],
  ) {
    this.#declared = declared;
    this.agents = new Map(agents.map((agent) => [agent.name, agent]));
    this.#strategies = new Map(strategies.map((strategy) => [strategy.name, strategy]));
    for (const workflow of workflows) {
      const versions = this.#workflows.get(workflow.definition.name) ?? [];
      versions.push(workflow);
      this.#workflows.set(workflow.definition.name, versions);
    }
  }

  get strategies(): readonly AnyStrategy[] {
    return [...this.#strategies.values()];
  }

  get workflows(): readonly RegisteredWorkflow[] {
    return [...this.#workflows.values()].flat();
  }

  has(agent: string): boolean {
    return this.agents.has(agent);
  }

  hasCapability(capability: string): boolean {
    return this.agents.values().some(({ capabilities }) => capabilities?.includes(capability) === true);
  }

  /** Whether the agent is given or declared, or a workflow asks for it by its name: then one is to be expected, be it later or elsewhere. */
  expects(agent: string): boolean {
    return this.#awaited().names.has(agent);
  }

  /** All of those. */
  get expected(): ReadonlySet<string> {
    return this.#awaited().names;
  }

  /** The same of an agent with the capability. */
  expectsCapability(capability: string): boolean {
    return this.#awaited().capabilities.has(capability);
  }

  #awaited(): Expected {
    if (this.#expected !== undefined) return this.#expected;
    const asked = this.workflows.flatMap(({ definition }) => [
      ...askedOf(tasksWithin(definition)),
      ...blocksOf(definition).flatMap(({ block }) => this.#askedOfBlock(block)),
    ]);
    this.#expected = {
      names: new Set([...this.#declared.map(({ name }) => name), ...asked.flatMap(({ agent }) => agent ?? [])]),
      capabilities: new Set([
        ...this.#declared.flatMap(({ capabilities = [] }) => capabilities),
        ...asked.flatMap(({ capability }) => capability ?? []),
      ]),
    };
    return this.#expected;
  }

  /** Whom the strategy of a block asks for. */
  /** Whom its team asks for, and who goes on where its budget has nothing left. */
  #askedOfBlock({
    strategy: name = '',
    team,
    budget,
  }: BlockPlace['block']): readonly { agent?: string; capability?: string }[] {
    const cheaper = cheaperIn(budget?.onBudget);
    return [...askedByTeam(this.#strategies.get(name), team), ...(cheaper === undefined ? [] : [{ agent: cheaper }])];
  }

  /** The workflow to start: the last registered version unless one is named. Throws REPRISE_WORKFLOW_UNKNOWN. */
  workflow(name: string, version?: string): RegisteredWorkflow {
    const versions = this.#workflows.get(name) ?? [];
    const found = versions.findLast((workflow) => version === undefined || workflow.definition.version === version);
    if (found !== undefined) return found;
    const known = this.workflows.map(({ definition }) => `${definition.name}@${definition.version}`);
    const wanted = version === undefined ? name : `${name}@${version}`;
    const list = known.length === 0 ? 'none is registered' : `registered: ${known.join(', ')}`;
    throw new RepriseError('REPRISE_WORKFLOW_UNKNOWN', `There is no workflow '${wanted}' (${list}).`, {
      details: { wanted, known },
    });
  }

  /** The workflow that can lend its functions to a recorded definition; undefined when there is none. */
  registered(name: string, version: string): RegisteredWorkflow | undefined {
    return this.#workflows.get(name)?.findLast((workflow) => workflow.definition.version === version);
  }

  /** Throws REPRISE_CONFIG_INVALID for a strategy that no plugin brings. */
  strategy(name: string): AnyStrategy {
    const strategy = this.#strategies.get(name);
    if (strategy !== undefined) return strategy;
    const known = noStrategy(name, [...this.#strategies.keys()]);
    throw new RepriseError('REPRISE_CONFIG_INVALID', `There is no scheduler strategy ${known}.`);
  }

  /**
   * Throws REPRISE_CONFIG_INVALID unless there is such a strategy that can be said so: by text one that assigns, by an object one that leads teams and
   * accepts what is said of it.
   */
  checkStrategy(name: string, team: JsonObject | undefined, where: string): void {
    const strategy = this.strategy(name);
    const problems = spokenProblems(strategy, team);
    if (problems.length === 0) return;
    const list = problems.map((problem) => problem.replace(/\.$/, '')).join('; ');
    throw new RepriseError('REPRISE_CONFIG_INVALID', `The strategy '${name}' of ${where}: ${list}.`, {
      details: { problems: [...problems] },
    });
  }
}
