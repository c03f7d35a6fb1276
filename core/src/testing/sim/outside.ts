import type { RunHandle } from '../../orchestration/runtime/run-handle.ts';
import { definitionOf } from '../../orchestration/workflow/state.ts';
import { stateOf } from '../../orchestration/workflow/view-of.ts';
import type { Json, JsonObject } from '../../shared/json.ts';
import type { VirtualTime } from '../virtual-time.ts';
import { exampleOf } from './example.ts';
import { dicesOf, type FaultPlan } from './fault.ts';

export interface OutsideParts {
  readonly seed: number;
  readonly plan: FaultPlan;
  readonly time: VirtualTime;
  /** What comes with a signal, by its name. */
  readonly signals: Readonly<Record<string, Json>>;
  /** A run, in a process that is alive. */
  run(runId: string): RunHandle | undefined;
  ended(runId: string): boolean;
}

const HOUR_MS = 3_600_000;
const AGAIN_MS = 1000;

/** Whoever answers forms and sends the signals that a run waits for: within an hour, unless there is silence. */
export class Outside {
  readonly #parts: OutsideParts;

  constructor(parts: OutsideParts) {
    this.#parts = parts;
  }

  /** A task began to wait. */
  heard(runId: string, entered: JsonObject): void {
    const { plan, time, seed } = this.#parts;
    const { taskId, signal, form, attempt } = entered;
    if (typeof taskId !== 'string' || (typeof signal !== 'string' && form !== true)) return;
    const place = `outside ${runId} ${taskId}`;
    if (plan.use(place, ['silence']) !== undefined) return;
    const dice = dicesOf(seed, `${place} ${String(attempt)}`);
    const requestId = `${taskId}-${String(attempt)}`;
    const say = (run: RunHandle): Promise<void> =>
      typeof signal === 'string'
        ? run.signal(signal, this.#parts.signals[signal] ?? null, { requestId })
        : answer(run, taskId, dice, requestId);
    time.clock.schedule(1 + Math.floor(dice() * HOUR_MS), () => this.#say(runId, say));
  }

  /** Says it until somebody hears it. */
  #say(runId: string, say: (run: RunHandle) => Promise<void>): void {
    const { time, run, ended } = this.#parts;
    if (ended(runId)) return;
    const handle = run(runId);
    const again = (): void => void time.clock.schedule(AGAIN_MS, () => this.#say(runId, say));
    if (handle === undefined) again();
    else say(handle).catch((error: unknown) => (isPassing(error) ? again() : undefined));
  }
}

/** What the store or the death of a process brought about; anything else is an answer. */
export function isPassing(error: unknown): boolean {
  const { code = '' } = error as { readonly code?: string };
  return code.startsWith('REPRISE_STORE_') || code === 'REPRISE_OUTCOME_UNKNOWN' || code === 'REPRISE_STOPPED';
}

async function answer(run: RunHandle, taskId: string, dice: () => number, requestId: string): Promise<void> {
  const state = stateOf(await run.state());
  const task = state.tasks.get(taskId);
  const form = task === undefined ? undefined : definitionOf(state, task)?.wait?.form;
  await run.answer(taskId, form === undefined ? null : exampleOf(form.schema, dice), { requestId });
}
