import { type Json, parseWorkflow, workflow, workflowToYaml } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { stateDigest } from '../../../src/orchestration/workflow/digest/state-digest.ts';
import { openEffects } from '../../../src/orchestration/workflow/effects.ts';
import { evolve } from '../../../src/orchestration/workflow/evolve.ts';
import { restoreState, serializeState } from '../../../src/orchestration/workflow/state-codec.ts';
import { type PureRun, types } from '../pure-run.ts';
import { problemsOf } from './problems-of.ts';
import { run } from './yaml-run.ts';

const answer = (r: PureRun, taskId: string, value: Json, more = {}) =>
  r.send({ type: 'AnswerForm', taskId, answer: value, ...more });
const fire = (r: PureRun, step: number, at: number, taskId = 'ask') => {
  r.now = at;
  return r.send({ type: 'FireTimer', timer: { kind: 'escalate', taskId, attempt: r.task(taskId).attempt, step }, at });
};
const timers = (r: PureRun) =>
  openEffects(r.state).flatMap((effect) =>
    effect.kind === 'set-timer' ? [[effect.timer.kind, effect.at - START]] : [],
  );
const START = run('a: { agent: a }').now;

const ASK = 'ask: { wait: { form: approval, assignee: kim } }';

describe('a form', () => {
  it('is answered, and the answer is the output', () => {
    const r = run(`draft: { agent: a }\n${ASK.replace('} }', '}, after: draft }')}\nlast: { agent: a, after: ask }`);
    r.run('draft', { text: 'Hello' });
    expect(r.task('ask')).to.deep.include({ status: 'running', input: { text: 'Hello' } });
    expect(r.events.findLast(({ type }) => type === 'TaskEntered')).to.include({ form: true, assignee: 'kim' });
    const events = answer(r, 'ask', { decision: 'approve', comment: 'Good' });
    expect(types(events)).to.deep.equal(['FormAnswered', 'TaskCompleted']);
    expect(events[1]).to.include({ via: 'form' }).and.not.to.have.property('output');
    expect(r.schedule('last')[0]).to.deep.include({ input: { decision: 'approve', comment: 'Good' } });
  });

  it('stays open when what is answered does not fit, and says all that is wrong', () => {
    const r = run(ASK);
    const [refused] = answer(r, 'ask', { decision: 'maybe', comment: 5, more: 1 });
    expect(refused).to.include({ type: 'CommandRejected', code: 'REPRISE_FORM_INVALID' });
    expect((refused as { message: string }).message).to.equal(
      `The answer to 'ask' does not fit its form: .decision must be "approve" or "reject" or "edit", not "maybe"; .comment must be text, not 5; .more is not allowed here.`,
    );
    expect(r.status('ask')).to.equal('running');
    answer(r, 'ask', { decision: 'edit', edited: { n: 2 } });
    expect(r.state.output).to.deep.equal({ decision: 'edit', edited: { n: 2 } });
  });

  it('is approved, rejected, or edited: with an edit there is what it is to be', () => {
    for (const value of [{ decision: 'edit' }, { decision: 'approve', edited: 1 }, {}, null, 'approve'])
      expect(types(answer(run(ASK), 'ask', value)), JSON.stringify(value)).to.deep.equal(['CommandRejected']);
  });

  it('takes one answer, and a command once', () => {
    const r = run(`${ASK}\nlast: { agent: a, after: ask }`);
    answer(r, 'ask', { decision: 'approve' }, { commandId: 'one' });
    expect(answer(r, 'ask', { decision: 'approve' }, { commandId: 'one' })).to.deep.equal([]);
    expect(answer(r, 'ask', { decision: 'reject' }, { commandId: 'two' })[0]).to.include({
      code: 'REPRISE_FORM_NOT_OPEN',
    });
    expect(r.task('ask').output).to.deep.equal({ decision: 'approve' });
  });

  it('can be answered only while it is one, and open', () => {
    const r = run(`
a: { agent: a }
sig: { wait: { signal: s } }
later: { wait: { form: approval }, after: a }
each: { forEach: "[1, 2]", wait: { form: approval } }`);
    const said = ['a', 'sig', 'later', 'each', 'nobody'].map((id) => {
      const [event] = answer(r, id, { decision: 'approve' });
      expect(event, id).to.include({ type: 'CommandRejected', code: 'REPRISE_FORM_NOT_OPEN' });
      return (event as { message: string }).message;
    });
    expect(said[0]).to.equal("'a' asks nobody anything. Open forms of the run: 'each[0]', 'each[1]'.");
    expect(said[2]).to.contain("'later' is pending");
    expect(said[3]).to.contain("'each' is a list: each of its items is a form");
    expect(said[4]).to.contain("The run has no task 'nobody' now");
  });

  it('is one for each item of a list', () => {
    const r = run(`each: { forEach: input, wait: { form: approval, assignee: "\${ item }" } }`, ['kim', 'lee']);
    expect([0, 1].map((index) => r.task(`each[${index}]`).form?.assignee)).to.deep.equal(['kim', 'lee']);
    answer(r, 'each[1]', { decision: 'reject' });
    answer(r, 'each[0]', { decision: 'approve' });
    expect(r.state.output).to.deep.equal([{ decision: 'approve' }, { decision: 'reject' }]);
  });

  it('is asked again in every round of a loop, and of a repeat', () => {
    for (const tasks of [
      `block:\n  loop: { until: "output.decision == 'approve'", max: 3 }\n  scope:\n    ask: { wait: { form: approval } }`,
      `ask: { wait: { form: approval }, repeat: { until: "output.decision == 'approve'", max: 3 } }`,
    ]) {
      const r = run(tasks);
      const id = r.state.tasks.has('block/ask') ? 'block/ask' : 'ask';
      answer(r, id, { decision: 'reject' });
      expect(r.task(id), id).to.include({ round: 2, status: 'running' });
      answer(r, id, { decision: 'approve' });
      expect(r.state.output).to.deep.equal({ decision: 'approve' });
    }
  });

  it('has a time limit, with a default or without', () => {
    const r = run('ask: { wait: { form: approval, timeout: 1h, default: { decision: reject } } }');
    r.now += 3_600_000;
    r.send({ type: 'FireTimer', timer: { kind: 'task', taskId: 'ask', since: START }, at: r.now });
    expect(r.state.output).to.deep.equal({ decision: 'reject' });
    const failing = run('ask: { wait: { form: approval }, timeout: 1h, fallback: { value: none } }');
    failing.now += 3_600_000;
    failing.send({ type: 'FireTimer', timer: { kind: 'task', taskId: 'ask', since: START }, at: failing.now });
    expect(failing.state.output).to.equal('none');
  });

  it('counts an answer that was in time, however late it is looked at, and none that was not', () => {
    const ask = 'ask: { wait: { form: approval, default: { decision: reject } }, timeout: 1h }';
    const many =
      'each: { forEach: "[1]", wait: { form: approval }, timeout: { task: 1h, all: 1h }, fallback: { value: none } }';
    for (const [tasks, id, limits] of [
      [ask, 'ask', ['task']],
      [many, 'each[0]', ['task', 'all']],
    ] as const) {
      const late = run(tasks);
      late.now += 3_600_000;
      expect(answer(late, id, { decision: 'approve' })[0], id).to.include({ code: 'REPRISE_FORM_NOT_OPEN' });
      const r = run(tasks);
      const { attempt } = r.task(id);
      // Somebody has put it on record, and nobody has driven the run since.
      const said = { taskId: id, attempt, commandId: 'c', answer: { decision: 'approve' } };
      r.fold({ type: 'FormAnswered', at: r.now, ...said });
      r.now += 3_600_000;
      for (const kind of limits) r.fire({ kind, taskId: kind === 'all' ? 'each' : id, since: START } as never, r.now);
      expect(r.task(id), id).to.include({ status: 'completed' });
      expect(r.of('TaskCompleted')[0], id).to.include({ via: 'form' });
      expect(r.state.status, id).to.equal('completed');
    }
  });

  it('may be somebody else’s', () => {
    const r = run(ASK);
    r.send({ type: 'AssignForm', taskId: 'ask', to: 'lee' });
    expect(r.task('ask').form?.assignee).to.equal('lee');
    expect(r.events.at(-1)).to.include({ type: 'FormAssigned', to: 'lee' });
    expect(r.send({ type: 'AssignForm', taskId: 'no', to: 'lee' })[0]).to.include({ code: 'REPRISE_FORM_NOT_OPEN' });
  });

  it('is withdrawn by a join, and by a cancel; with two that are answered at once, one counts', () => {
    const r = run(`
one: { wait: { form: approval } }
two: { wait: { form: approval } }
first: { set: "\${ outputs }", after: [one, two], join: any, rest: cancel }`);
    r.send({ type: 'ParkRun', error: { code: 'X', message: 'x', retryable: false } });
    answer(r, 'two', { decision: 'approve' });
    answer(r, 'one', { decision: 'reject' });
    r.send({ type: 'ResumeRun' });
    expect([r.status('one'), r.status('two')]).to.deep.equal(['cancelled', 'completed']);
    expect(r.state.output).to.deep.equal({ one: null, two: { decision: 'approve' } });
  });

  it('is answered while the run is paused', () => {
    const r = run(`${ASK}\nlast: { agent: a, after: ask }`);
    r.send({ type: 'PauseRun' });
    answer(r, 'ask', { decision: 'approve' });
    expect(r.status('ask')).to.equal('completed');
  });

  it('fails when who is asked cannot be said', () => {
    for (const wait of [
      `assignee: "\${ input.nobody }"`,
      `assignee: "\${ 5 }"`,
      `assignee: kim, escalate: [{ after: 1h, to: "\${ '' }" }]`,
    ]) {
      const r = run(`ask: { wait: { form: approval, ${wait} } }`, {});
      expect(r.task('ask').error?.code, wait).to.equal('REPRISE_EXPRESSION_FAILED');
    }
  });
});

