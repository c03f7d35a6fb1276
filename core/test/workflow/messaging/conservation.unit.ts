import { seededRandom } from '@reprise/core/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { randomMail } from '../../../../test/simulation/support/random-mail.ts';
import type { RunEvent } from '../../../src/orchestration/workflow/events.ts';
import { MailRun, mailWorkflow } from './mail-run.ts';

/** What became of every message of a run: each is in one place, and none is nowhere. */
function balanceOf(events: readonly RunEvent[]) {
  const open = new Set<string>();
  const dead = new Set<string>();
  const drops = new Set<string>();
  const gone = new Map<string, string>();
  const end = (ids: readonly string[], how: string): void => {
    for (const id of ids) {
      expect(open.has(id) || dead.has(id), `${id} was ${how}, and was not there`).to.equal(true);
      open.delete(id);
      dead.delete(id);
      gone.set(id, how);
    }
  };
  for (const event of events) {
    switch (event.type) {
      case 'MessageSent':
        if (event.late === true) break;
        for (const id of event.recipients?.map((mailbox) => `${event.message}@${mailbox}`) ?? [event.message]) {
          expect(open.has(id) || dead.has(id), `${id} is sent twice`).to.equal(false);
          open.add(id);
          if (event.drop === true) drops.add(id);
        }
        break;
      case 'MessageAcknowledged':
        end(event.messages, 'acknowledged');
        break;
      case 'TaskCompleted':
        if (event.message !== undefined) end([event.message], 'taken');
        break;
      case 'MessageDeadLettered':
        expect(open.delete(event.message)).to.equal(true);
        dead.add(event.message);
        break;
      case 'DeadLettersRedriven':
        for (const id of event.messages) {
          expect(dead.delete(id)).to.equal(true);
          open.add(id);
        }
        break;
      case 'DeadLettersDiscarded':
        end(event.messages, 'discarded');
        break;
      case 'MessageExpired':
        end(
          event.messages.filter((id) => drops.has(id)),
          'dropped',
        );
        break;
      case 'MessagesClosed':
        expect(event.open, 'what the end closes').to.equal(open.size + dead.size);
        expect(event.dead).to.equal(dead.size);
        end([...open, ...dead], 'closed');
        break;
      default:
    }
  }
  return { open, dead, gone };
}

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
        const { open, dead } = balanceOf(run.events);
        const there = [...(run.state.mail?.open.values() ?? [])];
        const isThere = (id: string): boolean => run.open(id) !== undefined;
        expect([...open].filter((id) => !isThere(id))).to.deep.equal([]);
        expect([...dead].filter((id) => !isThere(id))).to.deep.equal([]);
        expect(there.filter(({ id }) => !open.has(id) && !dead.has(id)).map(({ id }) => id)).to.deep.equal([]);
        for (const { id, mailbox, holder } of there) {
          expect(run.state.mail?.boxes.get(mailbox)?.messages.has(id), `${id} in ${mailbox}`).to.equal(true);
          if (holder !== undefined)
            expect(run.state.mail?.attempts.get(holder.taskId)?.held.has(id), `${id} at ${holder.taskId}`).to.equal(
              true,
            );
        }
        sent += run.of('MessageSent').length;
        published += run.of('MessageSent').filter(({ recipients = [] }) => recipients.length > 1).length;
      }),
      { numRuns: 300 },
    );
    expect(sent).to.be.greaterThan(500);
    expect(published).to.be.greaterThan(100);
  });
});
