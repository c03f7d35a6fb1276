import { createReprise, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { LiveRegion } from '../src/output/live-region.ts';
import { drawRun } from '../src/output/live-view.ts';
import { PlainView } from '../src/output/plain-view.ts';
import { RunProgress } from '../src/output/run-progress.ts';
import { Screen } from '../src/output/terminal.ts';
import { Timeline } from '../src/output/timeline.ts';
import { paced, progressOf, sampleRun } from './sample-run.ts';
import { Memory } from './support.ts';

const PLAIN = { NO_COLOR: '1' };

describe('the progress of a run', () => {
  it('counts items by what has become of them, at every moment', async () => {
    const progress = new RunProgress();
    for (const { event } of await sampleRun(6)) {
      progress.fold(event);
      const items = progress.rows().find(({ id }) => id === 'double')?.items;
      if (items === undefined) continue;
      const { total, ...parts } = items;
      expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).to.equal(total);
      for (const part of Object.values(parts)) expect(part).to.be.at.least(0);
    }
    const [double, add, bonus] = progress.rows();
    expect(double?.items).to.include({ total: 6, completed: 6, failed: 0 });
    expect(double).to.include({ attempts: 7, failedAttempts: 1, status: 'completed' });
    expect(add).to.include({ attempts: 1, failedAttempts: 0 });
    expect(bonus?.status).to.equal('skipped');
    expect(progress.result().matches).to.equal(true);
  });
});