describe('a form that nobody answers', () => {
  const HOUR = 3_600_000;
  const LATE = `ask: { wait: { form: approval, assignee: kim, escalate: [{ after: 1h, to: lee }, { after: 3h, to: "\${ input.boss }" }], timeout: 1d } }`;

  it('goes from one to the next', () => {
    const r = run(LATE, { boss: 'pat' });
    expect(timers(r)).to.deep.equal([
      ['task', 24 * HOUR],
      ['escalate', HOUR],
    ]);
    expect(fire(r, 0, START + HOUR)).to.deep.equal([
      { type: 'FormAssigned', at: START + HOUR, taskId: 'ask', attempt: 1, to: 'lee', step: 1 },
    ]);
    expect(timers(r)).to.deep.equal([
      ['task', 24 * HOUR],
      ['escalate', 3 * HOUR],
    ]);
    expect(fire(r, 0, START + HOUR), 'late').to.deep.equal([]);
    fire(r, 1, START + 3 * HOUR);
    expect(r.task('ask').form).to.deep.include({ assignee: 'pat', step: 2 });
    expect(timers(r)).to.deep.equal([['task', 24 * HOUR]]);
    answer(r, 'ask', { decision: 'approve' });
    expect(r.state.status).to.equal('completed');
  });

  it('goes on from whoever it was given to', () => {
    const r = run(LATE, { boss: 'pat' });
    r.send({ type: 'AssignForm', taskId: 'ask', to: 'sam' });
    fire(r, 0, START + HOUR);
    expect(r.task('ask').form?.assignee).to.equal('lee');
  });

  it('stands still in a pause', () => {
    const r = run(LATE, { boss: 'pat' });
    r.now = START + HOUR / 2;
    r.send({ type: 'PauseRun' });
    expect(timers(r)).to.deep.equal([]);
    expect(fire(r, 0, START + HOUR)).to.deep.equal([]);
    r.now = START + 10 * HOUR;
    r.send({ type: 'ResumeRun' });
    expect(timers(r)).to.deep.equal([
      ['task', 24 * HOUR + 9.5 * HOUR],
      ['escalate', 10.5 * HOUR],
    ]);
  });

  it('is the same from a snapshot', () => {
    const r = run(LATE, { boss: 'pat' });
    fire(r, 0, START + HOUR);
    const restored = restoreState(serializeState(r.state), (definition) => definition);
    expect(stateDigest(restored)).to.equal(stateDigest(r.state));
    expect(openEffects(restored)).to.deep.equal(openEffects(r.state));
  });
});

