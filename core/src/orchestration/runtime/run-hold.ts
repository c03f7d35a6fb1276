import { RepriseError } from '../../shared/errors.ts';
import type { JsonObject } from '../../shared/json.ts';
import { reasons } from '../workflow/explain/explain.ts';
import type { Takers } from '../workflow/explain/explanation.ts';
import { moverOf } from '../workflow/explain/wording.ts';
import type { RunView } from '../workflow/run-view.ts';
import type { RunState } from '../workflow/state.ts';
import { stateOf } from '../workflow/view-of.ts';

/**
 * Why a process does not move an open run. Not on record: another process, with other agents or another version, may move it.
 * - `agent`: nothing is under way, and no worker is there that takes what is ready.
 * - `function`: the recorded workflow needs functions that no registered one has.
 * - `strategy`: its scheduler strategy is not there, throws, or gives no usable answer.
 * - `fault`: its history cannot be read or folded here, or putting on record that it is parked failed.
 */
export interface RunHold {
  readonly reason: 'agent' | 'function' | 'strategy' | 'fault';
  readonly message: string;
  readonly details: JsonObject;
}

/** Tasks that one message names at most. */
const NAMED = 5;

/** The hold of a run of which nothing is under way, and whose ready tasks nobody takes; undefined for any other. */
export const heldByAgents = (run: RunView, takers: Takers): RunHold | undefined => standstillOf(stateOf(run), takers);

/** As heldByAgents, of the state itself. Looks no further than the first task that something moves. */
export function standstillOf(state: RunState, takers: Takers): RunHold | undefined {
  if (state.status !== 'running' || state.inFlight > 0 || state.readyCount === 0) return undefined;
  const names: string[] = [];
  const wanted = new Set<string>();
  let count = 0;
  for (const [task, reason] of reasons(state, { now: state.updatedAt, takers })) {
    const mover = moverOf(reason);
    if (mover === 'tasks') continue;
    if (reason.reason !== 'nobody') return undefined;
    const what = reason.agent === undefined ? `capability '${reason.capability}'` : `agent '${reason.agent}'`;
    count += 1;
    wanted.add(what);
    if (names.length < NAMED) names.push(`'${task.id}' (${what})`);
  }
  if (count === 0) return undefined;
  const more = count > names.length ? ` and ${count - names.length} more` : '';
  const message = `The run stands still: no worker is there that takes ${names.join(', ')}${more}.`;
  return { reason: 'agent', message, details: { wanted: [...wanted].slice(0, 100) } };
}

/** The hold of a run that needs functions which nobody has. */
export function heldByFunctions(
  state: Pick<RunView, 'runId' | 'definition'>,
  missing: readonly string[],
): RunHold | undefined {
  if (missing.length === 0) return undefined;
  const { name, version } = state.definition;
  const message = `Run '${state.runId}' needs functions of ${name}@${version} that no registered workflow has: ${missing.join('; ')}.`;
  return { reason: 'function', message, details: { missing: [...missing] } };
}

export const heldError = (state: Pick<RunView, 'runId' | 'definition'>, missing: readonly string[]): RepriseError =>
  new RepriseError('REPRISE_DEFINITION_CHANGED', heldByFunctions(state, missing)?.message ?? '', {
    details: { missing: [...missing] },
  });
