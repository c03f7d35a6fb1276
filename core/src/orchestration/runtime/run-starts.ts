import type { BudgetOption } from '../../definition/builder/options.ts';
import type { Budget, StrategyOption, WorkflowDefinition } from '../../definition/definition.ts';
import { readBudget, readStrategy } from '../../definition/form/read-limits.ts';
import { TaskGraph } from '../../definition/task-graph.ts';
import { checkBudget } from '../../definition/validation/value-rules.ts';
import type { Ids } from '../../shared/clock.ts';
import { RepriseError } from '../../shared/errors.ts';
import { uuidv5 } from '../../shared/hash.ts';
import { assertId } from '../../shared/ids.ts';
import type { Json } from '../../shared/json.ts';
import { type Labels, takeLabels } from '../../shared/labels.ts';
import { blocksAround, outermost } from '../../shared/task-path.ts';
import { isTraceparent } from '../../shared/trace.ts';
import type { RunReader } from '../reading/run-reader.ts';
import type { StartRun } from '../workflow/commands.ts';
import type { StrategySaid } from '../workflow/events.ts';
import { MAX_TEAM_DEPTH } from '../workflow/team/team.ts';
import { type ForkPlan, forkPlanOf } from './fork-plan.ts';
import { type PlannedFork, planFork } from './fork-start.ts';
import type { EngineOptions } from './options.ts';
import { acceptPayload, checkSchema } from './payload.ts';
import type { RegisteredWorkflow, Registry } from './registry.ts';
import { type CommandOptions, saidOf } from './steering.ts';

/** How a run is started: under which id, and what happens when there is one of that id. */
export interface StartRunOptions extends Pick<CommandOptions, 'by' | 'reason'> {
  /** Default: a new one, or one that follows from the requestId. Starting the same id again with the same requestId is the same start. */
  readonly id?: string;
  readonly version?: string;
  /**
   * When there is a run of that `id` already, open or ended. `reject`: REPRISE_RUN_EXISTS. `existing`: it is handed back, when it is of the same workflow, in
   * whatever version (else REPRISE_RUN_EXISTS). `new`: another run is started, with the first of `<id>-2`, `<id>-3`… that is free. Default `reject`; a
   * start that is repeated with its `requestId` is the same start whatever this says.
   */
  readonly onConflict?: 'reject' | 'existing' | 'new';
  /** Makes the start idempotent across repeats. Default: unique. */
  readonly requestId?: string;
  /** W3C trace context that the run belongs to. Default: a trace of its own, which follows from the run's id. */
  readonly traceparent?: string;
  /** On whose behalf the run is, in 1 to 128 characters: beside each of its events, and those of its child runs. Default: nobody is named. */
  readonly tenant?: string;
  /**
   * What the run, and those that it starts, can be found by: at most 32, keys of 1 to 64 letters, digits, ".", "_" or "-", values of 1 to 256
   * characters (REPRISE_LABELS_INVALID). Default: none.
   */
  readonly labels?: Labels;
  /**
   * Strategies of this run instead of those of its workflow, by the path of the block (`review`, `review/check`; `''` is the run): a name, or `{ name, … }` of one that
   * leads a team. REPRISE_CONFIG_INVALID for one that is not there, or does not accept what is said of it. Default: none. Child runs have those of their workflow.
   */
  readonly strategies?: Readonly<Record<string, StrategyOption>>;
  /**
   * What the run may spend at most, as `budget` of a workflow has it: of each kind, the lesser of the two holds. REPRISE_CONFIG_INVALID for what is none.
   * Default: what its workflow says. Child runs have that of their workflow.
   */
  readonly budget?: BudgetOption;
}

export interface RetryRunOptions extends Pick<StartRunOptions, 'id' | 'by' | 'reason'> {
  /** At-most-once tasks, by path, that may be done again: whether they had their effect was looked into. */
  readonly again?: readonly string[];
  /** What tasks gave, by path: they are not done again, and everything after them is done anew. */
  readonly outcomes?: Readonly<Record<string, unknown>>;
  /** By how much budgets are raised, by the path of the block; `''` is the run. REPRISE_COMMAND_INVALID for what is not limited at that point of the run. */
  readonly raise?: Readonly<Record<string, Budget>>;
}

export interface ForkRunOptions extends RetryRunOptions {
  /** The last revision that is taken over. */
  readonly at?: number;
  /**
   * The input of the new run, in place of that of the other. Whatever that one did could have seen its input, so nothing of it is taken over, wherever `at`
   * is: all is done anew, with idempotency keys of its own, but for `outcomes`. Default: the same.
   */
  readonly input?: unknown;
}

