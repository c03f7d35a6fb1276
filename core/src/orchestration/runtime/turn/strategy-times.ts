import type { Clock } from '../../../shared/clock.ts';
import type { MonitorHub } from '../monitor-hub.ts';

/** Longer than this, in ms, no answer of a strategy should take: nothing else goes on in the process meanwhile. */
const SLOW_MS = 250;

/** How often a slow one is told of at most, in ms. */
const AGAIN_MS = 60_000;

/** Tells monitors of strategies that are slow. Nothing can stop one: it is a function of this process. */
export class StrategyTimes {
  readonly #clock: Clock;
  readonly #monitors: MonitorHub;
  /** When a strategy was told of last, by its name. */
  readonly #told = new Map<string, number>();

  constructor({ clock, monitors }: { readonly clock: Clock; readonly monitors: MonitorHub }) {
    this.#clock = clock;
    this.#monitors = monitors;
  }

  /** What `ask` gives, or throws. */
  timed<Answer>(strategy: string, runId: string, ask: () => Answer): Answer {
    const from = this.#clock.now();
    try {
      return ask();
    } finally {
      const now = this.#clock.now();
      const told = this.#told.get(strategy) ?? Number.NEGATIVE_INFINITY;
      if (now - from > SLOW_MS && now - told >= AGAIN_MS) {
        this.#told.set(strategy, now);
        const message = `the strategy '${strategy}' took ${now - from} ms for one answer; no run goes on in this process meanwhile`;
        this.#monitors.notice({ kind: 'log', level: 'warn', message, runId, fields: { strategy, ms: now - from } });
      }
    }
  }
}
