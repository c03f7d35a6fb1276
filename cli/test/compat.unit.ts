import { type CompatWorkflow, compatOf, parseWorkflow, type RunEvent } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Screen } from '../src/output/terminal.ts';
import { widthOf } from '../src/output/text.ts';
import { wrapped } from '../src/output/wrapped.ts';
import { compatLines } from '../src/workflows/compat-lines.ts';
import { sampleRun } from './sample-run.ts';
import { Memory } from './support.ts';

describe('what becomes of open runs, for people', () => {
  it('fits into 60 and 100 columns, and tells first of those that do not go on', async () => {
    const open: readonly RunEvent[] = (await sampleRun(4)).map(({ event }) => event).slice(0, -1);
    const [first] = open;
    if (first?.type !== 'RunStarted') throw new Error('no start');
    // With its functions again, which no history has.
    const revived = JSON.parse(JSON.stringify(first.definition), (_key, value) =>
      value?.kind === 'function' ? { ...value, fn: () => null } : value,
    ) as typeof first.definition;
    const tasks = revived.tasks.map((task) => ({ ...task, priority: 9 }));
    const mended: CompatWorkflow = { definition: { ...revived, tasks }, hash: 'other' };
    const data = parseWorkflow('name: sample\nversion: "1"\ntasks: { a: { agent: adder } }');
    const verdict = (runId: string, now: CompatWorkflow) => {
      const found = { ...compatOf(open, [now]), runId, status: 'running', revision: open.length - 1 };
      return { ...found, why: found.next === 'held' ? `Run '${runId}' needs ${found.missing.join('; ')}.` : undefined };
    };
    const same = { ...mended, hash: first.definitionHash };
    const verdicts = [verdict('one', same), verdict('two', mended), verdict('three', data)];
    const source = 'workflows/sample.mts';
    const linesAt = (columns: number, some = verdicts): readonly string[] => {
      const screen = new Screen(new Memory({ isTTY: true, columns }), { NO_COLOR: '1' });
      return compatLines(screen, { name: 'sample', version: '1', source }, some, {});
    };
    for (const columns of [60, 100])
      for (const line of linesAt(columns)) expect(widthOf(line), line).to.be.at.most(columns);
    const lines = linesAt(100);
    const runs = lines.filter((line) => /^[✔✖]/.test(line)).map((line) => line.split('  ')[0]);
    expect(runs).to.deep.equal(['✖ three', '✔ two', '✔ one']);
    expect(lines[1]).to.equal('3 runs: 1 does not go on.');
    expect(lines.join('\n')).to.contain("Not taken up: the priority of 'double' (done)");
    const many = Array.from({ length: 60 }, (_, n) => verdict(`run-${n}`, same));
    expect(linesAt(60, many).at(-1)).to.equal('and 10 more; --json has all');
    expect(linesAt(60, [])).to.have.length(2);
  });

  it('breaks lines between words, and cuts off what is too long for one', () => {
    expect(wrapped('one two three', 9, '  ')).to.deep.equal(['  one two', '  three']);
    expect(wrapped('a-word-that-is-too-long b', 10)).to.deep.equal(['a-word-th…', 'b']);
  });
});
