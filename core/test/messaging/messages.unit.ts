import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Addressing, toEnvelope } from '../../src/orchestration/messaging/messages.ts';

const keyOf = (type: Addressing['type'], body: Parameters<typeof toEnvelope>[1]): string =>
  toEnvelope({ id: 'id', type, source: 'test', runId: 'run-1', causationId: 'cause', at: 0 }, body).partitionkey;

describe('messages', () => {
  it('of a run are in order, but a dispatch waits for no other task of its run', () => {
    const attempt = { taskId: 'block/pay', attempt: 1 };
    const dispatch = { ...attempt, workflow: 'w', round: 1, agent: 'a', input: null, idempotencyKey: 'key' };
    const start = { type: 'StartTask', commandId: 'start', runId: 'run-1', worker: 'w', ...attempt } as const;
    expect(keyOf('command', start)).to.equal('run-1');
    expect(keyOf('heartbeat', attempt)).to.equal('run-1');
    expect(keyOf('abort', { ...attempt, reason: 'no' })).to.equal('run-1');
    expect(keyOf('dispatch', { ...dispatch, delivery: 'at-least-once' })).to.equal('run-1/block/pay');
  });
});
