import type { Attributes, Counter, Gauge, Histogram, Meter } from '@opentelemetry/api';
import { INSTRUMENTS } from '@reprise/core/plugin';

type Name = keyof typeof INSTRUMENTS;

type Made = Readonly<Record<Name, Counter<Attributes> | Histogram<Attributes> | Gauge<Attributes>>>;

/** Upper bounds of what is measured in seconds: from what a store takes to what a run does. */
export const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];

/** The instruments of a meter, by their names in the core. */
export class Instruments {
  readonly #made: Made;

  constructor(meter: Meter) {
    const made = Object.entries(INSTRUMENTS).map(([key, { kind, name, unit, description }]) => {
      const options = { unit, description };
      if (kind === 'counter') return [key, meter.createCounter(name, options)];
      if (kind === 'gauge') return [key, meter.createGauge(name, options)];
      return [key, meter.createHistogram(name, { ...options, advice: { explicitBucketBoundaries: SECONDS } })];
    });
    this.#made = Object.fromEntries(made) as Made;
  }

  count(name: Name, attributes: Attributes, by = 1): void {
    if (by > 0) (this.#made[name] as Counter<Attributes>).add(by, attributes);
  }

  /** Of what took so many milliseconds. */
  took(name: Name, ms: number, attributes: Attributes): void {
    (this.#made[name] as Histogram<Attributes>).record(Math.max(0, ms) / 1000, attributes);
  }

  is(name: Name, value: number, attributes: Attributes = {}): void {
    (this.#made[name] as Gauge<Attributes>).record(value, attributes);
  }
}
