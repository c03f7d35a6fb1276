import { openEffects } from './effects.ts';
import { isUnsettled } from './settle.ts';
import { type RunState, rootOf } from './state.ts';
import { ownStrategy } from './team/team.ts';

/** Of larger runs it is not worked out: that takes a look at every task. */
const MOST_TASKS = 1000;
/** Of others it is not known that they would not do something by themselves. */
const STRATEGIES: ReadonlySet<string> = new Set(['graph', 'sequential']);

/**
 * Until when (ms since the Unix epoch) nothing is to be done for a run unless something comes from outside; null: for ever. Undefined for one that has something
 * outstanding, or may have. Whoever takes up a run that sleeps need not read it before.
 */
export function sleepOf(state: RunState): number | null | undefined {
  const { status, readyCount, inFlight, shared, tasks } = state;
  if ((status !== 'running' && status !== 'paused') || readyCount > 0 || inFlight > 0) return undefined;
  // Whether it has a mutex that others wait for, only its history says.
  if (shared.size > 0 || tasks.size > MOST_TASKS) return undefined;
  // Strategies that lead may have something to say whenever they are asked; others are asked about what is ready.
  const regions = [rootOf(state), ...state.regions.values()];
  if (state.teams.size > 0 || regions.some((one) => !STRATEGIES.has(ownStrategy(state, one)?.name ?? '')))
    return undefined;
  if (isUnsettled(state)) return undefined;
  let until: number | null = null;
  for (const effect of openEffects(state)) {
    if (effect.kind === 'clear-timers') continue;
    if (effect.kind !== 'set-timer') return undefined;
    until = Math.min(until ?? effect.at, effect.at);
  }
  return until;
}
