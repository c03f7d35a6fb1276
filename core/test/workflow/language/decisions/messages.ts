import { expect } from 'chai';
import { mailboxRun } from '../../../../src/orchestration/workflow/messaging/elsewhere.ts';
import { problemsOf } from '../../../definition/support/refused.ts';
import { run } from '../yaml-run.ts';
import { type Decision, FILES } from './decision.ts';

/** Of messages: within a run, between runs, to and from names of no run and programs. */
export const MESSAGES: readonly Decision[] = [
  {
    says: 'An agent says within its run what may: send allows, to other runs and names of no run what may: sendAcross does; an answer takes neither',
    elsewhere: [
      [FILES.between, 'need the permission, but for answers'],
      [FILES.between, 'is not for agents that may not'],
    ],
  },
  {
    says: 'A message to another run is there once, in the order in which it was sent to that mailbox, whatever comes twice or late',
    elsewhere: [
      [FILES.between, 'are taken once, however often and late they are brought'],
      [FILES.between, 'to one mailbox do not hold up those to another'],
      [FILES.between, 'are each in one place, however they are brought, and however often'],
    ],
  },
  {
    says: 'What another run refuses for good is a dead letter of the run that sent it, and fails a send that waits',
    elsewhere: [
      [FILES.between, 'that another run refuses for good are dead letters where they were sent'],
      [FILES.between, 'fails when the other run refuses it'],
    ],
  },
  {
    says: 'A run ends when others have what it said, 5 minutes later at the most, also by force; said twice, that ends it at once',
    elsewhere: [
      [FILES.between, 'end the run only once others have them'],
      [FILES.between, 'end it all the same after a while, as dead letters'],
      [FILES.between, 'are handed over before an end by force, which waits for nothing else'],
      [FILES.between, 'do not hold up an end by force, the second time that it is said'],
    ],
  },
  {
    says: 'Whoever asks in another run is answered by that run when nobody will; of the time each run tells by itself',
    elsewhere: [
      [FILES.between, 'that ask are answered by the run for whoever ended without an answer'],
      [FILES.between, 'that ask a name are answered when the run ends before anybody took them'],
      [FILES.between, 'that break their conversation there are dead letters, and not understood'],
    ],
  },
  {
    says: 'A run of another tenant is not there; a task of the same name in another run is another',
    elsewhere: [
      [FILES.between, 'to a run of another tenant find nobody there'],
      [FILES.between, 'are of whom they are of: a task of the same name here is another'],
    ],
  },
  {
    says: 'A name that begins with @ is of no run, one for each tenant; run beside it, and where at it, are refused',
    shown: {
      'given a send to such a name, when it runs, then its message is on its way to the run that the name is': () => {
        const r = run('s: { send: { to: "@desk", data: 1 } }');
        expect([...(r.state.mail?.boxes.keys() ?? [])]).to.deep.equal([`>${mailboxRun(undefined, 'desk')}/@desk`]);
        expect(mailboxRun('acme', 'desk')).to.not.equal(mailboxRun(undefined, 'desk'));
      },
      'given run beside it, or where at it, when it is read, then that is refused': () => {
        expect(problemsOf('s: { send: { to: "@desk", run: other } }')[0]).to.include('is a name of no run');
        expect(problemsOf('w: { wait: { message: { mailbox: "@desk", where: "true" } } }')[0]).to.include(
          'knows nothing of the run',
        );
      },
    },
    elsewhere: [
      [FILES.between, 'hands what it is sent to whoever has asked for longest'],
      [FILES.between, 'has back what was given back, and hands it to another'],
    ],
  },
  {
    says: 'A program has what it takes for so long, and is answered in the run that it asked',
    elsewhere: [
      [FILES.betweenInt, 'takes from a name, for so long, and is done with it or gives it back'],
      [FILES.betweenInt, 'asks a task, and reads the answer where it is on record'],
    ],
  },
];
