import type { Attributes } from '@opentelemetry/api';
import { ATTRIBUTES } from '@reprise/core/plugin';
import type { Facts, SeenEvent } from '../seen-event.ts';
import { number, text } from '../spans/open-span.ts';
import type { Instruments } from './instruments.ts';

interface SeenTask {
  readySince: number;
  agent: string | undefined;
  /** When a worker began the attempt that is under way. */
  startedAt: number | undefined;
  /** What the attempt before failed with, if another is to follow. */
  failedWith: string | undefined;
  /** Others may be in it. */
  isBlock: boolean;
}

const WAITING = { agent: undefined, startedAt: undefined, failedWith: undefined, isBlock: false } as const;

interface SeenRun {
  readonly workflow: string;
  readonly startedAt: number | undefined;
  readonly tasks: Map<string, SeenTask>;
}

/** Runs and tasks of a run that are followed at once; of others only what one event says by itself is measured. */
const MAX_RUNS = 100_000;
const MAX_TASKS = 10_000;
const MILLION = 1_000_000;

/** What events say, counted and measured. Attributes are names that workflows and agents have, and codes: never ids of runs, tasks or workers. */
export class RunMetrics {
  readonly #instruments: Instruments;
  readonly #runs = new Map<string, SeenRun>();

  constructor(instruments: Instruments) {
    this.#instruments = instruments;
  }

  /** Runs of which something was seen, and no end. */
  get open(): number {
    return this.#runs.size;
  }

  /** `isNew`: it has just been appended; else it is only remembered. */
  take(event: SeenEvent, isNew: boolean): void {
    const run = this.#runs.get(event.runId) ?? this.#begin(event);
    this.#task(event, run, isNew);
    const region = regionOf(event);
    if (region !== undefined) this.#closeInside(region, event, run, isNew);
    if (isNew) this.#count(event, run);
    if (event.type === 'RunCompleted') this.#end(event, run, 'completed', isNew);
    else if (event.type === 'RunFailed') this.#end(event, run, 'failed', isNew);
    else if (event.type === 'RunCancelled') this.#end(event, run, 'cancelled', isNew);
  }

  #begin({ runId, type, time, facts }: SeenEvent): SeenRun {
    const workflow = text(facts['definition.name']) ?? 'unknown';
    const run = { workflow, startedAt: type === 'RunStarted' ? time : undefined, tasks: new Map() };
    if (this.#runs.size < MAX_RUNS) this.#runs.set(runId, run);
    return run;
  }

