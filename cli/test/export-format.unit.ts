import { isRepriseError } from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { describeError } from '../src/errors/describe-error.ts';
import { EXIT, exitCodeOf } from '../src/errors/exit-codes.ts';
import { eventInvalid, parseLine, readHeader } from '../src/runs/export-format.ts';

const HEADER = {
  format: 'reprise-run',
  formatVersion: 1,
  runId: 'r',
  workflow: 'w',
  version: '1',
  events: 2,
  exportedAt: '',
};
describe('the lines of an export', () => {
  it('are read back', () => {
    expect(readHeader(parseLine(JSON.stringify(HEADER), 1), 1)).to.deep.equal(HEADER);
  });

  for (const [key, wrong] of [
    ['format', 'other'],
    ['formatVersion', 2],
    ['runId', '../x'],
    ['events', 1.5],
  ] as const) {
    it(`are refused when the header's ${key} is ${JSON.stringify(wrong)}`, () => {
      expect(() => readHeader({ ...HEADER, [key]: wrong }, 3)).to.throw('Line 3:');
    });
  }

  it('are refused with a code and a line, whatever they hold', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          readHeader(parseLine(text, 5), 5);
          expect.fail('it was accepted');
        } catch (error) {
          expect(isRepriseError(error, 'REPRISE_IMPORT_INVALID'), String(error)).to.equal(true);
        }
      }),
    );
    expect(() => parseLine('{"__proto__":{"a":1}}', 9)).to.throw('Line 9:');
  });
});

describe('a flaw of an event', () => {
  it('is told with its line, event and field, for people and for programs', () => {
    const error = eventInvalid(7, { revision: 5, type: 'TaskExpanded' }, { field: 'data.total', problem: 'is 1e9' });
    expect(error.message).to.equal('Line 7: event 5 (TaskExpanded), data.total: is 1e9.');
    expect(error.details).to.deep.equal({ line: 7, revision: 5, event: 'TaskExpanded', field: 'data.total' });
    expect(error.fix).to.contain('as it is');
    expect(eventInvalid(2, {}, { field: '', problem: 'is odd' }).message).to.equal('Line 2: the event: is odd.');
  });
});

describe('exit codes', () => {
  it('follow the code of the error', () => {
    expect(exitCodeOf('REPRISE_USAGE')).to.equal(EXIT.usage);
    expect(exitCodeOf('REPRISE_RUN_NOT_FOUND')).to.equal(EXIT.notFound);
    expect(exitCodeOf('REPRISE_CONFIG_INVALID')).to.equal(EXIT.invalid);
    expect(exitCodeOf('REPRISE_STORE_CORRUPT')).to.equal(EXIT.store);
    expect(exitCodeOf('REPRISE_RUN_CLOSED')).to.equal(EXIT.failed);
  });

  it('of what is thrown otherwise is that of a failure', () => {
    expect(describeError('text')).to.include({ code: 'REPRISE_UNEXPECTED', message: 'text', exit: EXIT.failed });
    expect(describeError(undefined).exit).to.equal(EXIT.failed);
    expect(
      describeError(Object.assign(new Error('bad flag\nSee more help with --help'), { oclif: { exit: 2 } })),
    ).to.include({
      code: 'REPRISE_USAGE',
      message: 'bad flag',
    });
  });
});