describe('the plain view', () => {
  const linesFor = async (items: number, ms: number): Promise<readonly string[]> => {
    const sink = new Memory();
    const view = new PlainView(new Screen(sink, PLAIN));
    const progress = new RunProgress();
    for (const entry of paced(await sampleRun(items), ms)) {
      progress.fold(entry.event);
      await view.onEvent(entry, progress);
    }
    return sink.text.trimEnd().split('\n');
  };

  it('tells tasks one by one and items in counts, by the time in the events', async () => {
    const lines = await linesFor(400, 10);
    expect(lines.filter((line) => /double +items +[\d,]+\/400 items/.test(line)).length).to.be.within(4, 8);
    expect(lines.filter((line) => /double\[\d+\]/.test(line))).to.have.lengthOf(1);
    expect(lines.join('\n')).to.match(
      /double\[3\] +attempt failed +attempt 1, REPRISE_AGENT_FAILED: no \\u001b\[31mluck yet/,
    );
    expect(lines.join('\n')).to.match(/add +completed/);
    expect(lines.join('\n')).to.match(/bonus +skipped +condition/);
    expect(lines.at(-1)).to.match(/run +completed/);
  });

  it("says how a signal that is waited for is sent, and tells the end of a run as the run's", async () => {
    const waiting = workflow('waiting').wait('decision', { signal: 'go', timeout: '1ms' }).build();
    const reprise = await createReprise({ workflows: [waiting] });
    await reprise.start();
    const run = await reprise.startRun(waiting, null, { id: 'w-1' });
    await run.outcome();
    const sink = new Memory();
    const view = new PlainView(new Screen(sink, PLAIN));
    const progress = new RunProgress();
    for await (const entry of reprise.runs.history(run.id)) {
      progress.fold(entry.event);
      await view.onEvent(entry, progress);
    }
    await reprise.stop();
    const lines = sink.text.trimEnd().split('\n');
    expect(lines.find((line) => line.includes('entered'))).to.match(
      /decision +entered +.*for the signal go \(reprise run signal w-1 go\)$/,
    );
    expect(lines.at(-1)).to.match(/^ *\+\S+ {2}run +failed +/);
  });

  it('has no more lines for many items than for few', async () => {
    expect((await linesFor(600, 0)).length).to.equal((await linesFor(6, 0)).length);
  });
});

describe('the live view', () => {
  it('draws a head and a line for every task', async () => {
    const screen = new Screen(new Memory({ isTTY: true }), PLAIN);
    const progress = progressOf(await sampleRun());
    const lines = drawRun(screen, progress, progress.state.updatedAt);
    expect(lines[0]).to.match(/^sample@1 {2}sample-1 {2}✔ completed/);
    expect(lines[1]).to.match(/^✔ double +completed +\S+ {2}█{20} 5\/5 items, 1 failed attempt$/);
    expect(lines).to.have.lengthOf(4);
  });

  it('chooses what is most telling when the screen is small', async () => {
    const entries = await sampleRun();
    const screen = new Screen(new Memory({ isTTY: true, rows: 6 }), PLAIN);
    const running = entries.findIndex(({ event }) => event.type === 'TaskStarted' && event.taskId === 'add');
    const lines = drawRun(
      new Screen(new Memory({ isTTY: true, rows: 5 }), PLAIN),
      progressOf(entries.slice(0, running + 1)),
      0,
    );
    expect(lines.join('\n')).to.contain('add');
    expect(drawRun(screen, progressOf(entries), 0)).to.have.lengthOf(4);
  });

  it('shows what an agent says while its task goes on', async () => {
    const entries = await sampleRun();
    const running = entries.findIndex(({ event }) => event.type === 'TaskStarted' && event.taskId === 'add');
    const screen = new Screen(new Memory({ isTTY: true }), PLAIN);
    const said = new Map([['add', 'half of it']]);
    expect(drawRun(screen, progressOf(entries.slice(0, running + 1)), 0, said).join('\n')).to.contain('half of it');
    expect(drawRun(screen, progressOf(entries), 0, said).join('\n')).to.not.contain('half of it');
  });
});

describe('a live region', () => {
  it('is drawn over itself, clipped to the screen, and gives the cursor back', async () => {
    const sink = new Memory({ isTTY: true, columns: 20, rows: 3 });
    const region = new LiveRegion(new Screen(sink, PLAIN));
    await region.draw(['one', 'x'.repeat(50), 'too much']);
    expect(sink.text).to.equal(`\u001b[?25l\r\u001b[0Kone\n${'x'.repeat(18)}…\n`);
    sink.text = '';
    await region.draw(['two']);
    expect(sink.text).to.equal('\r\u001b[2A\u001b[0Jtwo\n');
    sink.text = '';
    await region.draw(['two']);
    expect(sink.text).to.equal('');
    await region.above('a note');
    expect(sink.text).to.equal('\r\u001b[1A\u001b[0Ja note\ntwo\n');
    sink.text = '';
    await region.end();
    expect(sink.text).to.equal('\r\u001b[0K\u001b[?25h');
  });
});

describe('the timeline', () => {
  it('shows when each task was at work, on one axis', async () => {
    const entries = paced(await sampleRun(), 100);
    const timeline = new Timeline(entries[0]?.event.at ?? 0, entries.at(-1)?.event.at ?? 0, 100);
    const progress = new RunProgress();
    for (const { event } of entries) {
      progress.fold(event);
      timeline.fold(event);
    }
    const [axis, double = '', add = '', bonus = ''] = timeline.draw(new Screen(new Memory(), {}), progress.rows());
    expect(axis).to.match(/^ +0 .* \d+(\.\d)?s$/);
    expect(double).to.match(/^✔ double .*[▁▂▃▄▅▆▇█✖]+.* completed .* 5\/5 items, 1 failed attempt$/);
    expect(double.match(/✖/g)).to.have.lengthOf(1);
    const place = (line: string): number => line.search(/[▁▂▃▄▅▆▇█]/);
    expect(place(add)).to.be.greaterThan(place(double));
    expect(place(bonus)).to.equal(-1);
  });

  it('can be drawn in the middle, and of a run without length', async () => {
    const entries = await sampleRun();
    const timeline = new Timeline(5, 5, 80);
    const progress = new RunProgress();
    const screen = new Screen(new Memory(), {});
    for (const { event } of entries) {
      progress.fold({ ...event, at: 5 });
      timeline.fold({ ...event, at: 5 });
      for (const line of timeline.draw(screen, progress.rows())) expect(line).to.not.contain('NaN');
    }
  });
});
