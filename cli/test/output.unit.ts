import { stripVTControlCharacters } from 'node:util';
import type { RunEvent, Source } from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { describeEvent } from '../src/output/describe-event.ts';
import { notable } from '../src/output/notable.ts';
import { printError } from '../src/output/print-error.ts';
import { table, tableOrFolded } from '../src/output/table.ts';
import { createTerminal, Screen } from '../src/output/terminal.ts';
import { briefJson, clip, clipStyled, plain, styleOf, widthOf } from '../src/output/text.ts';
import { whileWaiting } from '../src/output/while-waiting.ts';
import { sampleRun } from './sample-run.ts';
import { Memory } from './support.ts';

const ESCAPE = '\u001b';

describe('whoever waits', () => {
  it('is told for what once, when it takes long, and nothing when it does not, or fails', async () => {
    const slow = new Memory();
    const work = (ms: number) => () => new Promise<string>((resolve) => setTimeout(resolve, ms, 'done'));
    expect(await whileWaiting(new Screen(slow, {}), work(60), 10)).to.equal('done');
    expect(slow.text).to.equal('Waiting for whoever drives the run to answer …\n');
    const quick = new Memory();
    expect(await whileWaiting(new Screen(quick, {}), work(0), 60)).to.equal('done');
    const failing = whileWaiting(new Screen(quick, {}), () => Promise.reject(new Error('refused')), 10);
    expect(await failing.catch((error: Error) => error.message)).to.equal('refused');
    await work(80)();
    expect(quick.text).to.equal('');
  });
});

describe('a screen', () => {
  const coloured = (environment: Record<string, string>, isTTY: boolean): boolean =>
    new Screen(new Memory({ isTTY }), environment).hasColours;

  it('has colours on a terminal only', () => {
    expect(coloured({}, true)).to.equal(true);
    expect(coloured({}, false)).to.equal(false);
  });

  it('honours NO_COLOR over all, FORCE_COLOR, and a dumb terminal', () => {
    expect(coloured({ NO_COLOR: '1' }, true)).to.equal(false);
    expect(coloured({ NO_COLOR: '1', FORCE_COLOR: '1' }, true)).to.equal(false);
    expect(coloured({ NO_COLOR: '' }, true)).to.equal(true);
    expect(coloured({ FORCE_COLOR: '1' }, false)).to.equal(true);
    expect(coloured({ FORCE_COLOR: '0' }, true)).to.equal(false);
    expect(coloured({ TERM: 'dumb' }, true)).to.equal(false);
  });

  it('goes quiet when its reader has left, and lets other failures through', async () => {
    const sink = new Memory();
    const screen = new Screen(sink, {});
    sink.fail('EPIPE');
    await screen.line('nobody reads this');
    await screen.flush();
    expect(screen.broken).to.equal(true);
    expect(sink.text).to.equal('');
    expect(() => sink.fail('EIO')).to.throw('EIO');
  });
});

describe('what a screen writes', () => {
  const EVIL = `a${ESCAPE}[2J${ESCAPE}[8mb\rc\u009b1m\u202ed`;
  const SHOWN = 'a\\u001b[2J\\u001b[8mb\\u000dc\\u009b1m\\u202ed';

  it('is text, but for our own colours, on a terminal and elsewhere', async () => {
    for (const isTTY of [true, false]) {
      const sink = new Memory({ isTTY });
      const screen = new Screen(sink, {});
      await screen.line(`${EVIL} ${screen.style('red', EVIL)} ${ESCAPE}[31mnot ours`);
      await screen.line('one\ntwo');
      const red = isTTY ? `${ESCAPE}[31m${SHOWN}${ESCAPE}[39m` : SHOWN;
      expect(sink.text).to.equal(`${SHOWN} ${red} \\u001b[31mnot ours\none\\u000atwo\n`);
    }
  });

  it('has many styles at once, which end where they began', async () => {
    const sink = new Memory({ isTTY: true });
    const screen = new Screen(sink, {});
    await screen.line(screen.style(['red', 'bold'], 'x'));
    expect(sink.text).to.equal(`${ESCAPE}[31m${ESCAPE}[1mx${ESCAPE}[22m${ESCAPE}[39m\n`);
  });

  it('is the text of an error, whoever wrote it', async () => {
    const sinks = [new Memory(), new Memory({ isTTY: true })] as const;
    const terminal = createTerminal(sinks[0], sinks[1], { NO_COLOR: '1' }, false);
    await printError(terminal, { code: EVIL, message: `${EVIL}\n${EVIL}`, fix: EVIL, exit: 1 }, `at ${EVIL}`);
    expect(sinks[1].text).to.equal(`Error ${SHOWN}: ${SHOWN}\n  ${SHOWN}\n  Fix: ${SHOWN}\nat ${SHOWN}\n`);
    const json = new Memory({ isTTY: true });
    const error = { code: 'X', message: EVIL, exit: 1 };
    await printError(createTerminal(sinks[0], json, {}, true), error, undefined);
    expect(JSON.parse(json.text)).to.deep.equal({ error: { code: 'X', message: EVIL, exitCode: 1 } });
    expect(json.text).to.contain('\\u202e').and.to.contain('\\u009b');
  });
});