  /** What had not ended in a block, or in the run (''), is cancelled with it. */
  #closeInside(region: string, { time }: SeenEvent, run: SeenRun, isNew: boolean): void {
    for (const [path, task] of run.tasks) {
      if (region !== '' && !path.startsWith(`${region}/`) && !path.startsWith(`${region}[`)) continue;
      run.tasks.delete(path);
      if (isNew) this.#endTask(task, run, time, {}, 'cancelled');
    }
  }

  #end({ runId, time }: SeenEvent, { workflow, startedAt }: SeenRun, status: string, isNew: boolean): void {
    this.#runs.delete(runId);
    if (!isNew) return;
    const attributes = { [ATTRIBUTES.workflow]: workflow, [ATTRIBUTES.runStatus]: status };
    this.#instruments.count('runsEnded', attributes);
    if (startedAt !== undefined) this.#instruments.took('runDuration', time - startedAt, attributes);
  }

  #count({ type, facts }: SeenEvent, { workflow }: SeenRun): void {
    const ofWorkflow = { [ATTRIBUTES.workflow]: workflow };
    const error = { [ATTRIBUTES.errorType]: text(facts['error.code'] ?? facts['code']) ?? 'unknown' };
    const count = (name: Parameters<Instruments['count']>[0], attributes: Attributes): void =>
      this.#instruments.count(name, attributes);
    switch (type) {
      case 'RunStarted':
        return count('runsStarted', ofWorkflow);
      case 'RunParked':
        return count('runsParked', { ...ofWorkflow, ...error });
      case 'TaskFellBack':
        return count('fallbacks', { ...ofWorkflow, ...error });
      case 'MessageSent':
        return count('messagesSent', { [ATTRIBUTES.performative]: text(facts['performative']) ?? 'inform' });
      case 'MessageDeadLettered':
        return count('messagesDead', error);
      case 'CommandRejected':
        return count('commandsRejected', { [ATTRIBUTES.command]: text(facts['command']) ?? 'unknown', ...error });
      case 'DecisionMade':
        return count('decisions', {
          [ATTRIBUTES.strategy]: text(facts['strategy']) ?? 'unknown',
          [ATTRIBUTES.decision]: text(facts['kind']) ?? 'unknown',
        });
      case 'AgentRested':
        return count('agentsRested', { [ATTRIBUTES.agent]: text(facts['agent']) ?? 'unknown' });
      case 'BudgetReached':
        return count('budgetsReached', { ...ofWorkflow, [ATTRIBUTES.budget]: text(facts['budget']) ?? 'unknown' });
      default:
        return undefined;
    }
  }

  #task(event: SeenEvent, run: SeenRun, isNew: boolean): void {
    const { type, time, facts } = event;
    // A segment begins again: what the task that ends it did is the outcome of a round.
    const isRepeat = type === 'TaskRepeated' || (type === 'TasksReset' && facts['why'] === 'repeat');
    const path = text(isRepeat ? (facts['taskId'] ?? facts['region']) : facts['taskId']);
    if (path === undefined) return;
    const { tasks } = run;
    const known = tasks.get(path);
    switch (type) {
      case 'TaskReady':
      case 'TaskEntered':
      case 'TaskExpanded': {
        const task = known ?? { ...WAITING, readySince: time };
        if (type !== 'TaskReady') task.isBlock = true;
        if (type === 'TaskReady') task.readySince = time;
        remember(tasks, path, task);
        break;
      }
      case 'TaskScheduled': {
        const agent = text(facts['agent']) ?? 'unknown';
        const readySince = number(facts['readySince']) ?? known?.readySince ?? time;
        remember(tasks, path, { ...WAITING, readySince, agent });
        if (!isNew) break;
        this.#instruments.count('attemptsStarted', { [ATTRIBUTES.agent]: agent });
        if (known?.failedWith !== undefined)
          this.#instruments.count('retries', { [ATTRIBUTES.agent]: agent, [ATTRIBUTES.errorType]: known.failedWith });
        break;
      }
      case 'TaskStarted':
        if (known?.agent === undefined) break;
        known.startedAt = time;
        if (isNew)
          this.#instruments.took('attemptQueued', time - known.readySince, { [ATTRIBUTES.agent]: known.agent });
        break;
      case 'TaskAttemptFailed':
        this.#endAttempt(known, time, facts, facts['lost'] === true ? 'lost' : 'failed', isNew);
        if (known !== undefined && facts['retryAt'] !== undefined)
          known.failedWith = text(facts['error.code']) ?? 'unknown';
        break;
      case 'TasksReset':
      case 'TaskRepeated':
        if (!isRepeat) break;
        this.#endAttempt(known, time, facts, 'completed', isNew);
        tasks.delete(path);
        break;
      case 'TaskAttemptCompleted':
      case 'TaskHandedOff':
        this.#endAttempt(known, time, facts, 'completed', isNew);
        break;
      default: {
        const status = ENDS[type];
        if (status === undefined) break;
        tasks.delete(path);
        if (known?.isBlock === true) this.#closeInside(path, event, run, isNew);
        if (isNew) this.#endTask(known, run, time, facts, status);
      }
    }
  }

  #endTask(task: SeenTask | undefined, { workflow }: SeenRun, time: number, facts: Facts, status: string): void {
    this.#endAttempt(task, time, facts, status, true);
    const attributes = { [ATTRIBUTES.workflow]: workflow, [ATTRIBUTES.taskStatus]: status };
    this.#instruments.count('tasksEnded', attributes);
    if (task !== undefined) this.#instruments.took('taskDuration', time - task.readySince, attributes);
  }

  #endAttempt(task: SeenTask | undefined, time: number, facts: Facts, outcome: string, isNew: boolean): void {
    const agent = task?.agent;
    if (task === undefined || agent === undefined) return;
    task.agent = undefined;
    if (!isNew) return;
    const ofAgent = { [ATTRIBUTES.agent]: agent };
    const failed = outcome === 'failed' || outcome === 'lost';
    this.#instruments.count('attemptsEnded', {
      ...ofAgent,
      [ATTRIBUTES.attemptOutcome]: outcome,
      ...(failed && { [ATTRIBUTES.errorType]: text(facts['error.code']) ?? 'unknown' }),
    });
    if (task.startedAt !== undefined) this.#instruments.took('attemptDuration', time - task.startedAt, ofAgent);
    this.#instruments.count('tokens', ofAgent, number(facts['usage.tokens']) ?? 0);
    this.#instruments.count('cost', ofAgent, (number(facts['usage.cost']) ?? 0) / MILLION);
  }
}

/** The block, or list, in which nothing goes on behind the event. */
function regionOf({ type, facts }: SeenEvent): string | undefined {
  if (type === 'RunCompleted' || type === 'RunFailed' || type === 'RunCancelled') return '';
  if (type === 'ScopeCaught') return text(facts['scope']);
  if (type === 'TasksReset' && (facts['why'] === 'loop' || facts['why'] === 'catch')) return text(facts['region']);
  return undefined;
}

const ENDS: Readonly<Record<string, string>> = {
  TaskCompleted: 'completed',
  TaskFailed: 'failed',
  TaskSkipped: 'skipped',
  TaskCancelled: 'cancelled',
};

function remember(tasks: Map<string, SeenTask>, path: string, task: SeenTask): void {
  if (tasks.has(path) || tasks.size < MAX_TASKS) tasks.set(path, task);
}
