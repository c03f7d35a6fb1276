import type { AgentReference, Workflow } from '../definition/workflow.ts';
import type { Projection } from '../orchestration/reading/views/projection.ts';
import type { AdmissionConfig } from '../orchestration/runtime/admission/options.ts';
import type { EngineOptions } from '../orchestration/runtime/options.ts';
import type { Clock, Ids, Random } from '../shared/clock.ts';
import type { SecretSource } from './dispatch-secrets.ts';
import type { AnyPlugin } from './plugin.ts';

/** Any workflow, whatever its input and output. */
export type AnyWorkflow = Workflow<never, unknown> | Workflow<unknown, unknown>;

/** What a Reprise is made of. Everything is optional: the defaults need no service. */
export interface RepriseConfig {
  readonly plugins?: readonly AnyPlugin[];
  readonly workflows?: readonly AnyWorkflow[];
  /** Agents that workflows ask for by name or capability. Those that workflows were built with are there anyway. */
  readonly agents?: readonly AgentReference[];
  /** What is folded to views beside the runs. `BUILT_IN_VIEWS` has those that Reprise brings; the run index is there anyway where the store needs it. */
  readonly projections?: readonly Projection[];
  readonly limits?: Partial<EngineOptions>;
  /** What may begin over all runs of this process: attempts at once, rates, shares. Default: no limits but the concurrency of agents. */
  readonly admission?: AdmissionConfig;
  /**
   * By which results of workers in other processes are told from forged ones, where the transport spans processes: all orchestrators have the same, workers none. Two: tokens are made
   * with the first. Default: REPRISE_DISPATCH_SECRET of the environment; without it, results are not verified.
   */
  readonly dispatchSecret?: SecretSource | readonly SecretSource[];
  /** For tests: time, ids and chance. */
  readonly clock?: Clock;
  readonly ids?: Ids;
  readonly random?: Random;
}

/** Types a configuration file: `export default defineConfig({ … })`. */
export const defineConfig = (config: RepriseConfig): RepriseConfig => config;
