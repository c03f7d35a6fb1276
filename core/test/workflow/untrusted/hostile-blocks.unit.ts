import { expect } from 'chai';
import { describe, it } from 'mocha';
import { flawOf, inserted, type Loose, left, replaced } from './altered-golden.ts';

// What nobody's engine has written about blocks, waits, child runs, joins and undoing is refused, with its reason.

const SLEEP = { type: 'TaskEntered', taskId: 'nights[0]/rest' };
const WAIT = { type: 'TaskEntered', taskId: 'trip/card' };
const CHILD = { type: 'TaskEntered', taskId: 'sub' };
const SWITCH = { type: 'TaskCompleted', taskId: 'route' };
const CAUGHT = { type: 'ScopeCaught', scope: 'trip' };
const UNDO = { type: 'CompensationBegan', taskId: 'trip/flight@1' };
const FAILURE = { type: 'TaskClosing', taskId: 'trip' };
const LOSER = { type: 'TaskCancelled', taskId: 'lazy' };
const BEGUN = { type: 'TaskStarted', taskId: 'trip/hotel', attempt: 1 };
const LOOP = { type: 'TasksReset', region: 'review', round: 2 };
const REPEAT = { type: 'TasksReset', region: 'shine' };
const AGAIN = { type: 'TasksReset', region: 'trip' };
const LIMIT = { type: 'TaskClosing', taskId: 'lost' };
const error = { code: 'BAD', message: 'bad', retryable: false };