describe('text from outside', () => {
  it('cannot move the cursor or change colours', () => {
    expect(plain(`a${ESCAPE}[2J${ESCAPE}[31mb\r\nc\u0007d`)).to.equal('a\\u001b[2J\\u001b[31mb c\\u0007d');
  });

  it('is clipped to a width', () => {
    expect(clip('abcdef', 6)).to.equal('abcdef');
    expect(clip('abcdefg', 6)).to.equal('abcde…');
    expect(clip('😀😀😀', 3)).to.equal('😀…');
    expect(clip('日本語', 4)).to.equal('日…');
    expect(clip('👨‍👩‍👧👨‍👩‍👧', 3)).to.equal('👨‍👩‍👧…');
    expect(clip('e\u0301e\u0301e\u0301', 2)).to.equal('e\u0301…');
  });

  it('is clipped to a width whatever its colours, which do not leak', () => {
    const piece = fc.oneof(fc.string({ maxLength: 8 }).map(plain), fc.constantFrom(styleOf('31'), styleOf('39')));
    fc.assert(
      fc.property(fc.array(piece), fc.integer({ min: 1, max: 30 }), (pieces, width) => {
        const text = pieces.join('');
        const clipped = clipStyled(text, width);
        expect(widthOf(clipped)).to.be.at.most(width);
        if (widthOf(text) <= width) expect(clipped).to.equal(text);
        else if (text.includes(ESCAPE)) expect(clipped.endsWith(styleOf('0'))).to.equal(true);
      }),
    );
  });

  it('is told in brief', () => {
    expect(briefJson('x'.repeat(500), 20)).to.have.lengthOf(20);
    expect(briefJson(Array.from({ length: 5000 }), 80)).to.equal('[ 5,000 items ]');
    expect(briefJson({ a: [1, 2] }, 80)).to.equal('{"a":[1,2]}');
  });
});

describe('a table', () => {
  const columns = [{ title: 'A' }, { title: 'LONG', flexible: true }, { title: 'N', align: 'right' }] as const;
  const rows = [
    ['one', 'x'.repeat(60), '1'],
    ['three', 'y', '1,000'],
  ];

  it('fits a terminal by shrinking what is flexible', () => {
    const lines = table(new Screen(new Memory({ isTTY: true, columns: 40 }), { NO_COLOR: '1' }), columns, rows);
    for (const line of lines) expect(line.length).to.be.at.most(40);
    expect(lines[1]).to.match(/^one {4}x+… {6}1$/);
  });

  it('cuts no title, and is folded where a terminal has no room for it', () => {
    const wide = [{ title: 'KEY' }, { title: 'CAPABILITIES', flexible: true }, { title: 'N' }, { title: 'M' }] as const;
    const key = '0000299-'.repeat(5);
    const cells = [
      [key, 'writes, reads and draws pictures', '7', '-'],
      ['b', '', '8', '9'],
    ];
    const at = (columns: number) =>
      tableOrFolded(new Screen(new Memory({ isTTY: true, columns }), { NO_COLOR: '1' }), wide, cells);
    expect(at(60).slice(0, 2)).to.deep.equal([`${'KEY'.padEnd(40)}  CAPABILITIES  N  M`, `${key}  writes, rea…  7  -`]);
    expect(at(59)).to.deep.equal([
      key,
      '  CAPABILITIES  writes, reads and draws pictures',
      '  N             7',
      'b',
      '  N             8',
      '  M             9',
    ]);
    expect(at(40).slice(1, 4)).to.deep.equal([
      '  CAPABILITIES  writes, reads and draws',
      `${' '.repeat(16)}pictures`,
      '  N             7',
    ]);
    expect(at(24).slice(1, 4)).to.deep.equal(['  CAPABILITIES', '    writes, reads and', '    draws pictures']);
  });

  it('cuts nothing off elsewhere', () => {
    const lines = table(new Screen(new Memory({ columns: 40 }), {}), columns, rows);
    expect(lines[1]).to.contain('x'.repeat(60));
    expect(lines[2]?.endsWith('  1,000')).to.equal(true);
  });
});

