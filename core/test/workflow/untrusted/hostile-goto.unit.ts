import { expect } from 'chai';
import { describe, it } from 'mocha';
import { flawOf, left, replaced } from './altered-golden.ts';

// To go back, and to complete a list, is refused of a history that could not have come to it.

const INNER = { type: 'TasksReset', region: 'write', why: 'goto' };
const OUTER = { type: 'TasksReset', region: '', why: 'goto' };
const OUTSIDE = { type: 'TasksReset', from: 'print' };

const inner = (fields: Record<string, unknown>): string => flawOf('returned', replaced(INNER, fields));
const outer = (fields: Record<string, unknown>): string => flawOf('returned', replaced(OUTER, fields));
const outside = (fields: Record<string, unknown>): string => flawOf('returned', replaced(OUTSIDE, fields));

describe('a hostile history that goes back', () => {
  it('is taken as it is', () => expect(flawOf('returned', () => undefined)).to.equal('taken'));

  it('says what begins again, all of it and no more', () => {
    expect(inner({ restarted: ['write/draft'] })).to.match(/data\.restarted: is not 'write\/draft' and what comes/);
    expect(inner({ restarted: ['write/draft', 'write/check', 'plan'] })).to.match(/data\.restarted/);
    expect(inner({ restarted: undefined })).to.match(/data\.restarted/);
    expect(outer({ dropped: undefined })).to.match(/data\.dropped/);
    expect(outer({ dropped: ['source', 'plan'] })).to.match(/data\.dropped/);
    expect(inner({ dropped: ['plan'] })).to.match(/data\.dropped/);
  });

  it('is of a task that has begun, in its own block and round', () => {
    expect(inner({ from: 'nobody' })).to.match(/nobody/);
    expect(inner({ from: 'plan' })).to.match(/data\.region: is not the block of 'plan'/);
    expect(inner({ round: 2 })).to.match(/data\.round: is 2/);
    expect(inner({ tasks: ['write/draft'] })).to.match(/data\.tasks: cannot stand beside why "goto"/);
    expect(flawOf('returned', replaced({ type: 'TasksReset', why: 'loop' }, { restarted: [] }))).to.match(
      /data\.restarted: cannot stand beside why "loop"/,
    );
    expect(outside({ from: 'print', restarted: ['print', 'judge'] })).to.match(/data\.restarted/);
  });

  it('is by an agent that may, with the attempt that has completed, or by a new command', () => {
    expect(inner({ by: { taskId: 'write/draft', attempt: 1 } })).to.match(/whose agent may not go back/);
    expect(inner({ by: { taskId: 'judge', attempt: 1 } })).to.match(/TasksReset/);
    expect(inner({ by: { taskId: 'write/check', attempt: 2 } })).to.match(/attempt/);
    expect(inner({ by: undefined })).to.match(/data\.by: is missing/);
    expect(outside({ commandId: undefined })).to.match(/data\.by: is missing/);
    expect(outside({ by: { taskId: 'judge', attempt: 4 } })).to.match(/data\.by: cannot stand beside a command/);
    expect(outside({ reason: 'why not' })).to.match(/data\.reason: cannot stand beside a command/);
    expect(outside({ commandId: 'start-id-000002' })).to.match(/which took effect before/);
  });

  it('has cancelled what was under way', () => {
    expect(flawOf('returned', left({ type: 'TaskCancelled', reason: 'goto' }))).to.match(
      /cannot come: 'print' is running/,
    );
  });

  it('completes lists by a cancel that says so', () => {
    const done = { type: 'TaskYielded', by: 'settle' };
    expect(flawOf('returned', replaced(done, { by: 'judge' }))).to.match(/'judge', which does not complete 'cite'/);
    expect(flawOf('returned', replaced(done, { by: undefined }))).to.match(/is no list that yields/);
    expect(flawOf('returned', replaced(done, { rest: undefined }))).to.match(/data\.rest: is missing/);
    expect(flawOf('returned', replaced(done, { taskId: 'write' }))).to.match(/is no list that has begun/);
  });
});
