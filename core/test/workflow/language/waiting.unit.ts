import { type Json, parseWorkflow, workflow, workflowToYaml } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { restoreState, serializeState } from '../../../src/orchestration/workflow/state-codec.ts';
import type { PureRun } from '../pure-run.ts';
import { problemsOf } from './problems-of.ts';
import { run } from './yaml-run.ts';

const signal = (r: PureRun, name: string, data: Json = null) => r.send({ type: 'SendSignal', signal: name, data });

describe('a wait that is not buffered', () => {
  const LATE = `
begin: { agent: a }
now: { wait: { signal: s, buffered: false }, after: begin }`;

  it('takes nothing that came before it began, and what comes then', () => {
    const r = run(LATE);
    signal(r, 's', 'early');
    r.run('begin');
    expect(r.status('now')).to.equal('running');
    signal(r, 's', 'in time');
    expect(r.task('now').output).to.equal('in time');
    expect(r.state.status).to.equal('completed');
  });

  it('leaves what came before to one that is', () => {
    const r = run(`${LATE}\nkept: { wait: { signal: s }, after: now }`);
    signal(r, 's', 'early');
    r.run('begin');
    signal(r, 's', 'in time');
    expect(r.task('now').output).to.equal('in time');
    expect(r.task('kept').output, 'a persistent trigger').to.equal('early');
  });

  it('begins anew in every round', () => {
    const r = run(`
block:
  loop: { until: round >= 2, max: 2 }
  scope:
    begin: { agent: a }
    now: { wait: { signal: s, buffered: false }, after: begin }`);
    r.run('block/begin');
    signal(r, 's', 1);
    signal(r, 's', 'between');
    r.run('block/begin');
    expect(r.status('block/now')).to.equal('running');
    signal(r, 's', 2);
    expect(r.task('block').output).to.equal(2);
  });

  it('stands in line with those that are, in the order in which they began', () => {
    const r = run(`
one: { wait: { signal: s } }
two: { wait: { signal: s, buffered: false } }
three: { wait: { signal: s } }
four: { wait: { signal: s, buffered: false } }`);
    for (const data of [1, 2, 3, 4]) signal(r, 's', data);
    expect(['one', 'two', 'three', 'four'].map((id) => r.task(id).output)).to.deep.equal([1, 2, 3, 4]);
  });

  it('takes what came while the run was parked or paused, one each', () => {
    for (const type of ['PauseRun', 'ParkRun'] as const) {
      const r = run(`
old: { agent: a }
two: { wait: { signal: s, buffered: false }, after: old }
three: { wait: { signal: s, buffered: false }, after: old }
four: { wait: { signal: s }, after: late }
late: { agent: a }`);
      signal(r, 's', 'early');
      r.run('old');
      r.schedule();
      const error = { code: 'X', message: 'x', retryable: false };
      r.send(type === 'PauseRun' ? { type } : { type, error });
      signal(r, 's', 'new');
      r.send({ type: 'ResumeRun' });
      expect([r.task('two').output, r.status('three')], type).to.deep.equal(['new', 'running']);
      r.complete('late');
      expect(r.task('four').output, type).to.equal('early');
      expect(r.state.frontier.size).to.equal(0);
    }
  });

  it('is the same from a snapshot', () => {
    const r = run(`${LATE}\nlast: { wait: { signal: s, buffered: false }, after: begin }`);
    signal(r, 's', 'early');
    r.run('begin');
    const text = serializeState(r.state);
    const restored = restoreState(text, (definition) => definition);
    expect(serializeState(restored)).to.equal(text);
    expect([...(restored.unbuffered.get('s') ?? [])]).to.deep.equal(['now', 'last']);
    expect(restored.waits.size).to.equal(0);
  });

  it('is written, read back, and built', () => {
    const text =
      'name: w\ntasks:\n  now: { wait: { signal: s, buffered: false } }\n  any: { wait: { signal: s, buffered: true } }\n';
    const parsed = parseWorkflow(text);
    const built = workflow('w').wait('now', { signal: 's', buffered: false }).wait('any', { signal: 's' }).build();
    expect(built.hash).to.equal(parsed.hash);
    expect(parseWorkflow(workflowToYaml(parsed.definition)).hash).to.equal(parsed.hash);
    expect(problemsOf('now: { wait: { signal: s, buffered: no } }')).to.contain('must be true or false, not "no"');
  });
});

