import { diffRuns, type Json, type RunEvent } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Screen } from '../src/output/terminal.ts';
import { widthOf } from '../src/output/text.ts';
import { whereDiffers } from '../src/output/where-differs.ts';
import { diffLines } from '../src/runs/diff-lines.ts';
import { sampleRun } from './sample-run.ts';
import { Memory } from './support.ts';

describe('where two values differ', () => {
  const at = (a: Json, b: Json) => {
    const place = whereDiffers(a, b);
    return [place.path, place.a, place.b];
  };

  it('is the first place inside that is not the same', () => {
    expect(at({ x: [1, { y: 2 }] }, { x: [1, { y: 3 }] })).to.deep.equal(['.x[1].y', 2, 3]);
    expect(at({ x: 1 }, { x: 1, 'a b': 2 })).to.deep.equal(['["a b"]', undefined, 2]);
    expect(at([1, 2], [1])).to.deep.equal(['[1]', 2, undefined]);
    expect(at({ x: 1 }, [1])).to.deep.equal(['', { x: 1 }, [1]]);
    expect(at({ x: null }, { x: false })).to.deep.equal(['.x', null, false]);
    expect(at({ y: 1, x: 1 }, { x: 1, y: 1 })).to.deep.equal(['', { y: 1, x: 1 }, { x: 1, y: 1 }]);
  });

  it('of long texts shows what is before it, and then both', () => {
    const text = 'x'.repeat(200);
    const [, a, b] = at(`${text}one`, `${text}two`);
    expect([a, b]).to.deep.equal([`…${'x'.repeat(20)}one`, `…${'x'.repeat(20)}two`]);
  });
});

describe('the difference of two runs, for people', () => {
  const linesAt = (columns: number, a: readonly RunEvent[], b: readonly RunEvent[]): readonly string[] => {
    const screen = new Screen(new Memory({ isTTY: true, columns }), { NO_COLOR: '1' });
    return diffLines(screen, diffRuns(a, b));
  };

  it('fits into 60 and 100 columns, with long values and ids as with short ones', async () => {
    const events = (await sampleRun(4)).map(({ event }) => event);
    const long = 'a-very-long-id-of-a-run-0123456789-0123456789';
    const changed = events.map((event): RunEvent => {
      if (event.type === 'RunStarted') {
        const tasks = event.definition.tasks.map((task) => ({ ...task, priority: task.id === 'add' ? 9 : 0 }));
        const definition = { ...event.definition, tasks };
        return { ...event, runId: long, definition, definitionHash: 'f'.repeat(64) };
      }
      if (event.type === 'TaskCompleted' && event.taskId === 'add')
        return { ...event, output: { sum: 'it is '.repeat(40) } };
      return event;
    });
    const other = (await sampleRun(30)).map(({ event }) => event);
    for (const columns of [60, 100]) {
      for (const [a, b] of [
        [events, changed],
        [events, events.slice(0, -3)],
        [events, other],
        [other, events],
      ] as const) {
        const lines = linesAt(columns, a, b);
        for (const line of lines) expect(widthOf(line), line).to.be.at.most(columns);
      }
    }
    const lines = linesAt(60, events, changed);
    expect(lines.slice(0, 6)).to.deep.equal([
      'A  sample-1  sample@1  ✔ completed',
      `B  ${long}`,
      '   sample@1  ✔ completed',
      '   The workflow was changed, and kept its version.',
      "   B has changed: the priority of 'add'.",
      '',
    ]);
    expect(lines).to.include.members(["They part first at 'add', attempt 1: output", '  at .sum', '     12']);
    expect(lines.some((line) => line.startsWith('     "it is it is') && line.endsWith('…'))).to.equal(true);
  });

  it('says what is only in one, and that the other has nothing more', async () => {
    const events = (await sampleRun(4)).map(({ event }) => event);
    const lines = linesAt(100, events, events.slice(0, 5));
    expect(lines).to.include.members([
      'They part first here',
      '  B  nothing more yet',
      'Only in A',
      '  add  completed',
    ]);
    const more = linesAt(
      100,
      (await sampleRun(30)).map(({ event }) => event),
      events,
    );
    expect(more.filter((line) => line.includes('more; --json has all'))).to.have.length(1);
    const same = linesAt(100, events, events);
    expect(same).to.include('No difference: what the one did, the other did the same.');
    expect(same).to.include('One and the same run.'.padStart(24));
  });
});
