import { seededRandom } from '@reprise/core/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { MessageBooks } from '../../../../test/simulation/support/message-checks.ts';
import { randomMail } from '../../../../test/simulation/support/random-mail.ts';
import { MailRun, mailWorkflow } from './mail-run.ts';

const TOPICS = { news: { subscribers: ['#narrow', 'a'] }, free: {} };

describe('messages, whatever is done with them', () => {
  it('are each in one place: open, dead, or gone in a way that is on record', () => {
    let sent = 0;
    let published = 0;
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 150 }), (seed, steps) => {
        const dice = seededRandom(seed);
        const run = new MailRun(mailWorkflow({ a: {}, b: {}, c: {} }, { desk: {}, narrow: { limit: 2 } }, TOPICS));
        run.beginAll();
        for (let step = 0; step < steps; step += 1) {
          run.now += Math.floor(dice() * 400);
          const before = run.events.length;
          run.send(randomMail(run.state, `${step}`, dice));
          // What an agent is refused is not on record.
          const refused = run.events.slice(before).findIndex(({ type }) => type === 'CommandRejected');
          if (refused >= 0) run.events.splice(before + refused, 1);
          if (dice() < 0.05) run.fail('a');
          if (run.state.tasks.get('a')?.retryAt !== undefined) run.retry('a');
          run.beginAll();
        }
        const books = new MessageBooks();
        for (const event of run.events) books.fold(event);
        books.compare(run.state);
        sent += run.of('MessageSent').length;
        published += run.of('MessageSent').filter(({ recipients = [] }) => recipients.length > 1).length;
      }),
      { numRuns: 300 },
    );
    expect(sent).to.be.greaterThan(500);
    expect(published).to.be.greaterThan(100);
  });
});
