import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ObservedEvent } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Span, spansOf } from '../src/index.ts';
import { problemsOf } from './support.ts';

// What holds for the spans of any run, by the recorded histories of all that a workflow can do.

const FOLDER = join(import.meta.dirname, '../../../test/simulation/golden');

interface Recorded {
  readonly name: string;
  readonly history: readonly ObservedEvent[];
}

function read(file: string): Recorded {
  const [header = '', ...lines] = readFileSync(join(FOLDER, file), 'utf8').trimEnd().split('\n');
  const { runId } = JSON.parse(header) as { readonly runId: string };
  const history = lines.map((line, revision) => {
    return { runId, revision, event: JSON.parse(line) as ObservedEvent['event'] };
  });
  return { name: file.replace('.ndjson', ''), history };
}

const histories = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.ndjson'))
  .map(read);

async function spans(history: readonly ObservedEvent[], eventsPerTrace = 5000): Promise<readonly Span[]> {
  return Array.fromAsync(spansOf(toAsync(history), { eventsPerTrace }));
}

async function* toAsync<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

describe('the spans of recorded histories', () => {
  it('are there to be looked at', () => {
    expect(histories).to.have.length.above(30);
  });

  for (const { name, history } of histories) {
    it(`hang together: ${name}`, async () => {
      const made = await spans(history);
      expect(problemsOf(made, history)).to.deep.equal([]);
    });

    it(`hang together in traces of few spans: ${name}`, async () => {
      const made = await spans(history, 10);
      expect(problemsOf(made, history)).to.deep.equal([]);
      const sizes = Map.groupBy(made, ({ traceId }) => traceId);
      // What holds a part together, and a task with its first attempt where only one event begins both.
      for (const [, ofTrace] of sizes) expect(ofTrace.length).to.be.at.most(22);
    });
  }
});