export interface RunStartsParts {
  readonly registry: Registry;
  readonly ids: Ids;
  readonly options: EngineOptions;
  readonly runs: RunReader;
}

/** Makes the commands that begin runs of what a caller asks for, or says what is wrong with that. */
export class RunStarts {
  readonly #parts: RunStartsParts;

  constructor(parts: RunStartsParts) {
    this.#parts = parts;
  }

  /** Of a registered workflow. */
  async start(workflow: string | RegisteredWorkflow, input: unknown, options: StartRunOptions): Promise<StartRun> {
    const { ids } = this.#parts;
    const { definition, hash, inputSchema } = this.#registered(workflow, options.version);
    const runId = this.#newRunId(definition.name, options);
    const labels = takeLabels(options.labels);
    const said = saidOf(options);
    return {
      type: 'StartRun',
      commandId: options.requestId ?? `start-${ids.next()}`,
      runId,
      definition,
      definitionHash: hash,
      input: await this.#input(input, inputSchema),
      ...(said === undefined ? {} : { said }),
      ...(options.traceparent === undefined ? {} : { traceparent: assertTraceparent(options.traceparent) }),
      ...(options.tenant === undefined ? {} : { tenant: assertId(options.tenant, 'tenant') }),
      ...(labels === undefined ? {} : { labels }),
      ...this.#strategies(definition, options.strategies),
      ...budgetOf(definition, options.budget),
    };
  }

  #strategies(
    definition: WorkflowDefinition,
    given: StartRunOptions['strategies'],
  ): { readonly strategies?: Readonly<Record<string, StrategySaid>> } {
    const entries = Object.entries(given ?? {});
    if (entries.length === 0) return {};
    const graph = TaskGraph.of(definition);
    const taken = entries.map(([path, written]) => {
      const where = path === '' ? `run of '${definition.name}'` : `'${definition.name}', ${path}`;
      if (graph.block(path) === undefined)
        throw invalidStrategy(`'${definition.name}' has no block '${path}' that could have a strategy.`);
      const problems: string[] = [];
      const { strategy, team } = readStrategy(written, [], (at, problem) => problems.push([...at, problem].join(' ')));
      if (problems.length > 0 || strategy === undefined)
        throw invalidStrategy(`The strategy of ${where} ${problems.join('; ') || 'has no name'}.`);
      this.#parts.registry.checkStrategy(strategy, team, where);
      return [path, team === undefined ? strategy : { name: strategy, team }] as const;
    });
    const strategies = Object.fromEntries(taken);
    const flaw = strategiesFlaw(graph, strategies);
    if (flaw !== undefined) throw invalidStrategy(`With these strategies, ${flaw}.`);
    return { strategies };
  }

  /** Of one that goes on from another run. */
  async goOn(from: string, as: 'retry' | 'fork', options: ForkRunOptions): Promise<StartRun> {
    const { ids } = this.#parts;
    const runId = options.id === undefined ? ids.next() : assertId(options.id, 'run id');
    const planned = await this.#planned(from, as, options);
    assertAllowed(from, planned.again, options.again ?? []);
    const said = saidOf(options);
    return {
      type: 'StartRun',
      commandId: `${as}-${ids.next()}`,
      runId,
      ...(said === undefined ? {} : { said }),
      ...planned.start,
    };
  }

  /** What would become of one that goes on from another run. Nothing is written. */
  async plan(from: string, as: 'retry' | 'fork', options: ForkRunOptions): Promise<ForkPlan> {
    return forkPlanOf(await this.#planned(from, as, options));
  }

  #planned(from: string, as: 'retry' | 'fork', options: ForkRunOptions): Promise<PlannedFork> {
    const { registry, options: limits, runs } = this.#parts;
    const { outcomes, raise = {}, at, input } = options;
    const given = Object.entries(outcomes ?? {}).map(([task, outcome]) => [
      task,
      acceptPayload(outcome, `outcome of '${task}'`, 'REPRISE_INVALID_PAYLOAD', limits.maxPayloadChars),
    ]);
    return planFork(runs, registry, from, {
      as,
      ...(at === undefined ? {} : { at }),
      ...(given.length === 0 ? {} : { outcomes: Object.fromEntries(given) }),
      ...(Object.keys(raise).length === 0 ? {} : { raised: raise }),
      ...(input === undefined ? {} : { input: (of) => this.#input(input, this.#schemaOf(of)) }),
    });
  }

  /** The registered workflow of that name, or that very one: a run of another could not be carried out again. */
  #registered(workflow: string | RegisteredWorkflow, version: string | undefined): RegisteredWorkflow {
    const { registry } = this.#parts;
    if (typeof workflow === 'string') return registry.workflow(workflow, version);
    const { definition, hash } = workflow;
    if (registry.registered(definition.name, definition.version)?.hash === hash) return workflow;
    const message = `The workflow '${definition.name}@${definition.version}' is not registered here (or another one of that name and version is). Add it to \`workflows\`.`;
    throw new RepriseError('REPRISE_WORKFLOW_UNKNOWN', message);
  }

  async #input(input: unknown, schema: RegisteredWorkflow['inputSchema']): Promise<Json> {
    const what = 'input of the run';
    const checked = schema === undefined ? input : await checkSchema(schema, input, 'REPRISE_INPUT_INVALID', what);
    return acceptPayload(checked, what, 'REPRISE_INVALID_PAYLOAD', this.#parts.options.maxPayloadChars);
  }

  /** That of the registered workflow, when it is the one. */
  #schemaOf({ definition, hash }: Pick<RegisteredWorkflow, 'definition' | 'hash'>): RegisteredWorkflow['inputSchema'] {
    const registered = this.#parts.registry.registered(definition.name, definition.version);
    return registered?.hash === hash ? registered.inputSchema : undefined;
  }

  #newRunId(workflow: string, { id, requestId }: StartRunOptions): string {
    if (id !== undefined) return assertId(id, 'run id');
    return requestId === undefined ? this.#parts.ids.next() : uuidv5(`start/${workflow}`, requestId);
  }
}

