import { expect } from 'chai';
import type { Dispatch } from '../../src/orchestration/messaging/messages.ts';
import { MessageCalls } from '../../src/orchestration/runtime/worker/message-calls.ts';
import type { MailCall } from '../../src/orchestration/workflow/commands.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';

// The calls of an attempt, when what it says, or is told, is lost.

const base = { taskId: 't', attempt: 1 };

function calling() {
  const clock = new ManualClock();
  const said: MailCall[] = [];
  const calls = new MessageCalls({
    clock,
    runId: 'run',
    worker: 'w',
    attemptKey: 'run/t/1',
    dispatch: base as unknown as Dispatch,
    send: async (command) => void said.push(command),
    rest: () => undefined,
    wake: async () => undefined,
  });
  return { clock, said, calls };
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

describe('the calls of an attempt to the messages of its run', () => {
  it('ask again for what was lost on its way to it, whatever else is answered', async () => {
    const { clock, said, calls } = calling();
    const received = calls.receive({ type: 'AwaitMessages', max: 1 });
    await soon();
    calls.answered({ ...base, call: 1 });
    for (let call = 2; call <= 5; call += 1) {
      void calls.send({ to: 'x', data: call });
      await soon();
      calls.answered({ ...base, call, ids: [`${call}`] });
      await soon();
      clock.advance(8_000);
    }
    expect(said.map(({ type, call }) => `${type} ${call}`)).to.deep.equal([
      'AwaitMessages 1',
      'SendMessages 2',
      'SendMessages 3',
      'SendMessages 4',
      'SendMessages 5',
      'AwaitMessages 1',
    ]);
    calls.delivered({ ...base, call: 1, messages: [] });
    expect(await received).to.deep.equal([]);
  });
});
