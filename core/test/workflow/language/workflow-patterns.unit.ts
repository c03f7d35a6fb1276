import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { PureRun } from '../pure-run.ts';
import { after, ends, ready, signal, status } from './playing.ts';
import { run } from './yaml-run.ts';

// The examples of docs/workflow-patterns.md, each doing what its pattern asks for.

const PAGE = readFileSync(new URL('../../../../docs/workflow-patterns.md', import.meta.url), 'utf8');

const sections = PAGE.split(/^## (?=\d+\. )/m)
  .slice(1)
  .map((text) => {
    const [, number = '', name = '', body = ''] = /^(\d+)\. (.*)\n([\s\S]*)$/.exec(text) ?? [];
    return { number: Number(number), name, body, example: /```yaml\n([\s\S]*?)\n```/.exec(body)?.[1] };
  });

const rounds = (r: PureRun, join: string, enough: readonly string[], late: string) => {
  for (const _ of [1, 2]) {
    after(r, ...enough.map((id) => `turn/${id}`));
    r.run(`turn/${join}`);
    ready(r);
    expect(r.state.status, 'the round waits for what is late').to.equal('running');
    r.complete(`turn/${late}`);
  }
  ends(r);
};

const SHOWN: Readonly<Record<number, (r: PureRun) => void>> = {
  1: (r) => {
    ready(r, 'a');
    r.run('a');
    ready(r, 'b');
  },
  2: (r) => {
    r.run('a');
    ready(r, 'b', 'c');
  },
  3: (r) => {
    after(r, 'a');
    ready(r);
    r.complete('b');
    ready(r, 'c');
  },
  4: (r) => {
    ready(r, 'small');
    status(r, { big: 'skipped' });
  },
  5: (r) => {
    r.run('small');
    ready(r, 'merged');
  },
  6: (r) => {
    r.run('a');
    ready(r, 'b', 'c');
    status(r, { d: 'skipped' });
  },
  7: (r) => {
    after(r, 'b');
    ready(r);
    r.complete('c');
    ready(r, 'merged');
  },
  8: (r) => {
    after(r, 'b');
    ready(r, 'tail[1]');
    r.run('tail[1]');
    r.complete('a');
    ready(r, 'tail[0]');
    r.run('tail[0]');
    ends(r);
  },
  9: (r) => {
    after(r, 'b');
    ready(r, 'first');
    r.run('first');
    r.complete('a');
    ready(r);
    ends(r);
  },
  10: (r) => {
    const back = (task: string): void => {
      r.schedule('test');
      const { attempt } = r.task('test');
      r.send({ type: 'CompleteTask', taskId: 'test', attempt, output: 'no', directives: [{ kind: 'goto', task }] });
      ready(r, task);
    };
    r.run('design');
    r.run('build');
    back('design');
    r.run('design');
    r.run('build');
    back('build');
    r.run('build');
    r.run('test');
    r.run('ship');
    ends(r);
  },
  11: (r) => {
    after(r, 'a');
    expect(r.state.status).to.equal('running');
    r.complete('b');
    ends(r);
  },
  12: (r) => {
    expect(r.ready()).to.include('next');
    after(r, 'next');
    expect(r.state.status).to.equal('running');
    for (const index of [0, 1, 2]) r.complete(`each[${index}]`);
    ends(r);
  },
  13: (r) => {
    after(r, 'each[0]', 'each[1]');
    ready(r);
    r.complete('each[2]');
    ready(r, 'next');
  },
  14: (r) => {
    r.run('list', ['x', 'y']);
    ready(r, 'each[0]', 'each[1]');
    after(r, 'each[0]', 'each[1]');
    ready(r, 'next');
  },
  15: (r) => {
    r.schedule();
    const directives = [{ kind: 'addItems', items: [2, 3] }] as const;
    r.send({ type: 'CompleteTask', taskId: 'each[0]', attempt: 1, output: 'one', directives });
    r.send({ type: 'AddItems', taskId: 'each', items: [4] });
    for (const index of [1, 2, 3]) r.run(`each[${index}]`);
    expect(r.task('each').items?.total).to.equal(4);
    ready(r, 'next');
  },
  16: (r) => {
    signal(r, 'cash', 5);
    status(r, { cash: 'completed', card: 'cancelled' });
    ready(r, 'paid');
  },
  17: (r) => {
    ready(r, 'a');
    r.run('a');
    expect(r.ready()).to.have.length(1);
    r.run(r.ready()[0] ?? '');
    expect(r.ready()).to.have.length(1);
    r.run(r.ready()[0] ?? '');
    ends(r);
  },
  18: (r) => {
    r.run('offer');
    status(r, { upgrade: 'running' });
    r.run('board');
    status(r, { upgrade: 'cancelled' });
  },
  19: (r) => {
    after(r, 'check');
    status(r, { work: 'cancelled', stop: 'completed' });
  },
  20: (r) => {
    r.schedule();
    r.send({ type: 'CancelRun', reason: 'enough' });
    expect(r.state.status).to.equal('cancelled');
  },
  21: (r) => {
    r.run('draft/write', { good: false });
    ready(r, 'draft/write');
    r.run('draft/write', { good: true });
    ends(r);
  },
  22: (r) => {
    const { child = '', attempt } = r.task('deeper');
    expect(child).to.not.equal('');
    expect(r.task('deeper').input).to.equal(4);
    r.run('done');
    expect(r.state.status).to.equal('running');
    r.send({ type: 'EndChild', taskId: 'deeper', attempt, child, outcome: { status: 'completed', output: 'deep' } });
    ends(r);
  },
  23: (r) => {
    signal(r, 's', 'early');
    r.run('a');
    status(r, { now: 'running' });
    signal(r, 's', 'in time');
    expect(r.state).to.include({ status: 'completed', output: 'in time' });
  },
  24: (r) => {
    signal(r, 's', 'early');
    r.run('a');
    expect(r.state).to.include({ status: 'completed', output: 'early' });
  },
  25: (r) => {
    after(r, 'check');
    status(r, { region: 'cancelled', 'region/a': 'cancelled', 'region/b': 'cancelled', also: 'cancelled' });
  },
  26: (r) => {
    after(r, 'each[0]', 'check');
    status(r, { each: 'cancelled', 'each[1]': 'cancelled', 'each[2]': 'cancelled' });
  },
  27: (r) => {
    after(r, 'each[0]', 'check');
    status(r, { each: 'completed', 'each[1]': 'cancelled', 'each[2]': 'cancelled' });
    expect(r.task('each').output).to.deep.equal(['each[0] done', null, null]);
    ready(r, 'next');
  },
  28: (r) => rounds(r, 'first', ['a'], 'b'),
  29: (r) => {
    after(r, 'a');
    status(r, { b: 'cancelled' });
    ready(r, 'first');
  },
  30: (r) => {
    after(r, 'a');
    ready(r);
    r.complete('c');
    ready(r, 'two');
    status(r, { b: 'scheduled' });
  },
  31: (r) => rounds(r, 'two', ['a', 'b'], 'c'),
  32: (r) => {
    after(r, 'a', 'c');
    status(r, { b: 'cancelled' });
    ready(r, 'two');
  },
  33: (r) => {
    for (const name of ['north', 'north', 'south']) signal(r, name);
    r.run('quarter/report');
    ready(r);
    signal(r, 'south');
    r.run('quarter/report');
    ends(r);
  },
  34: (r) => {
    after(r, 'each[0]', 'each[2]');
    ready(r, 'next');
    status(r, { 'each[1]': 'scheduled' });
  },
  35: (r) => {
    after(r, 'each[0]', 'each[2]');
    ready(r, 'next');
    status(r, { 'each[1]': 'cancelled' });
  },
  36: (r) => {
    r.schedule();
    r.complete('each[0]', 'no');
    ready(r);
    r.complete('each[1]', 'yes');
    ready(r, 'next');
  },
  37: (r) => {
    status(r, { a: 'skipped', b: 'skipped' });
    r.run('c');
    ready(r, 'merged');
  },
  39: (r) => {
    ready(r, 'one/a');
    r.run('one/a');
    ready(r, 'one/b');
    r.run('one/b');
    ready(r, 'two/c');
  },
  40: (r) => {
    ready(r, 'a');
    r.run('a');
    ready(r, 'b');
    r.run('b');
    ready(r, 'next');
  },
  41: (r) => {
    for (const index of [0, 1, 2]) r.run(`branch[${index}]/register`);
    for (const index of [1, 2]) r.run(`branch[${index}]/check`);
    expect(r.status('batch')).to.equal('pending');
    r.run('branch[0]/check');
    expect(r.status('batch')).to.equal('ready');
  },
  42: (r) => {
    r.run('receive');
    ready(r, 'branch[0]/review', 'branch[1]/review', 'branch[2]/review');
    r.run('branch[1]/review');
    ready(r, 'branch[0]/review', 'branch[2]/review', 'branch[1]/reply');
  },
  43: (r) => {
    after(r, 'check');
    expect(r.state).to.include({ status: 'completed', output: 'enough' });
    status(r, { work: 'cancelled' });
  },
};

describe('the workflow patterns', () => {
  it('are all on the page, each with an example that is shown here, or a reason', () => {
    expect(sections.map(({ number }) => number)).to.deep.equal(Array.from({ length: 43 }, (_, index) => index + 1));
    for (const { number, body, example } of sections) {
      if (example === undefined) expect(body.trim(), `${number}`).to.match(/^(?:No|Not yet|Partly|Yes)\b.{40}/);
      else expect(example.split('\n'), `${number}`).to.have.length.at.most(20);
      expect(Object.hasOwn(SHOWN, number), `${number}`).to.equal(example !== undefined);
    }
  });

  for (const { number, name, example } of sections) {
    if (example !== undefined) it(`${number}. ${name}`, () => SHOWN[number]?.(run(example, 5)));
  }
});