describe('a form in a definition', () => {
  const SCHEMA = { type: 'object', properties: { n: { type: 'integer', minimum: 1 } }, required: ['n'] };
  const written = (form: Json, more = '') => `ask: { wait: { form: ${JSON.stringify(form)}${more} } }`;

  it('is written, read back, and built', () => {
    const text = `name: w\ntasks:\n  ${written(SCHEMA, `, assignee: "\${ input.who }", timeout: 1h, default: { n: 1 }, escalate: [{ after: 10m, to: lee }]`)}\n`;
    const parsed = parseWorkflow(text);
    expect(parseWorkflow(workflowToYaml(parsed.definition)).hash).to.equal(parsed.hash);
    const built = workflow<{ who: string }>('w').wait('ask', {
      form: SCHEMA,
      assignee: ({ input }) => input.who,
      timeout: '1h',
      default: { n: 1 },
      escalate: [{ after: '10m', to: 'lee' }],
    });
    expect(built.build().definition.tasks[0]?.wait?.form?.schema).to.deep.equal(SCHEMA);
  });

  it('must be sound', () => {
    const cases: readonly (readonly [string, string])[] = [
      [written({ typ: 'object' }), 'is no keyword that forms know; did you mean'],
      [written({ type: 'text' }), 'must be one of null, boolean'],
      [written({ pattern: '(a)\\1' }), 'is no pattern of RE2'],
      [written({ $defs: { a: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }), 'goes round in circles'],
      [written({ $ref: '#/$defs/none' }), 'leads nowhere'],
      [written({ allOf: [{ $ref: 'http://x/y' }] }), 'leads out of the schema'],
      [written({ $ref: './file.json' }), 'names a file, and this text is in none'],
      [written({ description: 'x'.repeat(70_000) }), 'a schema may have 65536'],
      [written(SCHEMA, ', default: { n: 0 }'), 'does not fit the form: .n must be 1 at least, not 0'],
      [
        written(SCHEMA, ', escalate: [{ after: 2h, to: a }, { after: 1h, to: b }]'),
        'must be later than the one before',
      ],
      [written(SCHEMA, ', signal: s'), 'stands beside a form'],
      ['ask: { wait: { signal: s, assignee: kim } }', 'belongs to a form'],
      ['ask: { wait: { form: aproval } }', 'or "approval", not "aproval"'],
      ['ask: { wait: {} }', 'needs signal'],
    ];
    for (const [tasks, problem] of cases) expect(problemsOf(tasks), tasks.slice(0, 80)).to.contain(problem);
  });

  it('may be in another place', () => {
    const text = 'name: w\ntasks:\n  ask: { wait: { form: { $ref: ./n.schema.json } } }\n';
    const asked: string[] = [];
    const found = parseWorkflow(text, {
      readSchema: (reference) => {
        asked.push(reference);
        return SCHEMA;
      },
    });
    expect(asked).to.deep.equal(['./n.schema.json']);
    expect(found.definition.tasks[0]?.wait?.form?.schema, 'whole').to.deep.equal(SCHEMA);
    const missing = () =>
      parseWorkflow(text, {
        readSchema: () => {
          throw new Error('there is no such file');
        },
      });
    expect(missing).to.throw('3:26 tasks.ask.wait.form.$ref: there is no such file');
  });

  it('that a restored run gives to somebody for the first time has the digest of its history', () => {
    const r = run('ask: { wait: { form: approval } }');
    const restored = restoreState(serializeState(r.state), (recorded) => recorded);
    for (const state of [r.state, restored])
      evolve(state, { type: 'FormAssigned', at: r.now, taskId: 'ask', attempt: 1, to: 'lee', commandId: 'c' });
    expect(stateDigest(restored)).to.equal(stateDigest(r.state));
    expect(serializeState(restored)).to.equal(serializeState(r.state));
  });
});
