import { expect } from 'chai';
import type { JsonObject } from '../../../src/shared/json.ts';
import { types } from '../pure-run.ts';
import { MailRun, mailWorkflow } from './mail-run.ts';

const SCHEMA: JsonObject = { type: 'object', properties: { n: { type: 'integer', minimum: 1 } }, required: ['n'] };

const talking = (tasks: Parameters<typeof mailWorkflow>[0] = { a: {}, b: {} }): MailRun => {
  const run = new MailRun(mailWorkflow(tasks, { desk: {} }));
  run.beginAll();
  return run;
};

describe('a message whose data does not fit the schema of whoever takes it', () => {
  let run: MailRun;
  afterEach(() => run.check());

  const waits = (more: object = {}) => ({ a: {}, w: { wait: { message: { schema: SCHEMA, ...more } } } });
  const dead = () => run.of('MessageDeadLettered');

  it('is a dead letter with the reason, and the wait goes on; what fits is taken', () => {
    run = talking(waits());
    expect(run.say('a', 'w', { n: 0 })).to.deep.equal(['MessageSent', 'MessageRejected', 'MessageDeadLettered']);
    expect(run.status('w')).to.equal('running');
    expect(dead()[0]).to.include({ code: 'REPRISE_MESSAGE_REJECTED', mailbox: 'w' });
    expect(dead()[0]?.error.cause).to.deep.include({ code: 'REPRISE_MESSAGE_INVALID' });
    expect(dead()[0]?.error.cause?.message).to.contain("does not fit the schema that 'w' has for it: n ");
    run.say('a', 'w', { n: 3 });
    expect(run.task('w').output).to.deep.include({ data: { n: 3 } });
  });

  it('is looked at when it comes to be taken: what lay there, too, and what is not wanted stays', () => {
    run = talking({ a: {}, w: { wait: { message: { schema: SCHEMA, type: 'order' } }, after: ['a'] } });
    run.say('a', 'w', 'odd', { type: 'order' });
    run.say('a', 'w', 'another');
    run.say('a', 'w', { n: 2 }, { type: 'order' });
    expect(types(run.complete('a'))).to.include.members(['MessageDeadLettered', 'TaskCompleted']);
    expect(dead()).to.have.lengthOf(1);
    expect(run.state.mail?.boxes.get('w')?.messages.size ?? 0).to.equal(0);
    expect(run.task('w').output).to.deep.include({ data: { n: 2 } });
  });

  it('in a conversation is answered not-understood, and ends it', () => {
    run = talking();
    run.say('a', 'b', 'do it', { performative: 'request' });
    const id = run.of('MessageSent')[0]?.message ?? '';
    expect(run.hear('b', { schema: SCHEMA })).to.deep.equal(['MessageAwaited', 'MessageSent', 'MessageAcknowledged']);
    const answer = run.of('MessageSent').at(-1);
    expect(answer).to.deep.include({
      from: { task: 'b' },
      to: 'a',
      performative: 'not-understood',
      inReplyTo: id,
      onBehalf: true,
    });
    expect(answer?.data).to.include({ code: 'REPRISE_MESSAGE_INVALID' });
    expect(run.state.mail?.conversations.size).to.equal(0);
    expect(dead()).to.deep.equal([]);
    // It waits on.
    expect(run.say('a', 'b', { n: 1 })).to.deep.equal(['MessageSent', 'MessageDelivered']);
  });

  it('as the answer to a question is answered so, too', () => {
    run = talking();
    run.say('a', 'b', 'how many?', { performative: 'query' });
    const id = run.of('MessageSent')[0]?.message ?? '';
    run.hear('b');
    run.hear('a', { schema: SCHEMA, wanted: { inReplyTo: id } });
    run.say('b', 'a', { performative: 1 }, { performative: 'agree', conversation: id, inReplyTo: id });
    expect(run.of('MessageSent').at(-1)).to.include({ performative: 'not-understood', to: 'b' });
    expect(run.state.mail?.conversations.size).to.equal(0);
  });

  it('of a conversation that is over, or of a program, is a dead letter', () => {
    run = talking(waits());
    run.say('a', 'w', 1, { conversation: 'c', inReplyTo: 'x' });
    run.post('w', 2, { performative: 'request' });
    expect(dead()).to.have.lengthOf(2);
  });

  it('is taken by calls of several only where it fits', () => {
    run = talking();
    for (const data of [{ n: 1 }, 'odd', { n: 2 }]) run.say('a', '#desk', data);
    run.hear('b', { mailbox: '#desk', max: 5, schema: SCHEMA });
    expect(run.of('MessageDelivered')[0]?.messages).to.have.lengthOf(2);
    expect(dead()).to.have.lengthOf(1);
  });

  it('fits once it was edited and is redriven', () => {
    run = talking(waits());
    run.say('a', 'w', 'odd');
    const message = dead()[0]?.message ?? '';
    run.send({ type: 'EditDeadLetter', message, data: { n: 5 } });
    run.send({ type: 'RedriveDeadLetters', messages: [message] });
    expect(run.task('w').output).to.deep.include({ data: { n: 5 } });
  });

  it('is no matter to whoever deals with dead letters', () => {
    run = talking({ a: {}, b: {}, w: { wait: { message: { mailbox: '#dead-letters', schema: SCHEMA } } } });
    run.say('a', 'b', 'odd');
    run.hear('b', { schema: SCHEMA });
    expect(run.task('w').output).to.deep.include({ data: 'odd' });
  });

  it('a schema that is none is refused', () => {
    run = talking();
    for (const schema of [5, { type: 'shape' }, { unknown: 1 }, { pattern: '(' }] as never[]) {
      expect(run.hear('b', { schema })).to.equal('REPRISE_MESSAGE_INVALID');
      run.events.pop();
    }
  });
});
