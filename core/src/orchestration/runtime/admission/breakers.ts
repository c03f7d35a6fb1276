import type { Clock } from '../../../shared/clock.ts';
import { type AgentHealth, Breaker, type Turned } from './breaker.ts';
import type { BreakerOptions } from './options.ts';

/** The breaker of each agent, made when it is first needed; none when none are wanted. */
export class Breakers {
  readonly #clock: Clock;
  readonly #options: BreakerOptions | undefined;
  readonly #opened: (agent: string) => void;
  readonly #all = new Map<string, Breaker>();

  /** `opened`: more may be admitted for the agent than before. */
  constructor(clock: Clock, options: BreakerOptions | undefined, opened: (agent: string) => void) {
    this.#clock = clock;
    this.#options = options;
    this.#opened = opened;
  }

  of(agent: string): Breaker | undefined {
    if (this.#options === undefined) return undefined;
    let breaker = this.#all.get(agent);
    if (breaker === undefined) {
      breaker = new Breaker(agent, this.#options, this.#clock, this.#opened);
      this.#all.set(agent, breaker);
    }
    return breaker;
  }

  health(agent: string): AgentHealth | undefined {
    return this.#all.get(agent)?.health;
  }

  undo(agent: string, turned: Turned): void {
    this.#all.get(agent)?.undo(turned);
  }

  clear(): void {
    for (const breaker of this.#all.values()) breaker.stop();
    this.#all.clear();
  }
}
