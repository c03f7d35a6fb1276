import type { RunState } from '../../workflow/state.ts';
import type { CachedRun, RunRepository } from '../run-repository.ts';

/** Runs that are kept at most, and tasks that one of them may have. */
const KEPT = 64;
const MOST_TASKS = 10_000;

/**
 * Runs as somebody looks at them who does not drive them: a look reads what was appended since the one before. Looks at one run come one after the other, as they fold
 * into one state; and none of it is what turns go by.
 */
export class RunLooks {
  readonly #repository: Pick<RunRepository, 'load' | 'catchUp'>;
  /** In order of use, the least recent first. */
  readonly #kept = new Map<string, CachedRun>();
  readonly #looking = new Map<string, Promise<RunState>>();

  constructor(repository: Pick<RunRepository, 'load' | 'catchUp'>) {
    this.#repository = repository;
  }

  /** The run as it is on record, to be read at once: the next look changes it. One that does not exist has status 'none'. */
  look(runId: string): Promise<RunState> {
    const before = this.#looking.get(runId);
    const look = before === undefined ? this.#look(runId) : before.then(noop, noop).then(() => this.#look(runId));
    this.#looking.set(runId, look);
    const over = (): void => {
      if (this.#looking.get(runId) === look) this.#looking.delete(runId);
    };
    look.then(over, over);
    return look;
  }

  async #look(runId: string): Promise<RunState> {
    const known = this.#kept.get(runId);
    // Should reading on fail, the state is between two events.
    this.#kept.delete(runId);
    const run = await (known === undefined ? this.#repository.load(runId) : this.#repository.catchUp(known));
    if (run.state.status !== 'none' && run.state.tasks.size <= MOST_TASKS) this.#kept.set(runId, run);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return run.state;
  }
}

const noop = (): void => undefined;
