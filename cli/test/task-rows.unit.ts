import { createReprise, decodeEvent, type HistoryEntry, parseWorkflow, toMermaid } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readGolden } from '../../test/simulation/golden/golden-file.ts';
import { PlainView } from '../src/output/plain-view.ts';
import { RunProgress } from '../src/output/run-progress.ts';
import { troubleText } from '../src/output/task-line.ts';
import { Screen } from '../src/output/terminal.ts';
import { Timeline } from '../src/output/timeline.ts';
import { withAdded } from '../src/workflows/with-added.ts';
import { paced, progressOf } from './sample-run.ts';
import { Memory } from './support.ts';

const PLAIN = { NO_COLOR: '1' };

/** `trips` is a list of blocks, `saga` a block that fails after a payment, and is caught by the run. */
async function history(): Promise<readonly HistoryEntry[]> {
  const text = `
name: rows
tasks:
  trips:
    forEach: { items: input, concurrency: 2 }
    scope:
      hotel: { agent: works }
      car: { agent: works, after: hotel, retry: { maxAttempts: 2, initialDelay: 1ms } }
  saga:
    after: trips
    scope:
      pay: { agent: works, compensate: { agent: works } }
      ship: { agent: fails, after: pay, retry: 1 }
    catch: [{ do: { tell: { agent: works } }, then: continue }]
  later: { agent: works, after: saga }`;
  let failed = false;
  const works = async ({ taskId }: { readonly taskId: string }): Promise<string> => {
    if (taskId === 'trips[1]/car' && !failed) {
      failed = true;
      throw new Error('once');
    }
    return 'done';
  };
  const fails = (): never => {
    throw new Error('no stock');
  };
  const flow = parseWorkflow(text);
  const agents = [
    { name: 'works', handle: works },
    { name: 'fails', handle: fails },
  ];
  const reprise = await createReprise({ workflows: [flow], agents });
  await reprise.start();
  const run = await reprise.startRun(flow, [1, 2, 3] as never, { id: 'rows-1' });
  await run.outcome();
  const entries = await Array.fromAsync(reprise.runs.history(run.id));
  await reprise.stop();
  return entries;
}

describe('the rows of a run with blocks', () => {
  it('are those of the workflow before it begins, and those of a block below it from when they began', async () => {
    const entries = await history();
    const names = (rows: RunProgress): readonly string[] => rows.rows().map(({ name }) => name);
    expect(names(progressOf(entries.slice(0, 1)))).to.deep.equal(['trips', 'saga', 'later']);
    expect(names(progressOf(entries))).to.deep.equal([
      'trips',
      '  hotel',
      '  car',
      'saga',
      '  pay',
      '  ship',
      '  tell',
      'later',
    ]);
  });

  it('count what there are many of, its attempts too', async () => {
    const rows = progressOf(await history()).rows();
    const car = rows.find(({ id }) => id === 'trips/car');
    expect(car).to.include({ status: 'completed', attempts: 4, failedAttempts: 1 });
    expect(car?.items).to.include({ total: 3, completed: 3, queued: 0 });
    expect(rows.find(({ id }) => id === 'trips')?.items).to.include({ total: 3, completed: 3 });
    const ship = rows.find(({ id }) => id === 'saga/ship');
    expect(ship).to.include({ status: 'failed', items: undefined });
    expect(ship?.error?.message).to.equal('no stock');
  });

  it('have counts that add up at every moment', async () => {
    const progress = new RunProgress();
    for (const { event } of await history()) {
      progress.fold(event);
      for (const { items } of progress.rows()) {
        if (items === undefined) continue;
        const { total, ...parts } = items;
        expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).to.equal(total);
      }
    }
  });

  it('are drawn on the axis with what was at work inside', async () => {
    const entries = paced(await history(), 100);
    const timeline = new Timeline(entries[0]?.event.at ?? 0, entries.at(-1)?.event.at ?? 0, 120);
    for (const { event } of entries) timeline.fold(event);
    const lines = timeline.draw(new Screen(new Memory(), PLAIN), progressOf(entries).rows());
    expect(lines.find((line) => line.includes('  car'))).to.match(
      /✔ {3}car .*[▁▂▃▄▅▆▇█✖]+.* completed .* 3\/3 items, 1 failed attempt$/,
    );
    expect(lines.find((line) => line.includes('  ship'))).to.match(/✖ {3}ship .*✖.* failed /);
  });

  it('have no line of their own for each task of each item where lines are told', async () => {
    const sink = new Memory();
    const view = new PlainView(new Screen(sink, PLAIN));
    const progress = new RunProgress();
    for (const entry of paced(await history(), 1)) {
      progress.fold(entry.event);
      await view.onEvent(entry, progress);
    }
    expect(sink.text).to.match(/trips\[1\]\/car +attempt failed/);
    expect(sink.text).to.not.match(/trips\[\d\]\/hotel/);
    expect(sink.text).to.match(/saga\/pay +completed/);
  });

  it('have what was added below the block that it was added to, once for all blocks that are items', () => {
    const { events } = readGolden('grown');
    const entries = events.map((stored) => ({ event: decodeEvent(stored) })) as unknown as readonly HistoryEntry[];
    const progress = progressOf(entries);
    const rows = progress.rows();
    expect(rows.map(({ name }) => name)).to.deep.equal([
      'plan',
      'each',
      '  draft',
      '  check',
      '  extra',
      '  extra@',
      'loop',
      '  write',
      '  extra',
      '    one',
      '    one@2',
      '    two',
      '  extra@1',
      'publish',
      'review',
    ]);
    expect(rows.find(({ id }) => id === 'each/extra')).to.deep.include({ agent: 'worker', attempts: 2 });
    const picture = toMermaid(withAdded(progress.state));
    for (const label of ['review', 'extra', 'two']) expect(picture).to.contain(label);
    expect(picture.match(/"extra/g)).to.have.length(2);
  });

  it('say what was said by hand, and what was begun again', () => {
    const told = (golden: string): readonly string[] => {
      const entries = readGolden(golden).events.map((stored) => ({ event: decodeEvent(stored) }));
      return progressOf(entries as unknown as readonly HistoryEntry[])
        .rows()
        .flatMap((row) => (troubleText(row) === '' ? [] : [`${row.name.trim()}: ${troubleText(row)}`]));
    };
    expect(told('changed')).to.include.members(['van: by hand', 'lift: by hand', 'home: by hand', 'bill: by hand']);
    expect(told('returned')).to.include.members([
      'plan: begun again 2 times',
      'print: begun again once, 1 failed attempt',
    ]);
  });
});
