import { RepriseError, toErrorData } from '../../shared/errors.ts';
import type { Assignment } from '../scheduler/scheduler-strategy.ts';
import { readyView } from '../scheduler/scheduling-view.ts';
import type { Command } from '../workflow/commands.ts';
import type { RunEvent } from '../workflow/events.ts';
import type { RunState } from '../workflow/state.ts';
import type { AgentDirectory } from './agent-directory.ts';
import type { Batch } from './batch.ts';
import type { MonitorHub } from './monitor-hub.ts';
import type { Registry } from './registry.ts';
import { standstillOf } from './run-hold.ts';
import type { CachedRun } from './run-repository.ts';
import type { StandingRuns } from './standing-runs.ts';

export interface RunSchedulerParts {
  readonly registry: Registry;
  readonly agents: AgentDirectory;
  readonly monitors: MonitorHub;
  readonly standing: StandingRuns;
  /** The run stands still: whoever waits for it may want to know. */
  stood(runId: string): void;
}

/** Whether the strategy of a run is to be asked. */
export const canSchedule = (state: RunState): boolean =>
  state.status === 'running' && state.readyCount > 0 && state.inFlight < state.definition.concurrency;

/** Asks the strategies of runs which ready tasks go to which agents, and says so when there is no answer. */
export class RunScheduler {
  readonly #parts: RunSchedulerParts;

  constructor(parts: RunSchedulerParts) {
    this.#parts = parts;
  }

  /** Lets the strategy assign ready tasks, until it assigns nothing more, the slots are used up or the turn is full. */
  schedule(
    run: CachedRun,
    now: number,
    batch: Batch,
    full: () => boolean,
    decide: (command: Command) => readonly RunEvent[],
  ): void {
    const { state } = run;
    while (canSchedule(state) && !full()) {
      const { strategy } = state.definition;
      const assigned = askStrategy(state, now, this.#parts);
      if ('error' in assigned) return this.#heldByStrategy(run, assigned.error);
      const { assignments } = assigned;
      if (assignments.length === 0) return this.#reportStandstill(run);
      const commandId = `${run.runId}/schedule/${state.revision}`;
      const command: Command = { type: 'ScheduleTasks', commandId, runId: run.runId, strategy, assignments };
      const events = decide(command);
      if (events.length === 0) return;
      batch.add(command, events);
    }
  }

  /** A strategy that is not there, or throws, holds tasks up, but neither results nor a cancellation. */
  #heldByStrategy({ runId, state }: CachedRun, error: unknown): void {
    const { standing, monitors, stood } = this.#parts;
    const { message, code } = toErrorData(error, 'REPRISE_PLUGIN_INVALID');
    const said = `the strategy '${state.definition.strategy}' gives no assignments: ${message}`;
    if (state.inFlight === 0) standing.hold(runId, { reason: 'strategy', message: said, details: { code } });
    // It may have been for once; nothing else need come that would have it asked again.
    standing.lookLater(runId);
    monitors.notice({ kind: 'log', level: 'error', message: said, runId, fields: { code } });
    stood(runId);
  }

  /** Nothing runs and nothing can be assigned: said once for every time that the run is read, because nothing else will say it. */
  #reportStandstill(run: CachedRun): void {
    const { agents, standing, monitors, stood } = this.#parts;
    const hold = standstillOf(run.state, agents);
    standing.hold(run.runId, hold);
    // Others may be under way, and take long: an agent that appears is no less welcome.
    standing.lookWhenAgentsAppear(run.runId);
    if (hold === undefined) return;
    stood(run.runId);
    if (run.standstillReported) return;
    run.standstillReported = true;
    const fields = { code: 'REPRISE_AGENT_UNKNOWN' };
    monitors.notice({ kind: 'log', level: 'warn', message: hold.message, runId: run.runId, fields });
  }
}

/** What the strategy of a run chose, or why there is no answer of it that can be used. */
type Assigned = { readonly assignments: readonly Assignment[] } | { readonly error: unknown };

/** Tasks that a strategy is asked for at once; a turn takes no more, and the strategy is asked again. */
const ASKED_AT_ONCE = 1024;

/** Asks the strategy of the run. Does not throw: a strategy is a plugin, and whatever it does is its own. */
function askStrategy(state: RunState, now: number, { registry, agents }: RunSchedulerParts): Assigned {
  const slots = Math.min(state.definition.concurrency - state.inFlight, ASKED_AT_ONCE);
  try {
    const chosen = registry.strategy(state.definition.strategy).select({
      runId: state.runId,
      now,
      ready: readyView(state),
      slots,
      inFlight: state.inFlight,
      agents: agents.views,
    });
    return { assignments: checked(chosen, slots, agents) };
  } catch (error) {
    return { error };
  }
}

/** Copies, so that the answer is data, and each agent is one that there is: nobody else would ever take the task. */
function checked(chosen: unknown, slots: number, agents: AgentDirectory): readonly Assignment[] {
  if (!Array.isArray(chosen)) throw unusable('it gave no list of assignments');
  const assignments: Assignment[] = [];
  for (const one of chosen as readonly (Partial<Assignment> | null | undefined)[]) {
    if (assignments.length >= slots) break;
    const taskId = one?.taskId;
    const agent = one?.agent;
    if (typeof taskId !== 'string' || typeof agent !== 'string')
      throw unusable('an assignment names no task or no agent');
    if (!agents.has(agent)) throw unusable(`it assigned a task to '${agent}', and no worker of such an agent is there`);
    assignments.push({ taskId, agent });
  }
  return assignments;
}

const unusable = (why: string): RepriseError =>
  new RepriseError('REPRISE_PLUGIN_INVALID', `The answer of the strategy cannot be used: ${why}.`);