function assertAllowed(runId: string, repeated: readonly string[], allowed: readonly string[]): void {
  const left = repeated.filter((id) => !allowed.includes(id) && !allowed.includes(outermost(id)));
  if (left.length === 0) return;
  const names = left.slice(0, 10).map((id) => `'${id}'`);
  const more = left.length > names.length ? ` and ${left.length - names.length} more` : '';
  const message = `To try run '${runId}' again would do again what may be done at most once: ${names.join(', ')}${more}.`;
  throw new RepriseError('REPRISE_WOULD_REPEAT', message, { details: { tasks: [...left].slice(0, 1000) } });
}

function budgetOf({ name }: WorkflowDefinition, written: StartRunOptions['budget']): { readonly budget?: Budget } {
  const problems: string[] = [];
  const report = (at: readonly (string | number)[], problem: string) => problems.push([...at, problem].join(' '));
  const budget = readBudget(written, [], report);
  if (problems.length === 0 && budget !== undefined) checkBudget(budget, [], report);
  if (problems.length > 0)
    throw new RepriseError(
      'REPRISE_CONFIG_INVALID',
      `The budget of the run of '${name}' cannot be used: ${problems.join('; ')}.`,
    );
  return budget === undefined ? {} : { budget };
}

function assertTraceparent(value: string): string {
  if (isTraceparent(value)) return value;
  throw new RepriseError('REPRISE_INVALID_ID', `${JSON.stringify(value)} is not a W3C traceparent (version 00).`);
}

/** What the rules of blocks have against a workflow with these strategies. */
function strategiesFlaw(graph: TaskGraph, strategies: Readonly<Record<string, StrategySaid>>): string | undefined {
  const blockAt = (path: string) => graph.block(path)?.definition;
  const leads = (path: string): boolean => {
    const said = Object.hasOwn(strategies, path) ? strategies[path] : undefined;
    return said === undefined ? blockAt(path)?.team !== undefined : typeof said !== 'string';
  };
  for (const path of ['', ...graph.nodes.keys()]) {
    const block = blockAt(path);
    const name = path === '' ? 'the run' : `'${path}'`;
    if (block === undefined) continue;
    if (!leads(path)) {
      if (block.tasks.length === 0) return `nothing would be done in ${name}: only a team adds tasks to it`;
      continue;
    }
    if (block.catch !== undefined)
      return `the catch of ${name} has nothing to catch: the failures of its tasks are for the strategy of the team`;
    const teams = path === '' ? 0 : ['', ...blocksAround(path)].filter((at) => at !== path && leads(at)).length;
    if (teams >= MAX_TEAM_DEPTH)
      return `${name} leads a team in ${MAX_TEAM_DEPTH} teams; that is as many as may be in each other`;
  }
  return undefined;
}

const invalidStrategy = (message: string): RepriseError => new RepriseError('REPRISE_CONFIG_INVALID', message);