describe('events in words', () => {
  it('say of messages which run, which program and which name is meant', () => {
    const sent = {
      type: 'MessageSent',
      at: 0,
      message: 'r-1/a/1/1',
      from: { task: 'a', attempt: 1 },
      data: 1,
    } as const;
    const error = { code: 'REPRISE_MAILBOX_CLOSED', message: 'Nobody took it.', retryable: false };
    const word = { from: { client: 'r-1' }, onBehalf: true, inReplyTo: 'r-2/b/1/1', message: 'r-2/b/1/1?' } as const;
    const came = { origin: { run: 'r-2', to: 'x', n: 1 }, sentAt: 0, type: 'MessageReceived' } as const;
    const cases: readonly (readonly [RunEvent, string])[] = [
      [{ ...sent, to: 'x', run: 'r-2', n: 1, subject: 'draft' }, 'a to x of run r-2 (draft), 1'],
      [{ ...sent, to: '@desk', run: '5f0c', n: 1, performative: 'request' }, 'a to @desk, request, 1'],
      [{ ...sent, to: 'client:kim' }, 'a to client:kim, 1'],
      [{ ...sent, to: 'client:team:g' }, "a to the team 'g', 1"],
      [{ ...sent, to: 'a', from: { client: '@desk', run: '5f0c' } }, '@desk to a, 1'],
      [{ ...sent, ...came, from: { task: 'b', run: 'r-2' }, to: 'x' }, 'b of run r-2 to x, 1'],
      [{ ...sent, ...came, from: { client: 'kim', run: 'r-2' }, to: 'x' }, 'kim (from outside) of run r-2 to x, 1'],
      [{ ...sent, ...came, from: { client: 'team:' }, to: 'bid' }, 'the team to bid, 1'],
      [{ ...sent, ...came, from: { client: 'team:g' }, to: 'g/bid' }, "the team 'g' to g/bid, 1"],
      [
        { ...sent, ...word, to: 'b', run: 'r-2', n: 2, receipt: 'acknowledged', data: null },
        'tells b of run r-2 that r-2/b/1/1 is done with',
      ],
      [
        { ...sent, ...came, ...word, to: 'b', receipt: 'failed', data: error },
        'run r-2 tells b that r-2/b/1/1 came to nothing, REPRISE_MAILBOX_CLOSED: Nobody took it.',
      ],
      [{ ...sent, to: '@desk', run: '5f0c', n: 3, ask: { id: 'q' }, data: null }, 'a asks for messages of @desk'],
      [
        { ...sent, ...came, from: { task: 'b', run: 'r-2' }, to: '#inbox', ask: { id: 'q', over: true }, data: null },
        'b of run r-2 asks no longer for messages of #inbox',
      ],
      [
        { type: 'MessageHandedOn', at: 0, message: 'm', to: '@desk', run: 'r-2', n: 1, ask: 'q' },
        'm to run r-2, which asked for it',
      ],
      [{ type: 'MessageHandedOn', at: 0, message: 'm', to: '@desk', run: '5f0c', n: 1 }, 'm back to @desk'],
      [{ type: 'MessageHandedOn', at: 0, message: 'm', to: '#inbox' }, 'm, back in #inbox'],
      [{ type: 'MessagesHandedOver', at: 0, run: 'r-2', to: 'x', upTo: 3 }, 'up to number 3, by x of run r-2'],
      [
        { type: 'HandOverAwaited', at: 0, until: 300_000, messages: 1 },
        'others have yet to take 1 message; for 5m 0s at the most',
      ],
      [
        { type: 'MessageTaken', at: 0, messages: ['m'], client: 'kim', until: 30_000 },
        'm by kim (from outside), for 30.0s',
      ],
      [{ type: 'MessageAcknowledged', at: 0, messages: ['m'], client: 'kim' }, 'm by kim (from outside)'],
      [{ type: 'MessageAcknowledged', at: 0, messages: ['m'], taskId: 'x', attempt: 1 }, 'm'],
      [
        { type: 'MessageRejected', at: 0, message: 'm', client: 'kim', reason: 'not mine', retryAt: 1000 },
        'm by kim (from outside): not mine, again in 1.0s',
      ],
      [
        {
          type: 'MessageDeadLettered',
          at: 0,
          message: 'm',
          mailbox: '>r-2/x',
          code: error.code,
          error,
          from: { task: 'a' },
          deliveries: [],
        },
        'm to x of run r-2, REPRISE_MAILBOX_CLOSED: Nobody took it.',
      ],
    ];
    for (const [event, text] of cases) expect(describeEvent(event)).to.equal(text);
  });

  it('say what bids are called for, and which strategies a start named', async () => {
    const call = {
      scope: 'g',
      strategy: 's',
      n: 1,
      seen: 1,
      kind: 'announce',
      about: 'walls',
      why: 'round 1',
    } as const;
    expect(describeEvent({ type: 'DecisionMade', at: 0, ...call, tasks: ['bid-1', 'bid-2'] })).to.equal(
      '1 of g: announce walls to bid-1, bid-2: round 1',
    );
    const [started] = await sampleRun();
    const { event } = started as { readonly event: RunEvent };
    if (event.type !== 'RunStarted') return expect.fail(event.type);
    const strategies = { '': 'sequential', mend: { name: 'panel', team: {} } };
    expect(describeEvent({ ...event, strategies })).to.contain('; strategy sequential, panel in mend; input ');
    return expect(describeEvent(event)).to.not.contain('strategy');
  });

  it('are one line without escapes each', async () => {
    for (const { event } of await sampleRun()) {
      const text = describeEvent(event);
      expect(text).to.equal(stripVTControlCharacters(text));
      expect(text).to.not.match(/[\r\n]/);
    }
  });
});

