import type { WorkflowDefinition } from '@reprise/core';
import { expect } from 'chai';
import { goOnFrom } from '../language/going-on.ts';
import { MailRun, mailWorkflow } from './mail-run.ts';

const NEWS = { news: {} };

const ONCE = {
  maxAttempts: 1,
  initialDelayMs: 1,
  factor: 1,
  maxDelayMs: 1,
  jitter: 0,
  nonRetryable: [],
};

const talking = (
  topics: WorkflowDefinition['topics'] = NEWS,
  tasks: Parameters<typeof mailWorkflow>[0] = { a: {}, b: {}, c: {} },
): MailRun => {
  const run = new MailRun(mailWorkflow(tasks, { desk: {}, narrow: { limit: 1 } }, topics));
  run.beginAll();
  return run;
};

const recipients = (run: MailRun) => run.of('MessageSent').at(-1)?.recipients;
const inBox = (run: MailRun, mailbox: string) => [...(run.state.mail?.boxes.get(mailbox)?.messages.values() ?? [])];

describe('topics of a run', () => {
  let run: MailRun;
  afterEach(() => run.check());

  describe('what is published', () => {
    it('goes to all that subscribe at that moment, in one event; each is done with its own', () => {
      run = talking();
      run.subscribe('b', '#news');
      run.subscribe('c', '#news');
      expect(run.publish('a', '#news', { n: 1 }, { type: 'flash' })).to.deep.equal(['MessageSent']);
      const [event] = run.of('MessageSent');
      expect(event).to.deep.include({ to: '#news', recipients: ['b', 'c'], data: { n: 1 } });
      const id = event?.message;
      run.hear('b');
      expect(run.of('MessageDelivered')[0]?.messages).to.deep.equal([`${id}@b`]);
      run.settle('b', { acknowledge: [`${id}@b`] });
      expect(run.open(`${id}@b`)).to.equal(undefined);
      expect(run.open(`${id}@c`)).to.include({ mailbox: 'c', topic: '#news', subject: 'flash' });
    });

    it('to nobody is no error, and on record', () => {
      run = talking();
      expect(run.publish('a', '#news', 1)).to.deep.equal(['MessageSent']);
      expect(recipients(run)).to.deep.equal([]);
      expect(run.state.mail?.open.size).to.equal(0);
      expect(run.state.mail?.attempts.get('a')?.published).to.equal(0);
    });

    it('does not come back to whoever publishes it', () => {
      run = talking({ news: { subscribers: ['a', 'b'] } });
      run.subscribe('a', '#news');
      run.publish('a', '#news', 1);
      expect(recipients(run)).to.deep.equal(['b']);
    });

    it('is a dead letter where a mailbox is full; the others get it', () => {
      run = talking({ news: { subscribers: ['#narrow', 'b'] } });
      run.say('a', '#narrow', 0);
      expect(run.publish('a', '#news', 1)).to.deep.equal(['MessageSent', 'MessageDeadLettered']);
      const [dead] = run.of('MessageDeadLettered');
      expect(dead).to.include({ code: 'REPRISE_MAILBOX_FULL', mailbox: '#narrow' });
      expect(inBox(run, '#dead-letters').map(({ id }) => id)).to.deep.equal([dead?.message]);
      expect(inBox(run, '#narrow').map(({ data }) => data)).to.deep.equal([0]);
      expect(inBox(run, 'b').map(({ data }) => data)).to.deep.equal([1]);
    });

    it('expires for each by itself', () => {
      run = talking({ news: { subscribers: ['b', 'c'] } });
      run.publish('a', '#news', 1, { expiresMs: 100 });
      run.hear('b');
      run.now += 100;
      run.due();
      expect(run.of('MessageDeadLettered').map(({ mailbox }) => mailbox)).to.deep.equal(['c']);
      expect(inBox(run, 'b')).to.have.lengthOf(1);
    });

    it('under a key is published once, whoever subscribes by then', () => {
      run = talking({ news: { subscribers: ['b'] } });
      run.publish('a', '#news', 1, { key: 'once' });
      run.fail('a');
      run.retry('a');
      run.beginAll();
      run.subscribe('c', '#news');
      expect(run.publish('a', '#news', 1, { key: 'once' })).to.deep.equal([]);
      expect(run.publish('a', '#news', 2, { key: 'once' })).to.equal('REPRISE_MESSAGE_CONFLICT');
      run.events.pop();
      expect(run.state.mail?.keys.get('a')?.get('once')).to.include({ recipients: 1 });
    });

    it('as a question asks each; each answers for itself', () => {
      run = talking({ news: { subscribers: ['b', 'c'] } });
      run.publish('a', '#news', 'who?', { performative: 'cfp' });
      const id = run.of('MessageSent')[0]?.message ?? '';
      expect(run.state.mail?.conversations.size).to.equal(2);
      run.hear('b');
      const how = { performative: 'propose', conversation: id, inReplyTo: `${id}@b` } as const;
      expect(run.say('b', 'a', 10, how)).to.deep.equal(['MessageSent']);
      expect(run.state.mail?.conversations.get(`${id}@b`)?.stage).to.equal('proposed');
      expect(run.state.mail?.conversations.get(`${id}@c`)?.stage).to.equal('asked');
      run.now += 10 * 60 * 1000;
      run.due();
      const told = run.of('MessageSent').filter(({ onBehalf }) => onBehalf === true);
      expect(told.map(({ from }) => from)).to.deep.equal([{ task: 'c' }]);
    });

    it('comes from programs, too', () => {
      run = talking({ news: { subscribers: ['b'] } });
      run.send({ type: 'PostMessage', from: 'me', message: { topic: '#news', data: 1 } });
      expect(recipients(run)).to.deep.equal(['b']);
    });
  });

  describe('who subscribes', () => {
    it('may say which messages, and say otherwise later', () => {
      run = talking();
      run.subscribe('b', '#news', { type: 'large', where: 'message.data.n > 3 && message.topic == "#news"' });
      run.publish('a', '#news', { n: 5 });
      expect(recipients(run)).to.deep.equal([]);
      run.publish('a', '#news', { n: 5 }, { type: 'large' });
      expect(recipients(run)).to.deep.equal(['b']);
      run.publish('a', '#news', 'odd', { type: 'large' });
      expect(recipients(run)).to.deep.equal([]);
      run.subscribe('b', '#news', { from: 'c' });
      run.publish('a', '#news', { n: 5 }, { type: 'large' });
      expect(recipients(run)).to.deep.equal([]);
      run.publish('c', '#news', 1);
      expect(recipients(run)).to.deep.equal(['b']);
    });

    it('does so once: the same again says nothing', () => {
      run = talking();
      expect(run.subscribe('b', '#news', { from: 'a' })).to.deep.equal(['MailboxSubscribed']);
      expect(run.subscribe('b', '#news', { from: 'a' })).to.deep.equal([]);
      expect(run.unsubscribe('b', '#news')).to.deep.equal(['MailboxUnsubscribed']);
      expect(run.unsubscribe('b', '#news')).to.deep.equal([]);
      run.publish('a', '#news', 1);
      expect(recipients(run)).to.deep.equal([]);
    });

    it('still does when its attempt is made again', () => {
      run = talking();
      run.subscribe('b', '#news');
      run.fail('b');
      run.publish('a', '#news', 1);
      expect(recipients(run)).to.deep.equal(['b']);
    });

    it('does no more once its task has ended', () => {
      run = talking({ news: { subscribers: ['c'] } });
      run.subscribe('b', '#news');
      run.complete('b');
      run.complete('c');
      expect(run.state.mail?.subscriptions.size).to.equal(0);
      run.publish('a', '#news', 1);
      expect(recipients(run)).to.deep.equal([]);
    });

    it('does in the next round, too: its mailbox outlives a round', () => {
      const repeat = { from: 'b', until: { kind: 'cel', source: 'output == 2' }, max: 5, onExhausted: 'fail' } as const;
      run = talking(NEWS, { a: {}, b: { repeat } });
      run.subscribe('b', '#news');
      run.complete('b', 1);
      run.publish('a', '#news', 1);
      expect(recipients(run)).to.deep.equal(['b']);
    });

    it('does no more when its block is gone', () => {
      const inner = mailWorkflow({ x: {} }).definition.tasks;
      const block = { scope: { tasks: inner } };
      run = talking({ news: { subscribers: ['block/x'] } }, { a: {}, block });
      run.subscribe('block/x', '#news', { from: 'a' });
      run.publish('a', '#news', 1);
      expect(recipients(run)).to.deep.equal(['block/x']);
      run.complete('block/x');
      expect(run.state.mail?.subscriptions.size).to.equal(0);
      run.publish('a', '#news', 2);
      expect(recipients(run)).to.deep.equal([]);
      expect(run.of('MessagesClosed')[0]).to.include({ scope: 'block', open: 1 });
    });

    it('is all items of a list that the workflow names', () => {
      const forEach = {
        items: { kind: 'template', template: [1, 2, 3] },
        concurrency: 2,
        onItemFailure: 'fail',
      } as const;
      run = talking({ news: { subscribers: ['list'] } }, { a: {}, list: { forEach } });
      run.publish('a', '#news', 1);
      expect(recipients(run)).to.deep.equal(['list[0]', 'list[1]', 'list[2]']);
      run.complete('list[0]');
      run.publish('a', '#news', 2);
      expect(recipients(run)).to.deep.equal(['list[1]', 'list[2]']);
    });

    it('may be a wait, before it has begun', () => {
      const wait = { message: { where: { kind: 'cel', source: 'message.topic == "#news"' } } } as const;
      run = talking({ news: { subscribers: ['w'] } }, { a: {}, w: { wait, after: ['a'] } });
      run.publish('a', '#news', 1);
      run.complete('a');
      expect(run.task('w').output).to.include({ topic: '#news', mailbox: 'w', data: 1 });
    });
  });

  it('goes on with the subscriptions of a run that it goes on from', () => {
    for (const as of ['retry', 'fork'] as const) {
      run = talking(NEWS, { a: { retry: { ...ONCE } }, b: {} });
      run.subscribe('b', '#news', { from: 'a' });
      const at = run.events.length - 1;
      run.fail('a');
      expect(run.state.mail?.subscriptions.size ?? 0).to.equal(0);
      const next = goOnFrom(run, as === 'fork' ? { as, at } : { as });
      expect([...(next.state.mail?.subscriptions.get('#news') ?? [])]).to.deep.equal([['b', { from: 'a' }]]);
    }
  });

  describe('a send', () => {
    const topic = { kind: 'template', template: '#news' } as const;
    const data = { kind: 'template', template: { n: 1 } } as const;

    it('publishes, and gives how many got it', () => {
      run = talking({ news: { subscribers: ['b', '#desk'] } }, { a: {}, b: {}, s: { send: { topic, data } } });
      expect(run.task('s').output).to.deep.include({ recipients: 2 });
      expect(inBox(run, '#desk')).to.have.lengthOf(1);
    });

    it('fails where there is no such topic', () => {
      const computed = { kind: 'cel', source: '"#old"' } as const;
      run = talking(NEWS, { a: {}, s: { send: { topic: computed, data }, fallback: { kind: 'value', value: 0 } } });
      expect(run.of('TaskCompleted')[0]).to.deep.include({ taskId: 's', via: 'fallback-value' });
    });
  });

  describe('are refused', () => {
    const cases = [
      ['where the workflow has none', (r: MailRun) => r.publish('a', '#old', 1), 'REPRISE_MAILBOX_UNKNOWN'],
      ['when it is a mailbox', (r: MailRun) => r.publish('a', '#desk', 1), 'REPRISE_MAILBOX_UNKNOWN'],
      ['as mailboxes', (r: MailRun) => r.say('a', '#news', 1), 'REPRISE_MAILBOX_UNKNOWN'],
      ['to whoever subscribes to none', (r: MailRun) => r.subscribe('a', 'news'), 'REPRISE_MAILBOX_UNKNOWN'],
      [
        'in a conversation',
        (r: MailRun) => r.publish('a', '#news', 1, { conversation: 'c' }),
        'REPRISE_MESSAGE_INVALID',
      ],
      ['to another run', (r: MailRun) => r.publish('a', '#news', 1, { run: 'other' }), 'REPRISE_MESSAGE_INVALID'],
      ['as an answer', (r: MailRun) => r.publish('a', '#news', 1, { inReplyTo: 'x' }), 'REPRISE_MESSAGE_INVALID'],
      ['to a mailbox and a topic', (r: MailRun) => r.publish('a', '#news', 1, { to: 'b' }), 'REPRISE_MESSAGE_INVALID'],
      [
        'with a filter that is none',
        (r: MailRun) => r.subscribe('a', '#news', { where: '1 +' }),
        'REPRISE_MESSAGE_INVALID',
      ],
      ['without leave', (r: MailRun) => r.publish('mute', '#news', 1), 'REPRISE_MESSAGE_INVALID'],
      ['without leave to subscribe', (r: MailRun) => r.subscribe('mute', '#news'), 'REPRISE_MESSAGE_INVALID'],
    ] as const;
    for (const [what, act, code] of cases)
      it(what, () => {
        run = talking(NEWS, { a: {}, b: {}, mute: { may: [] } });
        expect(act(run)).to.equal(code);
        run.events.pop();
      });
  });

  describe('of many', () => {
    it('a thousand subscribers cost a thousand, not more; each has its own', () => {
      const items = { kind: 'template', template: Array.from({ length: 1000 }, (_, index) => index) } as const;
      const many = talking(
        { news: { subscribers: ['list'] } },
        { a: {}, list: { forEach: { items, concurrency: 1, onItemFailure: 'fail' } } },
      );
      const before = performance.now();
      for (let index = 0; index < 20; index += 1) many.publish('a', '#news', index);
      const took = performance.now() - before;
      expect(many.of('MessageSent')).to.have.lengthOf(20);
      expect(recipients(many)).to.have.lengthOf(1000);
      expect(many.state.mail?.open.size).to.equal(20_000);
      expect(took, '20 times 1,000').to.be.lessThan(5000);
    });

    it('more than a thousand are refused', () => {
      const items = { kind: 'template', template: Array.from({ length: 1001 }, (_, index) => index) } as const;
      run = talking(
        { news: { subscribers: ['list'] } },
        { a: {}, list: { forEach: { items, concurrency: 1, onItemFailure: 'fail' } } },
      );
      expect(run.publish('a', '#news', 1)).to.equal('REPRISE_MESSAGE_INVALID');
      run.events.pop();
    });
  });
});
