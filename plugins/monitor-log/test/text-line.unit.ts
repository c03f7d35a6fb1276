import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { LogMonitor, resolveLogMonitorOptions, streamDestination } from '../src/index.ts';
import { eventEntry, noticeEntry } from '../src/mapping.ts';
import { styleOf, textLine } from '../src/text-line.ts';
import { observed } from './support.ts';

const AT = new Date(2026, 0, 31, 14, 5, 9, 7);
const PLAIN = { colours: false, stacks: false };
const STACK = [
  'TypeError: no',
  '    at f (node:internal/x:1:1)',
  '    at g (/p/node_modules/a/b.js:2:2)',
  `    at h (file://${process.cwd()}/agents/greeter.ts:4:24)`,
  '    at i (/p/other.ts:5:5)',
  'caused by Error: why',
].join('\n');

const failure = () =>
  noticeEntry(
    {
      kind: 'log',
      failure: true,
      level: 'warn',
      message: 'the agent failed: no',
      runId: 'r1',
      taskId: 't',
      attempt: 1,
      agent: 'greeter',
      fields: { code: 'REPRISE_AGENT_FAILED', stack: STACK },
    },
    false,
  ) ?? { level: 'debug', message: '', fields: {} };

describe('lines for people', () => {
  it('have the time, the level, what happened and its facts', () => {
    const error = { code: 'E_NET', message: 'no route', retryable: true };
    const entry = eventEntry(
      observed('TaskAttemptFailed', { at: 1, taskId: 't', attempt: 2, error, retryAt: 0 }),
      false,
    );
    expect(textLine(entry, AT, PLAIN)).to.equal(
      '14:05:09.007 warn  run1/t #2: task attempt failed  E_NET: no route retryAt=1970-01-01T00:00:00.000Z\n',
    );
  });

  it("of an agent's failure have the first frame of the user's own code, or the whole stack", () => {
    const lines = textLine(failure(), AT, PLAIN).split('\n');
    expect(lines[1]).to.equal('    at h (agents/greeter.ts:4:24)');
    expect(lines).to.have.length(3);
    const all = textLine(failure(), AT, { ...PLAIN, stacks: true });
    expect(all).to.contain('        at i (/p/other.ts:5:5)\n    caused by Error: why\n');
  });

  it('obey nothing that others wrote', () => {
    const text = textLine({ level: 'info', message: 'a\u001b[2Jb\nc', fields: { reason: '\r\u202e' } }, AT, PLAIN);
    expect(text).to.equal('14:05:09.007 info  a\\u001b[2Jb c  reason=\\u000d\\u202e\n');
  });

  it('have colours where they are wanted', () => {
    expect(styleOf({}, true).colours).to.equal(true);
    expect(styleOf({ NO_COLOR: '1' }, true).colours).to.equal(false);
    expect(styleOf({ TERM: 'dumb' }, true).colours).to.equal(false);
    expect(styleOf({}, false).colours).to.equal(false);
    expect(styleOf({ FORCE_COLOR: '1' }, false).colours).to.equal(true);
    expect(textLine(failure(), AT, { ...PLAIN, colours: true })).to.contain('\u001b[33mwarn ');
  });

  for (const [format, isTTY, isText] of [
    ['auto', true, true],
    ['auto', false, false],
    ['json', true, false],
    ['text', false, true],
  ] as const) {
    it(`are ${isText ? '' : 'not '}written as ${format} ${isTTY ? 'on a terminal' : 'elsewhere'}`, async () => {
      const stream = Object.assign(new PassThrough(), { isTTY });
      const monitor = new LogMonitor(resolveLogMonitorOptions({ format }), streamDestination(stream, false));
      await monitor.onEvent(observed('RunStarted', { at: 1 }));
      await monitor.onEvent(observed('TaskReady', { at: 1, taskId: 't' }));
      const written = String(stream.read());
      expect(written.startsWith('{')).to.equal(!isText);
      expect(written.trim().split('\n')).to.have.length(1);
      await monitor.shutdown();
    });
  }
});
