import type { Json, RunEvent } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { loadTasks } from '../../../src/definition/text/parse-workflow.ts';
import type { Outgoing } from '../../../src/orchestration/workflow/messaging/message.ts';
import type { PureRun } from '../pure-run.ts';
import { types } from '../pure-run.ts';
import { add, answer, expectKept } from './add.ts';
import { run } from './yaml-run.ts';

// Tasks that are added to a run send to what is there, and are sent to.

const first = 'first: { agent: a }';
const added = (tasks: Json) => loadTasks(tasks, 'tasks');

const post = (run: PureRun, to: string, data: Json, more: Partial<Outgoing> = {}): readonly RunEvent[] =>
  run.send({ type: 'PostMessage', from: 'me', message: { to, data, ...more } });

const outputOf = (run: PureRun, id: string): Json | undefined => run.task(id).output;

describe('added tasks and messages', () => {
  it('send to names, to tasks of the run and to each other, and take what is sent', () => {
    const r = run(`${first}\nwaits: { wait: { message: { from: tell } } }`, null, 'mailboxes: { desk: {} }');
    const tasks = {
      tell: { send: { to: 'waits', data: { n: 1 }, performative: 'request', type: 'order' } },
      desk: { send: { to: '#desk' }, after: 'tell' },
      take: { wait: { message: { mailbox: '#desk', where: `message.data.id == outputs.tell.id` } }, after: 'tell' },
    };
    expect(answer(add(r, '', added(tasks)))).to.match(/^TasksAdded/);
    expect(outputOf(r, 'waits')).to.deep.include({
      from: 'tell',
      data: { n: 1 },
      performative: 'request',
      type: 'order',
    });
    expect(outputOf(r, 'take')).to.deep.include({ from: 'desk', mailbox: '#desk', data: outputOf(r, 'tell') as Json });
    r.run('first');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });

  it('have a mailbox once they are added, and not before', () => {
    const r = run(first);
    const [refused] = post(r, 'late', 1);
    expect(refused).to.deep.include({ type: 'CommandRejected', code: 'REPRISE_MAILBOX_UNKNOWN' });
    add(r, '', added({ late: { wait: { message: true }, after: 'first' } }));
    expect(types(post(r, 'late', 1))).to.deep.equal(['MessageSent']);
    expectKept(r);
    r.run('first');
    expect(outputOf(r, 'late')).to.deep.include({ from: 'me', data: 1, mailbox: 'late' });
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });

  it('in a block are found from there outwards, and their mailboxes go with it', () => {
    const r = run(`${first}\nbook: { scope: { pay: { agent: p } } }`, null);
    const tasks = {
      ask: { send: { to: 'pay', data: 1 } },
      out: { send: { to: 'first', data: 2 } },
      left: { send: { to: 'out', data: 3 } },
    };
    add(r, 'book', added(tasks));
    const sent = r.events.filter((event) => event.type === 'MessageSent');
    expect(sent.map(({ to, from }) => [from.task, to])).to.deep.equal([
      ['book/ask', 'book/pay'],
      ['book/out', 'first'],
      ['book/left', 'book/out'],
    ]);
    r.run('book/pay');
    const closed = r.events.find((event) => event.type === 'MessagesClosed');
    expect(closed).to.deep.include({ scope: 'book', open: 2, dead: 0 });
    expectKept(r);
    r.run('first');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });

  it('that name nobody fail when they begin, and can be stood in for', () => {
    const r = run(first);
    const to = { to: 'nobody', data: 1 };
    add(
      r,
      '',
      added({
        lost: { send: to, fallback: { value: 'instead' } },
        desk: { wait: { message: { mailbox: '#desk' } }, fallback: { value: 0 } },
      }),
    );
    expect(outputOf(r, 'lost')).to.equal('instead');
    expect(outputOf(r, 'desk')).to.equal(0);
    expectKept(r);
    add(r, '', added({ alone: { send: to } }));
    const failed = r.events.find((event) => event.type === 'TaskFailed');
    expect(failed).to.deep.include({ taskId: 'alone' });
    expect(failed?.error.code).to.equal('REPRISE_MAILBOX_UNKNOWN');
    expectKept(r);
  });

  it('wait until somebody is done with what they sent', () => {
    const r = run(first, null, 'mailboxes: { desk: {} }');
    add(r, '', added({ ask: { send: { to: '#desk', data: 1, until: 'acknowledged', expires: '5s' } } }));
    expect(r.status('ask')).to.equal('running');
    add(r, '', added({ take: { wait: { message: { mailbox: '#desk' } } } }));
    expect([r.status('ask'), r.status('take')]).to.deep.equal(['completed', 'completed']);
    expectKept(r);
  });

  it('are refused where they say what cannot be', () => {
    const r = run(first, null, 'mailboxes: { desk: {} }');
    const refusal = (tasks: Json): string => {
      const [event] = add(r, '', added(tasks));
      expect(event).to.include({ type: 'CommandRejected', code: 'REPRISE_DEFINITION_INVALID' });
      return (event as Extract<RunEvent, { type: 'CommandRejected' }>).message;
    };
    expect(refusal({ t: { send: { to: '#dead-letters' } } })).to.include('nothing is sent there');
    expect(refusal({ t: { send: { to: 'first', drop: true } } })).to.include('say when it does (expires)');
    expect(refusal({ t: { send: { to: 'first', data: 1 }, input: 1 } })).to.include('keep one of the two');
    expect(refusal({ t: { send: { to: 'first', data: `\${ outputs.nothing }` } } })).to.include("no task 'nothing'");
    expect(refusal({ t: { wait: { message: { type: '' } } } })).to.include('wait.message.type must have 1 to 256 char');
    expect(refusal({ t: { wait: { message: { where: 'message.data >' } } } })).to.include('Unexpected token');
    expect(r.state.tasks.size).to.equal(1);
  });

  it('are spawned by agents, which may then be told by them', () => {
    const r = run('plan: { agent: a, may: [spawn, send] }\nlast: { agent: b, after: plan }');
    r.schedule('plan');
    r.begin('plan');
    const tasks = added({ tell: { send: { to: 'last', data: `\${ outputs.plan }` }, after: 'plan' } });
    const { attempt } = r.task('plan');
    r.send({
      type: 'CompleteTask',
      taskId: 'plan',
      attempt,
      output: 'the plan',
      directives: [{ kind: 'spawn', tasks, before: ['last'] }],
    });
    expect(r.ready()).to.deep.equal(['last']);
    const [message] = r.state.mail?.boxes.get('last')?.messages.values() ?? [];
    expect(message).to.deep.include({ from: { task: 'tell' }, data: 'the plan' });
    r.run('last');
    expect(r.state.status).to.equal('completed');
    expectKept(r);
  });
});
