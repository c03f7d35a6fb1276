import { ManualClock } from '@reprise/core/testing';
import { Admission } from '../../../src/orchestration/runtime/admission/admission.ts';
import type { AgentNote, AttemptEnd } from '../../../src/orchestration/runtime/admission/breaker.ts';
import { type AdmissionConfig, admissionOptions } from '../../../src/orchestration/runtime/admission/options.ts';
import type { RunState } from '../../../src/orchestration/workflow/state.ts';

export interface ModelTask {
  readonly id: string;
  readonly agent: string;
  readonly priority: number;
  readonly capability: string | undefined;
}

/** A run as far as admission sees it: what is ready, what is under way, how much may be at once. */
export class ModelRun {
  readonly id: string;
  readonly tenant: string;
  readonly workflow: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly concurrency: number;
  ready: ModelTask[] = [];
  readonly underWay = new Map<string, ModelTask>();
  /** What began, in order. */
  began = 0;
  ended = false;

  constructor(id: string, options: Partial<Pick<ModelRun, 'tenant' | 'workflow' | 'labels' | 'concurrency'>> = {}) {
    this.id = id;
    this.tenant = options.tenant ?? '';
    this.workflow = options.workflow ?? 'w';
    this.labels = options.labels ?? {};
    this.concurrency = options.concurrency ?? Number.POSITIVE_INFINITY;
  }

  get state(): RunState {
    const { id: runId, tenant, labels } = this;
    return { runId, tenant, labels, definition: { name: this.workflow } } as unknown as RunState;
  }
}

/** Runs that take turns as the engine has them, over one admission. Nothing takes time but what tick() says. */
export class World {
  readonly clock = new ManualClock(0);
  readonly capacity = new Map<string, number>();
  readonly load = new Map<string, number>();
  readonly runs = new Map<string, ModelRun>();
  /** Every attempt that began, in order: its run. */
  readonly log: string[] = [];
  /** What was put on record of agents. */
  readonly notes: AgentNote[] = [];
  readonly admission: Admission;
  readonly #woken = new Set<string>();
  #tasks = 0;

  constructor(config: AdmissionConfig, capacity: Readonly<Record<string, number>>) {
    for (const [agent, most] of Object.entries(capacity)) this.capacity.set(agent, most);
    this.admission = new Admission({
      clock: this.clock,
      options: admissionOptions(config),
      capacityOf: (agent) => ({ concurrency: this.capacity.get(agent) ?? 0, near: true }),
      loaded: (agent, delta) => this.load.set(agent, (this.load.get(agent) ?? 0) + delta),
      wake: (runId) => this.#woken.add(runId),
    });
  }

  add(run: ModelRun): ModelRun {
    this.runs.set(run.id, run);
    return run;
  }

  task(agent: string, priority = 0, capability?: string): ModelTask {
    this.#tasks += 1;
    return { id: `t${this.#tasks}`, agent, priority, capability };
  }

  /** One turn of a run, in which `ended` ends, as `how` says. `failing`: its append is lost, and nothing of it happened. */
  turn(run: ModelRun, ended: readonly string[] = [], failing = false, how?: AttemptEnd['agent']): void {
    const turn = this.admission.turn(run.id, run.state);
    const at = this.clock.now();
    const error = how === 'well' ? {} : { error: { code: 'BROKEN', message: 'no', retryable: how === 'ill' } };
    for (const id of ended) turn.release(id, 1, how === undefined ? undefined : { at, agent: how, ...error });
    const notes = turn.takeNotes();
    const left = run.underWay.size - ended.length;
    const begun = run.ended ? [] : this.#begin(run, turn, left);
    const rest = run.ready.length - begun.length;
    turn.close(!run.ended && rest > 0 && left + begun.length < run.concurrency);
    if (failing) {
      turn.undo();
      this.admission.forgo(run.id);
      return;
    }
    this.notes.push(...notes);
    for (const id of ended) run.underWay.delete(id);
    for (const task of begun) {
      run.underWay.set(task.id, task);
      this.log.push(run.id);
      run.began += 1;
    }
    run.ready = run.ready.filter((task) => !begun.includes(task));
  }

  #begin(run: ModelRun, turn: ReturnType<Admission['turn']>, underWay: number): readonly ModelTask[] {
    const begun: ModelTask[] = [];
    const inOrder = [...run.ready].sort((a, b) => b.priority - a.priority);
    for (const task of inOrder) {
      const slots = run.concurrency - underWay - begun.length;
      if (slots <= 0) break;
      const want = Math.min(slots, run.ready.length - begun.length);
      if (turn.room(task.agent, task.capability, want, task.priority) <= 0) continue;
      turn.use(task.agent, task.capability, task.id, 1);
      begun.push(task);
    }
    return begun;
  }

  /** Everything that follows by itself: what is free goes to who waits, and the woken take their turns. */
  async settle(): Promise<void> {
    for (let idle = 0; idle < 3; ) {
      await Promise.resolve();
      const woken = [...this.#woken];
      this.#woken.clear();
      idle = woken.length === 0 ? idle + 1 : 0;
      for (const id of woken) {
        const run = this.runs.get(id);
        if (run === undefined) this.admission.forgo(id);
        else this.turn(run);
      }
    }
  }

  end(run: ModelRun): void {
    run.ended = true;
    run.ready = [];
    run.underWay.clear();
    this.runs.delete(run.id);
    this.admission.releaseRun(run.id);
  }

  async tick(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.settle();
  }

  /** Attempts under way that `of` holds for. */
  count(of: (run: ModelRun, task: ModelTask) => boolean): number {
    let count = 0;
    for (const run of this.runs.values()) for (const task of run.underWay.values()) if (of(run, task)) count += 1;
    return count;
  }
}