describe('first of several waits', () => {
  const CHOICE = `
card: { wait: { signal: card } }
cash: { wait: { signal: cash } }
late: { sleep: 1h }
chosen: { set: "\${ outputs }", after: [card, cash, late], join: any, rest: cancel }`;
  const all = (r: PureRun) => ['card', 'cash', 'late'].map((id) => r.status(id));

  it('takes the signal that comes first, and withdraws the others in the same turn', () => {
    const r = run(CHOICE);
    signal(r, 'cash', 5);
    expect(all(r)).to.deep.equal(['cancelled', 'completed', 'cancelled']);
    expect(r.task('chosen').output).to.deep.equal({ card: null, cash: 5, late: null });
    expect(r.state.status).to.equal('completed');
  });

  it('leaves a signal that came second to others', () => {
    const r = run(`${CHOICE}\nafter: { wait: { signal: card }, after: chosen }`);
    signal(r, 'cash', 5);
    signal(r, 'card', 6);
    expect(all(r)).to.deep.equal(['cancelled', 'completed', 'cancelled']);
    expect(r.task('after').output).to.equal(6);
  });

  it('has one of two signals that are there when it begins, and the other one is kept', () => {
    const r = run(`
begin: { agent: a }
card: { wait: { signal: card }, after: begin }
cash: { wait: { signal: cash }, after: begin }
chosen: { set: "\${ outputs }", after: [card, cash], join: any, rest: cancel }
rest: { wait: { signal: cash }, after: chosen }`);
    signal(r, 'cash', 'second');
    signal(r, 'card', 'first');
    r.run('begin');
    expect([r.status('card'), r.status('cash')]).to.deep.equal(['completed', 'cancelled']);
    expect(r.task('rest').output, 'not lost').to.equal('second');
  });

  it('has one of two signals that come while the run is parked', () => {
    const r = run(`${CHOICE}\nafter: { wait: { signal: cash }, after: chosen }`);
    r.send({ type: 'ParkRun', error: { code: 'X', message: 'x', retryable: false } });
    signal(r, 'card', 1);
    signal(r, 'cash', 2);
    r.send({ type: 'ResumeRun' });
    expect(all(r)).to.deep.equal(['completed', 'cancelled', 'cancelled']);
    expect(r.task('after').output).to.equal(2);
  });

  it('is a timer, when nothing comes', () => {
    const r = run(CHOICE);
    const { wakeAt = 0, attempt } = r.task('late');
    r.now = wakeAt;
    r.send({ type: 'FireTimer', timer: { kind: 'wake', taskId: 'late', attempt }, at: wakeAt });
    expect(all(r)).to.deep.equal(['cancelled', 'cancelled', 'completed']);
    signal(r, 'card', 1);
    expect(r.status('card')).to.equal('cancelled');
  });

  it('of two for the same name has one signal', () => {
    const r = run(`
one: { wait: { signal: s } }
two: { wait: { signal: s, buffered: false } }
chosen: { set: "\${ outputs }", after: [one, two], join: any, rest: cancel }
more: { wait: { signal: s } }`);
    r.send({ type: 'ParkRun', error: { code: 'X', message: 'x', retryable: false } });
    signal(r, 's', 1);
    signal(r, 's', 2);
    r.send({ type: 'ResumeRun' });
    expect([r.task('one').output, r.status('two'), r.task('more').output]).to.deep.equal([1, 'cancelled', 2]);
  });

  it('chooses for each item of a list by itself', () => {
    const r = run(
      `
each:
  forEach: input
  scope:
    yes: { wait: { signal: "\${ 'yes-' + item }" } }
    no: { wait: { signal: "\${ 'no-' + item }" } }
    said: { set: "\${ outputs.yes != null }", after: [yes, no], join: any, rest: cancel }`,
      ['a', 'b'],
    );
    signal(r, 'no-b');
    signal(r, 'yes-a', true);
    expect(r.state.output).to.deep.equal([true, false]);
  });
});

describe('raise with a type', () => {
  it('names the kind of the error, in the run and to whoever catches it', () => {
    const text = `
bad: { raise: { code: BROKE, type: "https://example.com/errors/broke", status: 402 } }`;
    const r = run(text);
    expect(r.task('bad').error).to.include({ code: 'BROKE', type: 'https://example.com/errors/broke', status: 402 });
    const caught = run(
      `block:\n  catch: [{ on: { code: BROKE }, then: continue, output: "\${ error.type }" }]\n  scope:${text.replaceAll('\n', '\n    ')}`,
    );
    expect(caught.state.output).to.equal('https://example.com/errors/broke');
  });

  it('is written, read back, and built', () => {
    const parsed = parseWorkflow('name: w\ntasks:\n  a: { raise: { code: A, type: "urn:x:y" } }\n');
    const built = workflow('w').raise('a', { code: 'A', type: 'urn:x:y' }).build();
    expect(built.hash).to.equal(parsed.hash);
    expect(parseWorkflow(workflowToYaml(parsed.definition)).hash).to.equal(parsed.hash);
  });

  it('must be a URI', () => {
    for (const type of ['declined', '"/errors/x"', '"http://a b"', `"urn:${'x'.repeat(1100)}"`])
      expect(problemsOf(`a: { raise: { code: A, type: ${type} } }`), type).to.contain('is not a URI');
  });
});
