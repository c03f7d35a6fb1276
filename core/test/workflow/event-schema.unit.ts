import { decodeEvent, EVENT_VERSIONS, encodeEvent, type StoredEvent } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { UPCASTERS, type Upcasters } from '../../src/orchestration/workflow/event-schema.ts';
import { PureRun } from './pure-run.ts';
import { chain } from './samples.ts';

const stored = (
  schemaVersion: number,
  type = 'TaskStarted',
  data: StoredEvent['data'] = { taskId: 'a', host: 'h' },
): StoredEvent => ({
  type,
  time: 5,
  data,
  metadata: { schemaVersion },
});

const versions = { ...EVENT_VERSIONS, TaskStarted: 3 };
const upcasters: Upcasters = {
  TaskStarted: {
    1: ({ host, ...rest }) => ({ ...rest, worker: host ?? 'unknown' }),
    2: (data) => ({ ...data, attempt: 1 }),
  },
};

const errorOf = (call: () => unknown): unknown => {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('it did not throw');
};

describe('stored events', () => {
  it('come back as they were', () => {
    const run = new PureRun(chain(), { x: 1 });
    run.run('a');
    for (const event of run.events) {
      const there = JSON.parse(JSON.stringify(encodeEvent(event))) as StoredEvent;
      expect(decodeEvent(there)).to.deep.equal(JSON.parse(JSON.stringify(event)));
      expect(there.metadata.schemaVersion).to.equal(EVENT_VERSIONS[event.type]);
    }
  });

  it('keep type and time beside the rest', () => {
    expect(encodeEvent({ type: 'RunResumed', at: 7, commandId: 'c' })).to.deep.equal({
      type: 'RunResumed',
      time: 7,
      data: { commandId: 'c' },
      metadata: { schemaVersion: 1 },
    });
  });

  it('of an older version are brought up, step by step', () => {
    const expected = { type: 'TaskStarted', at: 5, taskId: 'a', worker: 'h', attempt: 1 };
    expect(decodeEvent(stored(1), versions, upcasters)).to.deep.equal(expected);
    expect(decodeEvent(stored(2, 'TaskStarted', { taskId: 'a', worker: 'h' }), versions, upcasters)).to.deep.equal(
      expected,
    );
  });

  it('are left alone when they are of the current version', () => {
    expect(decodeEvent(stored(3), versions, upcasters)).to.deep.equal({
      type: 'TaskStarted',
      at: 5,
      taskId: 'a',
      host: 'h',
    });
  });

  it('that cannot be read are an error, never a guess', () => {
    for (const [event, what] of [
      [stored(4), 'version 4'],
      [stored(1, 'TaskTeleported'), 'TaskTeleported'],
      [stored(1, 'toString'), 'toString'],
      [stored(1, 'RunStarted'), 'No upcaster'],
    ] as const) {
      const error = errorOf(() => decodeEvent(event, { ...versions, RunStarted: 2 }, upcasters));
      expect(error).to.include({ code: 'REPRISE_EVENT_UNREADABLE' });
      expect((error as Error).message).to.contain(what);
    }
  });
});

describe('the versions of this build', () => {
  it('have an upcaster for every step up', () => {
    for (const [type, version] of Object.entries(EVENT_VERSIONS)) {
      for (let from = 1; from < version; from += 1) {
        expect(UPCASTERS[type as keyof Upcasters]?.[from], `${type} ${from} -> ${from + 1}`).to.be.a('function');
      }
    }
  });
});
