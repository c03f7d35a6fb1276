// @reprise/core/fold: the fold of a run's history, for where there is no Node. It reads no clock, file or network, and loads neither the engine nor a port.

export { RunFold } from './orchestration/reading/run-fold.ts';
export type { RunEvent } from './orchestration/workflow/events.ts';
export type { RunView } from './orchestration/workflow/run-view.ts';
