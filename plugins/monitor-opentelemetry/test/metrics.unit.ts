import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Attributes } from '@opentelemetry/api';
import { ATTRIBUTES, type ObservedEvent } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Instruments } from '../src/metrics/instruments.ts';
import { RunMetrics } from '../src/metrics/run-metrics.ts';
import { see } from '../src/seen-event.ts';

const FOLDER = join(import.meta.dirname, '../../../test/simulation/golden');

class Counted {
  readonly counts = new Map<string, number>();
  readonly took: string[] = [];

  get instruments(): Instruments {
    const count = (name: string, attributes: Attributes, by = 1): void => {
      for (const key of [name, `${name} ${String(attributes[ATTRIBUTES.attemptOutcome] ?? '')}`])
        this.counts.set(key, (this.counts.get(key) ?? 0) + by);
    };
    const took = (name: string, ms: number): void => {
      expect(ms).to.be.at.least(0);
      this.took.push(name);
    };
    return { count, took, is: () => undefined } as unknown as Instruments;
  }

  of(name: string): number {
    return this.counts.get(name) ?? 0;
  }
}

function measured(
  file: string,
  isNew: boolean,
): { readonly counted: Counted; readonly events: ObservedEvent['event'][] } {
  const [header = '', ...lines] = readFileSync(join(FOLDER, file), 'utf8').trimEnd().split('\n');
  const { runId } = JSON.parse(header) as { readonly runId: string };
  const events = lines.map((line) => JSON.parse(line) as ObservedEvent['event']);
  const counted = new Counted();
  const metrics = new RunMetrics(counted.instruments);
  for (const [revision, event] of events.entries())
    metrics.take(
      see({ runId, revision, event }, false, revision === 0),
      isNew && event.metadata['origin'] === undefined,
    );
  expect(metrics.open).to.equal(0);
  return { counted, events };
}

const files = readdirSync(FOLDER).filter((file) => file.endsWith('.ndjson'));
const ENDS = ['RunCompleted', 'RunFailed', 'RunCancelled'];

describe('what is measured of recorded histories', () => {
  for (const file of files) {
    it(`adds up: ${file}`, () => {
      const lines = readFileSync(join(FOLDER, file), 'utf8').trimEnd().split('\n');
      if (!ENDS.some((end) => lines.at(-1)?.includes(`"type":"${end}"`))) return;
      const { counted, events } = measured(file, true);
      const own = events.filter(({ metadata }) => metadata['origin'] === undefined);
      expect(counted.of('runsStarted')).to.equal(1);
      expect(counted.of('runsEnded')).to.equal(1);
      const scheduled = own.filter(({ type }) => type === 'TaskScheduled').length;
      expect(counted.of('attemptsStarted')).to.equal(scheduled);
      // Every attempt that began has ended, once.
      expect(counted.of('attemptsEnded')).to.equal(scheduled);
      const failed = own.filter(({ type, data }) => type === 'TaskAttemptFailed' && data['retryAt'] !== undefined);
      expect(counted.of('retries')).to.be.at.most(failed.length);
    });

    it(`is nothing when it is the past: ${file}`, () => {
      const lines = readFileSync(join(FOLDER, file), 'utf8').trimEnd().split('\n');
      if (!ENDS.some((end) => lines.at(-1)?.includes(`"type":"${end}"`))) return;
      const { counted } = measured(file, false);
      expect([...counted.counts.keys(), ...counted.took]).to.deep.equal([]);
    });
  }
});
