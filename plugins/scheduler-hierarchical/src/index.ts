export type {
  Excerpt,
  ManagerAction,
  ManagerReply,
  ManagerTask,
  PlannedStep,
  Progress,
  Question,
  StepState,
  ToldEnd,
  ToldStep,
  ToldWorker,
  WorkerTask,
} from './contract.ts';
export { MANAGER_SYSTEM, type ManagerAgentOptions, managerAgent } from './manager-agent.ts';
export {
  type Bounds,
  DEFAULT_OPTIONS,
  type HierarchicalOptions,
  REVIEWS,
  type ResolvedHierarchicalOptions,
  type Review,
  resolveHierarchicalOptions,
} from './options.ts';
export { hierarchicalScheduler } from './plugin.ts';
export { MANAGER_REPLY_SCHEMA, MANAGER_TASK_SCHEMA } from './schemas.ts';
export type { Handed, HierarchicalSpec, Performer, WorkerSpec, WorkerWords } from './spec.ts';
export { createHierarchicalStrategy } from './strategy.ts';