const CASES: Readonly<Record<string, readonly (readonly [string, (events: Loose[]) => void, string])[]>> = {
  'a task that is entered': [
    ['parent', replaced(CHILD, { child: undefined }), 'TaskEntered data.child: is missing'],
    ['parent', replaced(CHILD, { child: 'a/b' }), 'TaskEntered data.child: must be a run id'],
    ['parent', replaced(CHILD, { until: 5 }), "TaskEntered data.until: cannot stand beside 'sub'"],
    ['parent', replaced(CHILD, { input: undefined }), 'TaskEntered data.input: is missing'],
    ['parent', replaced(CHILD, { attempt: 2 }), "data.attempt: is 2; the next one of 'sub' is 1"],
    ['booking', replaced(SLEEP, { until: undefined }), 'TaskEntered data.until: is missing'],
    ['booking', replaced(WAIT, { signal: undefined }), 'TaskEntered data.signal: is missing'],
    ['booking', replaced(WAIT, { input: 1 }), 'TaskEntered data.input: cannot stand'],
    ['booking', replaced(WAIT, { taskId: 'trip/cart' }), "data.taskId: is 'trip/cart', which the run does not have"],
    ['booking', inserted(SWITCH, 'TaskEntered', { taskId: 'trip/hotel', attempt: 1, input: 1 }), "'trip/hotel', which"],
    ['booking', inserted(BEGUN, 'TaskEntered', { taskId: 'trip/hotel', attempt: 2, input: 1 }), 'is running'],
    [
      'booking',
      inserted({ type: 'RunStarted' }, 'TaskEntered', { taskId: 'order', attempt: 1, input: 1 }),
      "type: cannot come: 'order' (set) ends as it begins",
    ],
    [
      'parent',
      (events) => inserted({ type: 'TaskCompleted', taskId: 'paid' }, 'RunPaused', { commandId: 'p' })(events),
      'TaskEntered type: cannot come: the run is paused',
    ],
  ],
  'a task that ends': [
    [
      'booking',
      replaced(SWITCH, { case: 'elsewhere' }),
      "data.case: is 'elsewhere', which the switch 'route' does not",
    ],
    ['booking', replaced(SWITCH, { case: undefined }), 'data.case: is missing'],
    [
      'booking',
      replaced({ ...SWITCH, taskId: 'order' }, { case: 'trip' }),
      'data.case: cannot stand beside via "value"',
    ],
    [
      'booking',
      replaced({ type: 'TaskCompleted', via: 'signal' }, { signal: 'nobody' }),
      "is 'nobody', which did not come",
    ],
    ['booking', left({ type: 'SignalReceived' }), 'data.signal: is'],
    ['booking', replaced({ type: 'TaskCompleted', via: 'signal' }, { output: 1 }), 'cannot stand beside via "signal"'],
    [
      'booking',
      replaced({ type: 'TaskCompleted', via: 'timer' }, { via: 'default', output: 1 }),
      'data.via: does not fit',
    ],
    ['booking', replaced({ type: 'TaskCompleted', via: 'default' }, { output: undefined }), 'data.output: is missing'],
    ['parent', replaced({ type: 'TaskCompleted', via: 'child' }, { taskId: 'paid' }), 'data.via: does not fit'],
    [
      'booking',
      inserted(BEGUN, 'TaskCompleted', { taskId: 'trip', attempt: 1, via: 'scope' }),
      "type: cannot come: 3 tasks of 'trip' have not ended",
    ],
    [
      'booking',
      inserted({ type: 'TaskCompleted', via: 'end' }, 'TaskCompleted', {
        taskId: 'early',
        attempt: 1,
        via: 'scope',
        output: 1,
      }),
      "type: cannot come: something in 'early' is awaited",
    ],
    [
      'booking',
      inserted({ type: 'TaskFailed', taskId: 'trip/pay' }, 'TaskCompleted', {
        taskId: 'trip',
        attempt: 1,
        via: 'scope',
      }),
      "type: cannot come: 'trip/pay' has failed 'trip'",
    ],
    [
      'booking',
      replaced({ type: 'TaskSkipped' }, { taskId: 'nights' }),
      "data.reason: is case, and no switch has passed over 'nights'",
    ],
    ['booking', replaced({ type: 'TaskReady', reason: 'join' }, { taskId: 'fast' }), 'TaskReady'],
    [
      'booking',
      inserted(BEGUN, 'TaskReady', { taskId: 'first', reason: 'join' }),
      "type: cannot come: 'first' is pending",
    ],
  ],
  'a task that is given up': [
    ['booking', replaced(LOSER, { taskId: 'nobody' }), "is 'nobody', which the run does not have"],
    ['booking', replaced(LOSER, { reason: 'closed' }), "data.reason: is closed, and 'lazy' is not closing"],
    [
      'booking',
      inserted(BEGUN, 'TaskCancelled', { taskId: 'trip', reason: 'join' }),
      "is join, and nothing has given up 'trip' so",
    ],
    ['booking', inserted(BEGUN, 'TaskCancelled', { taskId: 'trip', reason: 'while' }), 'is while, and nothing'],
    ['booking', inserted(BEGUN, 'TaskCancelled', { taskId: 'trip', reason: 'cancel' }), 'data.by: is missing'],
    ['booking', inserted(BEGUN, 'TaskCancelled', { taskId: 'trip', reason: 'cancel', by: 'order' }), 'and nothing'],
    ['booking', inserted(BEGUN, 'TaskCancelled', { taskId: 'order', reason: 'join' }), 'is completed'],
  ],
  'what closes': [
    ['booking', inserted(SWITCH, 'TaskClosing', { taskId: 'trip', why: 'failure' }), 'nothing is outstanding there'],
    ['booking', replaced(FAILURE, { taskId: 'nobody' }), "is 'nobody', which the run does not have"],
    ['booking', replaced(FAILURE, { why: 'end' }), 'data.why: is end, and nothing that came before says so'],
    ['booking', replaced(FAILURE, { why: 'join' }), 'data.why: is join, and nothing'],
    ['booking', replaced(FAILURE, { why: 'cancel' }), 'data.by: is missing'],
    ['booking', replaced(FAILURE, { why: 'cancel', by: 'order' }), 'data.why: is cancel, and nothing'],
    ['booking', replaced(FAILURE, { why: 'cancel', by: 'order', commandId: 'c' }), 'data.commandId: cannot stand'],
    ['booking', replaced(FAILURE, { why: 'while' }), 'data.why: is while, and nothing'],
    ['booking', replaced(FAILURE, { why: 'limit' }), 'data.error: is missing'],
    ['booking', replaced(FAILURE, { error }), 'data.error: cannot stand beside why "failure"'],
    ['booking', replaced(FAILURE, { reason: 'x' }), 'data.reason: cannot stand beside why "failure"'],
    ['booking', replaced(LIMIT, { error: undefined }), 'data.error: is missing'],
    ['booking', inserted(FAILURE, 'TaskClosing', { taskId: 'trip', why: 'failure' }), "'trip' is closing already"],
    [
      'booking',
      inserted(BEGUN, 'TaskClosing', { taskId: 'trip/hotel', why: 'limit', error }),
      "type: cannot come: 'trip/hotel' is running",
    ],
  ],
  'what is undone': [
    ['booking', replaced(UNDO, { taskId: 'trip/hotel@1' }), 'and something was done after it'],
    ['booking', replaced(UNDO, { taskId: 'trip/pay@1' }), "is 'trip/pay@1', and there is nothing of it to undo"],
    ['booking', replaced(UNDO, { taskId: 'trip/flight' }), 'there is nothing of it to undo'],
    ['booking', replaced(UNDO, { scope: '' }), 'there is nothing of it to undo'],
    ['booking', replaced(UNDO, { scope: 'nobody' }), 'there is nothing of it to undo'],
    ['booking', replaced(UNDO, { outcome: 'unknown' }), 'data.outcome: is unknown; that of the attempt was completed'],
    ['booking', left(FAILURE), "type: cannot come: 'trip' is not closing"],
    [
      'booking',
      inserted(UNDO, 'CompensationBegan', { scope: 'trip', taskId: 'trip/flight@1', outcome: 'completed' }),
      'nothing of it',
    ],
  ],
  'what is caught': [
    ['booking', replaced(CAUGHT, { clause: 1 }), 'data.clause: is 1, and there is no such catch'],
    ['booking', replaced(CAUGHT, { scope: 'nights' }), "data: names 'nights', which is no block under way"],
    ['booking', replaced(CAUGHT, { taskId: 'trip/hotel' }), "is 'trip/hotel', which has not failed the block"],
    [
      'booking',
      inserted(CAUGHT, 'ScopeCaught', { scope: 'trip', clause: 0, taskId: 'trip/pay', error }),
      'has not failed',
    ],
    ['booking', inserted(BEGUN, 'ScopeCaught', { scope: '', clause: 0, taskId: 'trip', error }), 'has not failed'],
  ],
  'a round': [
    ['booking', replaced(AGAIN, { round: 3 }), 'data.round: is 3 after round 1'],
    ['booking', replaced(LOOP, { round: 4 }), 'data.round: is 4 after round 1'],
    ['booking', replaced(LOOP, { why: 'catch' }), 'data.why: is catch, and nothing was caught'],
    ['booking', replaced(LOOP, { attempt: 1 }), 'data.attempt: cannot stand beside why "loop"'],
    ['booking', replaced(LOOP, { region: 'polish' }), 'which is no block under way'],
    ['booking', replaced(AGAIN, { why: 'loop' }), 'data.why: is loop, and no round has ended'],
    [
      'booking',
      inserted(BEGUN, 'TasksReset', { region: 'trip', why: 'catch', round: 2, feedback: 1 }),
      'nothing was caught',
    ],
    [
      'booking',
      inserted(CAUGHT, 'TasksReset', { region: 'trip', why: 'catch', round: 2, feedback: 1 }),
      'nothing was caught',
    ],
    ['booking', replaced(REPEAT, { region: 'polish' }), "data.region: is 'polish', which does not repeat"],
    ['booking', replaced(REPEAT, { round: 3 }), 'data.round: is 3 after round 1 of 3'],
    ['booking', replaced(REPEAT, { attempt: 4 }), 'data.attempt: is 4'],
  ],
  'a signal': [
    [
      'booking',
      inserted({ type: 'SignalReceived' }, 'SignalReceived', {
        commandId: 'signal/card-1',
        signal: 'new-card',
        data: 1,
      }),
      "data.commandId: is 'signal/card-1', which took effect before",
    ],
    ['booking', replaced({ type: 'SignalReceived' }, { signal: '' }), 'data.signal: must have 1 to'],
    ['booking', replaced({ type: 'SignalReceived' }, { data: undefined }), 'data.data: is missing'],
  ],
  'the end of the run': [
    [
      'parent',
      (events) => inserted({ type: 'TaskClosing' }, 'RunCompleted', { output: 1, stateDigest: '0'.repeat(64) })(events),
      'the run is closing',
    ],
  ],
};

describe('a hostile history of blocks', () => {
  for (const [about, cases] of Object.entries(CASES)) {
    describe(about, () => {
      for (const [name, change, reason] of cases) {
        it(`is refused: ${reason}`, () => {
          const said = flawOf(name, change);
          expect(said).to.contain(reason);
          expect(said).to.not.contain('cannot be read');
        });
      }
    });
  }
});
