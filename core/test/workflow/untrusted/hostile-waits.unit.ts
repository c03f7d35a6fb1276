import { expect } from 'chai';
import { describe, it } from 'mocha';
import { flawOf, inserted, type Loose, left, moved, replaced } from './altered-golden.ts';

// What nobody can have answered, been asked, or been granted is refused, with its reason.

const OPENED = { type: 'TaskEntered', taskId: 'approved' };
const ESCALATED = { type: 'FormAssigned', step: 1 };
const ASSIGNED = { type: 'FormAssigned', to: 'lee' };
const ANSWERED = { type: 'FormAnswered', taskId: 'approved' };
const ENDED = { type: 'TaskCompleted', taskId: 'approved' };
const SECOND = { type: 'TaskEntered', taskId: 'each[1]' };
const answer = { taskId: 'approved', attempt: 1, commandId: 'mine', answer: { decision: 'approve' } };
const assign = { taskId: 'approved', attempt: 1, commandId: 'mine', to: 'me' };

const ASKED = { type: 'TaskReady', taskId: 'book' };
const GRANTED = { type: 'MutexGranted', taskId: 'book' };
const BOOKED = { type: 'TaskCompleted', taskId: 'book' };

const CASES: Readonly<Record<string, readonly (readonly [string, (events: Loose[]) => void, string])[]>> = {
  'a form that is opened': [
    ['asked', replaced(OPENED, { form: undefined }), 'TaskEntered data.form: is missing'],
    ['asked', replaced(OPENED, { form: false }), 'TaskEntered data.form: must be'],
    ['asked', replaced(OPENED, { assignee: undefined }), 'TaskEntered data.assignee: is missing'],
    ['asked', replaced(OPENED, { escalate: undefined }), 'TaskEntered data.escalate: does not have as many'],
    ['asked', replaced(OPENED, { escalate: ['chief', 'me'] }), 'TaskEntered data.escalate: does not have as many'],
    ['asked', replaced(SECOND, { escalate: ['me'] }), 'TaskEntered data.escalate: does not have as many'],
    ['asked', replaced(OPENED, { signal: 'go' }), 'TaskEntered data.signal: cannot stand'],
  ],
  'an answer': [
    ['asked', replaced(ANSWERED, { attempt: 2 }), "data.attempt: is 2; the last one of 'approved' is 1"],
    ['asked', replaced(ANSWERED, { attempt: 0 }), 'FormAnswered data.attempt: is 0; the last one'],
    ['asked', replaced(ANSWERED, { answer: { decision: 'perhaps' } }), "does not fit the form of 'approved'"],
    ['asked', replaced(ANSWERED, { answer: { decision: 'edit', more: 1 } }), "does not fit the form of 'approved'"],
    ['asked', replaced(ANSWERED, { answer: undefined }), 'FormAnswered data.answer: is missing'],
    ['asked', replaced(ANSWERED, { commandId: undefined }), 'FormAnswered data.commandId: is missing'],
    ['asked', replaced(ANSWERED, { commandId: 'assign/assign-1' }), 'which took effect before'],
    ['asked', replaced(ANSWERED, { taskId: 'nobody' }), "is 'nobody', which the run does not have"],
    ['asked', replaced(ANSWERED, { taskId: 'draft' }), "FormAnswered type: cannot come: 'draft' is no form"],
    ['asked', inserted(SECOND, 'FormAnswered', { ...answer, taskId: 'each' }), "cannot come: 'each' is no form"],
    ['asked', moved(ANSWERED, OPENED), "FormAnswered type: cannot come: 'approved' is no form"],
    ['asked', inserted(ANSWERED, 'FormAnswered', answer), "FormAnswered type: cannot come: 'approved' is"],
    ['asked', inserted(ENDED, 'FormAnswered', answer), "FormAnswered type: cannot come: 'approved' is"],
    ['asked', left(ANSWERED), "TaskCompleted data.via: is form, and 'approved' was not answered"],
    ['asked', replaced(ENDED, { output: 1 }), 'TaskCompleted data.output: cannot stand beside via "form"'],
    [
      'asked',
      replaced({ type: 'TaskCompleted', via: 'agent' }, { via: 'form', output: undefined }),
      'data.via: does not fit',
    ],
    [
      'booking',
      inserted({ type: 'TaskEntered', taskId: 'trip/card' }, 'FormAnswered', { ...answer, taskId: 'trip/card' }),
      'is no form',
    ],
  ],
  'an assignment': [
    ['asked', replaced(ASSIGNED, { attempt: 2 }), "data.attempt: is 2; the last one of 'approved' is 1"],
    ['asked', replaced(ASSIGNED, { to: '' }), 'FormAssigned data.to: must have 1 to'],
    ['asked', replaced(ASSIGNED, { commandId: undefined, by: undefined }), 'FormAssigned data.commandId: is missing'],
    ['asked', replaced(ASSIGNED, { taskId: 'draft' }), "cannot come: 'draft' is no form"],
    ['asked', replaced(ESCALATED, { step: 2 }), "data.step: is 2 after 0 of 'approved'"],
    ['asked', replaced(ESCALATED, { step: 33 }), 'FormAssigned data.step: must be'],
    ['asked', replaced(ESCALATED, { to: 'me' }), "data.to: is not who 'approved' goes to next"],
    ['asked', replaced(ESCALATED, { commandId: 'mine' }), 'data.step: cannot stand beside a command'],
    ['asked', replaced(ESCALATED, { by: 'me' }), 'data.step: cannot stand beside a command'],
    [
      'asked',
      inserted(ESCALATED, 'FormAssigned', { taskId: 'approved', attempt: 1, to: 'chief', step: 2 }),
      "is not who 'approved'",
    ],
    ['asked', moved(ASSIGNED, OPENED), "FormAssigned type: cannot come: 'approved' is no form"],
    ['asked', inserted(ANSWERED, 'FormAssigned', assign), "FormAssigned type: cannot come: 'approved' is"],
    ['asked', inserted(ENDED, 'FormAssigned', assign), "FormAssigned type: cannot come: 'approved' is"],
    ['asked', inserted(ASSIGNED, 'FormAssigned', { ...assign, commandId: 'assign/assign-1' }), 'took effect before'],
  ],
  'a mutex of several runs': [
    ['shared', replaced(GRANTED, { taskId: 'watch' }), "'watch' asks for no mutex of several runs"],
    ['shared', replaced(GRANTED, { taskId: 'nobody' }), 'which the run does not have'],
    ['shared', moved(GRANTED, ASKED), "MutexGranted type: cannot come: 'book' asks for no mutex"],
    ['shared', inserted(GRANTED, 'MutexGranted', { taskId: 'book' }), "'book' asks for no mutex of several runs"],
    ['shared', inserted(BOOKED, 'MutexGranted', { taskId: 'book' }), "'book' asks for no mutex of several runs"],
    ['shared', replaced(ASKED, { across: 'tenant' }), "TaskReady data.across: cannot stand beside 'book'"],
    ['shared', replaced(ASKED, { across: undefined }), "MutexGranted type: cannot come: 'book' asks for no mutex"],
    ['shared', replaced(ASKED, { mutex: undefined }), "TaskReady data.across: cannot stand beside 'book'"],
    [
      'shared',
      replaced({ type: 'TaskReady', taskId: 'watch' }, { mutex: 'room' }),
      "data.mutex: cannot stand beside 'watch'",
    ],
    ['shared', left(GRANTED), "'book' is"],
  ],
};

describe('a hostile history of forms and mutexes', () => {
  it('is taken as it is, also with who said so beside the event', () => {
    for (const name of ['asked', 'shared']) expect(flawOf(name, () => undefined)).to.equal('taken');
    const beside = (events: Loose[]): void => {
      for (const event of events) {
        if (event.type !== 'FormAnswered' && event.data['commandId'] === undefined) continue;
        event.metadata = { ...event.metadata, by: 'kim', reason: 'so', sender: { worker: 'w-1', verified: true } };
        delete event.data['by'];
      }
    };
    expect(flawOf('asked', beside)).to.equal('taken');
  });

  for (const [about, cases] of Object.entries(CASES)) {
    describe(about, () => {
      for (const [name, change, reason] of cases)
        it(`is refused: ${reason}`, () => expect(flawOf(name, change)).to.contain(reason));
    });
  }
});
