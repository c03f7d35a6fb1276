import { isRepriseError } from '@reprise/core/plugin';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { resolveOptions } from '../src/options.ts';

describe('options of event-store-sqlite', () => {
  it('fills in the defaults', () => {
    expect(resolveOptions({})).to.deep.equal({
      path: '.reprise/reprise.db',
      readOnly: false,
      maxEventBytes: 16 * 1024 * 1024,
      maxFileBytes: undefined,
      pollIntervalMs: 50,
    });
  });

  for (const [input, word] of [
    ['x', 'not an object'],
    [null, 'not an object'],
    [{ file: 'x' }, '"file"'],
    [{ path: '' }, 'path'],
    [{ path: 3 }, 'path'],
    [{ path: ':memory:' }, 'in-memory event store'],
    [{ readOnly: 'yes' }, 'readOnly'],
    [{ maxEventBytes: 0 }, 'maxEventBytes'],
    [{ maxFileBytes: 1.5 }, 'maxFileBytes'],
    [{ pollIntervalMs: -1 }, 'pollIntervalMs'],
  ] as const) {
    it(`refuses ${JSON.stringify(input)}`, () => {
      expect(() => resolveOptions(input))
        .to.throw(word)
        .that.satisfies((error: unknown) => isRepriseError(error, 'REPRISE_CONFIG_INVALID'));
    });
  }

  it('names every mistake at once', () => {
    expect(() => resolveOptions({ path: '', readOnly: 1, other: 2 })).to.throw(/"other".*path.*readOnly/);
  });

  it('is checked when the plugin is named, before anything starts', () => {
    expect(() => sqliteEventStore({ path: '' })).to.throw('path');
    expect(sqliteEventStore({ path: 'x' })).to.include({ name: 'sqlite', kind: 'event-store' });
  });
});