describe('where a value is from, in words', () => {
  const scheduled = (source: Source): string =>
    describeEvent({ type: 'TaskScheduled', at: 0, taskId: 't', attempt: 1, agent: 'a', source });

  it('names the holder, the revision and the place', () => {
    const run: Source = { revision: 0, of: 'input', task: '' };
    expect(scheduled(run)).to.equal("attempt 1 for a, input from the run's input");
    expect(scheduled({ ...run, path: ['docs', 0, 'a.b'] })).to.equal(
      'attempt 1 for a, input from the run\'s input, .docs[0]["a.b"]',
    );
    const output: Source = { revision: 7, of: 'output', task: 'draft' };
    expect(scheduled({ fields: { draft: output, n: { value: 1 } } })).to.equal(
      'attempt 1 for a, input from { draft: the output of draft at #7, n: 1 }',
    );
    expect(scheduled({ list: [{ revision: 3, of: 'items', task: 'each', path: [12, 'name'] }] })).to.equal(
      'attempt 1 for a, input from [item 12 of each at #3, .name]',
    );
    expect(scheduled({ revision: 9, of: 'undone', task: 'pay@1', path: ['output'] })).to.equal(
      'attempt 1 for a, input from the output of what it undoes',
    );
  });

  it('of a list, and of what no agent does', () => {
    const source: Source = { revision: 4, of: 'input', task: 'book' };
    expect(describeEvent({ type: 'TaskExpanded', at: 0, taskId: 't', from: 0, source, total: 2 })).to.equal(
      '2 items, from the input of book at #4',
    );
    expect(describeEvent({ type: 'TaskEntered', at: 0, taskId: 't', attempt: 1, source })).to.equal(
      'input from the input of book at #4',
    );
  });
});

describe('the notable part of an output', () => {
  it('is its fields, short', () => {
    expect(
      notable({ report: 'out/report.md', packages: 412, risks: Array.from({ length: 40 }, () => ({ a: 'b' })) }),
    ).to.deep.equal(['report    out/report.md', 'packages  412', 'risks     40 items']);
  });

  it('is cut off when there is much of it', () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`field${index}`, index]));
    const lines = notable(many);
    expect(lines).to.have.lengthOf(13);
    expect(lines.at(-1)).to.equal('and 18 more fields');
  });

  it('is the value where there are no fields', () => {
    expect(notable(null)).to.deep.equal(['null']);
    expect(notable('two\nlines')).to.deep.equal(['two', 'lines']);
    expect(notable([1, 2])).to.deep.equal(['[1,2]']);
  });
});
