import { ATTRIBUTES, type EngineMeasures, type INSTRUMENTS } from '@reprise/core/plugin';
import type { Instruments } from './instruments.ts';
import type { LoopDelay } from './loop-delay.ts';

/** What the engine and its process measured of themselves, at one moment. Plain data. */
export interface ProcessMeasures {
  /** Absent of a worker by itself. */
  readonly engine?: EngineMeasures;
  readonly loop: LoopDelay;
  /** Observations that the monitor itself could not pass on, since it was made. */
  readonly lost: number;
}

type Gauges = 'attemptsRunning' | 'attemptsWaiting' | 'viewLag';

/** Records what engines measure of themselves; counts of theirs, as what has come since the last time. */
export class EngineMetrics {
  readonly #instruments: Instruments;
  readonly #counts = new Map<string, number>();
  /** What each gauge was said for: one that is not mentioned any more is 0. */
  readonly #said = new Map<string, Set<string>>();

  constructor(instruments: Instruments) {
    this.#instruments = instruments;
  }

  take({ engine, loop, lost }: ProcessMeasures): void {
    this.#instruments.is('loopDelayMean', loop.meanMs / 1000);
    this.#instruments.is('loopDelayP99', loop.p99Ms / 1000);
    this.#instruments.is('loopDelayMax', loop.maxMs / 1000);
    this.#grown('telemetryLost', { [ATTRIBUTES.telemetrySignal]: 'observations' }, lost);
    if (engine === undefined) return;
    this.#gauge('attemptsRunning', ATTRIBUTES.agent, engine.running, 1);
    this.#gauge('attemptsWaiting', ATTRIBUTES.limit, engine.waiting, 1);
    this.#gauge('viewLag', ATTRIBUTES.view, engine.viewLagMs, 1 / 1000);
    this.#appends(engine.appends);
    for (const [monitor, { dropped, failures }] of Object.entries(engine.monitors)) {
      this.#grown('monitorDropped', { [ATTRIBUTES.monitor]: monitor }, dropped);
      this.#grown('monitorFailures', { [ATTRIBUTES.monitor]: monitor }, failures);
    }
  }

  #gauge(name: Gauges, key: string, values: Readonly<Record<string, number>>, unit: number): void {
    const said = this.#said.get(name) ?? new Set<string>();
    this.#said.set(name, said);
    for (const of of said) if (!Object.hasOwn(values, of)) this.#instruments.is(name, 0, { [key]: of });
    for (const [of, value] of Object.entries(values)) {
      said.add(of);
      this.#instruments.is(name, value * unit, { [key]: of });
    }
  }

  #appends({ calls, recentMs }: EngineMeasures['appends']): void {
    const before = this.#counts.get('appends') ?? 0;
    this.#counts.set('appends', calls);
    const fresh = Math.min(calls - before, recentMs.length);
    for (const ms of fresh > 0 ? recentMs.slice(-fresh) : []) this.#instruments.took('storeAppend', ms, {});
  }

  #grown(name: keyof typeof INSTRUMENTS, attributes: Readonly<Record<string, string>>, total: number): void {
    const key = `${name} ${Object.values(attributes).join(' ')}`;
    const before = this.#counts.get(key) ?? 0;
    this.#counts.set(key, total);
    this.#instruments.count(name, attributes, total - before);
  }
}
