import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorConformance } from '@reprise/conformance';
import { workflow } from '@reprise/core';
import { simulate } from '@reprise/core/testing';
import { after, describe, it } from 'mocha';
import { runLog } from '../src/index.ts';
import { createRunLog } from '../src/run-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'run-log-'));
let files = 0;
const newFile = (): string => {
  files += 1;
  return join(folder, `${files}.log`);
};
const linesOf = (file: string): string[] => readFileSync(file, 'utf8').trimEnd().split('\n');

after(() => rmSync(folder, { recursive: true }));

// What Reprise asks of every monitor.
let file = newFile();
monitorConformance('run-log', {
  create: () => {
    file = newFile();
    return createRunLog({ file, events: ['TaskCompleted'] });
  },
  written: () => linesOf(file).length,
});

describe('the run log', () => {
  it('has a line for each run that has ended', async () => {
    const log = newFile();
    const hello = workflow('hello')
      .set('greeting', () => 'Hello')
      .build();
    await simulate(hello, { input: {}, runId: 'run-1', plugins: [runLog({ file: log })] });
    assert.deepEqual(
      linesOf(log).map((line) => JSON.parse(line)),
      [{ at: '2026-01-01T00:00:00.000Z', runId: 'run-1', type: 'RunCompleted' }],
    );
  });

  it('refuses options that it does not know', () => {
    const mistake = { fiel: 'a.log' };
    assert.throws(() => runLog(mistake as object), /there is no option fiel/);
    assert.throws(() => runLog({ file: '' }), /file/);
  });
});
