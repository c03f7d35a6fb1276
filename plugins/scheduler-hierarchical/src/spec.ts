import { type Duration, type JsonObject, parseDuration, RepriseError } from '@reprise/core/plugin';
import { isNested, specProblems } from './check.ts';
import { type Bounds, isBag, type ResolvedHierarchicalOptions, type Review } from './options.ts';

/** Who does a task: an agent by name, or whoever has a capability. */
export type Performer = { readonly agent: string } | { readonly capability: string };

/** Further words of the tasks that a worker is given: as in a workflow. */
export type WorkerWords = Readonly<Record<string, unknown>>;

interface WorkerFacts {
  /** What the manager calls it. Default: the name of the agent, capability or workflow; a team has to have one. */
  readonly name?: string;
  /** What the manager is told that it does. */
  readonly description?: string;
  /** What the manager is told that it can. Default, of an agent: its capabilities. */
  readonly capabilities?: readonly string[];
  /** Steps that are under way with it at once. Default 1. */
  readonly atOnce?: number;
  /** `step`: it is handed a WorkerTask. `input`: only what the manager gives the step as input. Default: `step`; of a workflow: `input`. */
  readonly handed?: Handed;
  readonly task?: WorkerWords;
}

/** What a worker is handed: its step with all about it, or the step's input only. */
export type Handed = 'step' | 'input';

/** One of the four: an agent, whoever has a capability, a child run, or a block with a strategy of its own (`{ name: 'hierarchical', … }`). */
export type WorkerSpec = WorkerFacts &
  (Performer | { readonly workflow: string } | { readonly team: Readonly<Record<string, unknown>> });

/** What a workflow says of the strategy, beside its name. */
export interface HierarchicalSpec {
  /** What the team is for. What varies from run to run is the input of its block. */
  readonly goal: string;
  /** The name of an agent, or the agent or capability. */
  readonly manager: string | Performer;
  /** A text is the name of an agent. */
  readonly workers: readonly (string | WorkerSpec)[];
  readonly review?: Review;
  readonly bounds?: Partial<Bounds>;
  /** Of one attempt of the manager. */
  readonly managerTimeout?: Duration;
  /** Attempts at a question, where the manager fails in a way that may pass. */
  readonly managerAttempts?: number;
}

export interface Worker {
  readonly name: string;
  /** `agent`, `capability`, `workflow` or `team`, as a task says it. */
  readonly performer: JsonObject;
  /** The agent, where it is one by name. */
  readonly agent: string | undefined;
  readonly description: string | undefined;
  readonly capabilities: readonly string[] | undefined;
  readonly atOnce: number;
  readonly handed: Handed;
  readonly words: JsonObject;
}

/** A spec with its defaults filled in. */
export interface Team {
  readonly goal: string;
  readonly manager: Performer;
  readonly managerName: string;
  readonly workers: ReadonlyMap<string, Worker>;
  readonly review: Review;
  readonly bounds: Bounds;
  readonly managerTimeoutMs: number;
  readonly managerAttempts: number;
}

/** Throws REPRISE_DEFINITION_INVALID for a spec that `check` finds something wrong with. */
export function teamOf(spec: JsonObject, options: ResolvedHierarchicalOptions): Team {
  const problems = specProblems(spec);
  if (problems.length > 0)
    throw new RepriseError(
      'REPRISE_DEFINITION_INVALID',
      `The strategy hierarchical cannot lead: ${problems.join(' ')}`,
    );
  const { goal, manager, workers, ...own } = spec as unknown as HierarchicalSpec;
  const performer = typeof manager === 'string' ? { agent: manager } : manager;
  return {
    goal,
    manager: performer,
    managerName: nameOf(performer),
    workers: new Map(workers.map(workerOf).map((worker) => [worker.name, worker])),
    review: own.review ?? options.review,
    bounds: { ...options.bounds, ...own.bounds },
    managerTimeoutMs: parseDuration(own.managerTimeout ?? options.managerTimeout) ?? 0,
    managerAttempts: own.managerAttempts ?? options.managerAttempts,
  };
}

function workerOf(said: string | WorkerSpec): Worker {
  const worker: WorkerSpec = typeof said === 'string' ? { agent: said } : said;
  return {
    name: worker.name ?? nameOf(worker),
    performer: performerOf(worker),
    agent: 'agent' in worker ? worker.agent : undefined,
    description: worker.description,
    capabilities: worker.capabilities,
    atOnce: worker.atOnce ?? 1,
    handed: worker.handed ?? ('workflow' in worker ? 'input' : 'step'),
    words: (worker.task ?? {}) as JsonObject,
  };
}

function performerOf(worker: WorkerSpec): JsonObject {
  if ('agent' in worker) return { agent: worker.agent };
  if ('capability' in worker) return { capability: worker.capability };
  if ('workflow' in worker) return { workflow: worker.workflow };
  return { scope: {}, strategy: worker.team as JsonObject };
}

function nameOf(worker: WorkerSpec | Performer): string {
  if ('agent' in worker) return worker.agent;
  if ('capability' in worker) return worker.capability;
  return 'workflow' in worker ? worker.workflow : '';
}

type Asked = Partial<{ agent: string; capability: string }>;

/** The agents and capabilities of a spec, whatever else is wrong with it: those of teams in it that are led likewise, too. */
export function agentsOf(spec: JsonObject): readonly Asked[] {
  const { manager, workers } = spec as { readonly manager?: unknown; readonly workers?: unknown };
  return [manager, ...(Array.isArray(workers) ? workers : [])].flatMap((one: unknown) => {
    const { team, task } = (isBag(one) ? one : {}) as Readonly<Record<string, unknown>>;
    const { fallback, compensate } = (isBag(task) ? task : {}) as Readonly<Record<string, unknown>>;
    const others = [...(Array.isArray(fallback) ? fallback : [fallback]), compensate].filter(
      (other) => other !== undefined,
    );
    return [...askedOf(one), ...(isNested(team) ? agentsOf(team) : []), ...others.flatMap(askedOf)];
  });
}

/** Whom an agent by name, or an object that says who does it, asks for. */
function askedOf(performer: unknown): readonly Asked[] {
  if (typeof performer === 'string') return [{ agent: performer }];
  if (!isBag(performer)) return [];
  const { agent, capability } = performer;
  if (typeof agent === 'string') return [{ agent }];
  return typeof capability === 'string' ? [{ capability }] : [];
}
