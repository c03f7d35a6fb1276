import { expect } from 'chai';
import * as fc from 'fast-check';
import { describe, it } from 'mocha';
import { addressOf, type Place, placeOf } from '../ui/pure/address.ts';
import { behindText } from '../ui/pure/behind.ts';
import { fits, previewOf } from '../ui/pure/bulk.ts';
import { answerOf, fieldsOf, heldOf } from '../ui/pure/forms.ts';
import { failuresPlot, type LagSample, lagPlot, latencyPlot, type MinuteRow, sampled } from '../ui/pure/overview.ts';
import { parseJson } from '../ui/pure/parse.ts';
import { plotOf, quantile } from '../ui/pure/plot.ts';
import { nextSort } from '../ui/pure/sort.ts';
import { suggest } from '../ui/pure/suggest.ts';
import { ago, duration, shortened, visible } from '../ui/pure/text.ts';
import { type Attempt, barsOf, rowsOf, scaleOf, ticks } from '../ui/pure/timeline.ts';

describe('addresses', () => {
  it('of a diff name both runs, or the first', () => {
    for (const place of [
      { view: 'diff', run: 'a', other: 'b' },
      { view: 'diff', run: 'a' },
    ] as const) {
      const [path = '', search = ''] = addressOf(place).split('?');
      expect(placeOf(path, search)).to.deep.equal(place);
    }
    expect(placeOf('/diff/a/..%2f', '')).to.deep.equal({ view: 'diff', run: 'a' });
    expect(placeOf('/diff', '')).to.deep.equal({ view: 'overview' });
  });
});

describe('the timeline', () => {
  it('leads from times to pixels and back', () => {
    void fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(100_000), fc.nat(5000)), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 200, max: 2000 }),
        fc.nat(1000),
        (stretches, width, share) => {
          const busy = stretches.map(([from, ms]): [number, number] => [from, from + ms]);
          const scale = scaleOf(busy, 0, 110_000, width);
          const time = share * 110;
          expect(scale.x(0)).to.equal(0);
          expect(scale.x(110_000)).to.be.closeTo(width, 0.001);
          expect(scale.time(scale.x(time))).to.be.closeTo(time, 0.01);
          expect(scale.x(time)).to.be.at.most(scale.x(time + 10) + 1e-9);
        },
      ),
    );
  });

  it('folds idle time to a few pixels, and says how long it was', () => {
    const scale = scaleOf(
      [
        [0, 100],
        [10_000, 10_100],
      ],
      0,
      10_100,
      400,
    );
    expect(scale.folds.map(({ ms, from, to }) => [ms, to - from])).to.deep.equal([[9900, 18]]);
    expect(scale.x(100)).to.be.closeTo(191, 0.001);
    expect(scale.x(10_000)).to.be.closeTo(209, 0.001);
  });

  it('folds nothing where nobody has worked on anything', () => {
    const scale = scaleOf([], 0, 5000, 200);
    expect(scale.folds).to.deep.equal([]);
    expect(scale.x(2500)).to.be.closeTo(100, 0.001);
  });

  it('tells queueing from connecting from working', () => {
    const scale = scaleOf([[0, 100]], 0, 100, 100);
    const bars = barsOf(
      [{ attempt: 1, agent: 'a', ready: 0, scheduled: 20, started: 30, ended: 90, status: 'completed' }],
      scale,
      100,
    );
    expect(bars.map(({ part, from, to }) => [part, Math.round(from), Math.round(to)])).to.deep.equal([
      ['queue', 0, 20],
      ['connect', 20, 30],
      ['work', 30, 90],
    ]);
    const open = barsOf([{ attempt: 1, agent: 'a', ready: 0, scheduled: 20, status: 'scheduled' }], scale, 60);
    expect(open.map(({ part, to }) => [part, to])).to.deep.equal([
      ['queue', 20],
      ['connect', 60],
    ]);
  });

  it('has no more bars than pixels, whatever is in a row, and loses no failure', () => {
    const attempts = Array.from(
      { length: 50_000 },
      (_, at): Attempt => ({ attempt: at, started: at, ended: at + 1, status: at === 31_000 ? 'failed' : 'completed' }),
    );
    const bars = barsOf(attempts, scaleOf([[0, 50_000]], 0, 50_000, 300), 50_000);
    expect(bars.length).to.be.at.most(300);
    expect(bars.reduce((sum, { count }) => sum + count, 0)).to.equal(50_000);
    expect(bars.some(({ status }) => status === 'failed')).to.equal(true);
  });

  it('has a row for a long list, and rows for a short one', () => {
    const one = (ready: number): Attempt[] => [{ attempt: 1, ready, status: 'completed' }];
    const items = (list: string, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`${list}[${at}]`, one(at + 10)]));
    const rows = rowsOf({ ...items('long', 60), ...items('short', 2), a: one(0) });
    expect(rows.map(({ id, tasks }) => [id, tasks])).to.deep.equal([
      ['a', 1],
      ['long', 60],
      ['short[0]', 1],
      ['short[1]', 1],
    ]);
  });

  it('is labelled with round times', () => {
    expect(ticks(10_000, 5)).to.deep.equal([0, 2000, 4000, 6000, 8000, 10_000]);
    expect(ticks(1e12, 6).length).to.be.at.most(7);
    expect(ticks(0, 6)).to.deep.equal([0]);
  });
});

describe('the address of what is shown', () => {
  it('leads back to it', () => {
    const places: Place[] = [
      { view: 'overview' },
      { view: 'runs', query: 'status:failed label.team:"a b"' },
      { view: 'runs', query: 'status:failed', sort: 'duration:desc' },
      { view: 'runs', sort: 'ended' },
      { view: 'run', run: 'r-1.x', at: 17, task: 'book/pay[3]&a=b', tab: 'history' },
      { view: 'dead-letters' },
    ];
    for (const place of places) {
      const [path = '', search = ''] = addressOf(place).split('?');
      expect(placeOf(path, search)).to.deep.equal(place);
    }
  });

  it('that says nothing known is the overview', () => {
    for (const path of ['/', '/nothing', '//evil.example', '/runs/../x', '/javascript:alert(1)'])
      expect(placeOf(path, '?at=-1&at=x').view).to.be.oneOf(['overview', 'runs']);
    for (const sort of ['status', 'ended:asc', '__proto__', 'toString', ':desc', 'started:desc'])
      expect(placeOf('/runs', `?sort=${sort}`), sort).to.deep.equal({ view: 'runs' });
    expect(placeOf('/runs/r1', 'at=1e9')).to.deep.equal({ view: 'run', run: 'r1' });
  });
});

describe('a view that is being built', () => {
  it('is told, and how far it is; one that is new enough is not', () => {
    const name = 'agents';
    expect(behindText({ name, caughtUp: true, behindMs: 90_000 })).to.equal(undefined);
    expect(behindText({ name, caughtUp: false, behindMs: 3000 })).to.equal(undefined);
    expect(behindText({ name, caughtUp: false, behindMs: 3 * 3_600_000 })).to.match(
      /agents is being built.* 3\s?h ago/,
    );
    expect(behindText({ name, caughtUp: false })).to.match(/no event yet/);
    expect(behindText({ name, caughtUp: false, failure: 'it threw' })).to.match(/goes no further: it threw/);
  });
});

describe('the order of runs', () => {
  it('is the greatest first when it is asked for, and turned when it is asked for again', () => {
    expect(nextSort('duration', 'started:desc')).to.equal('duration:desc');
    expect(nextSort('duration', 'duration:desc')).to.equal('duration');
    expect(nextSort('duration', 'duration')).to.equal('duration:desc');
    expect(nextSort('started', 'started:desc')).to.equal('started');
  });
});

describe('a form', () => {
  const fields = fieldsOf({
    properties: {
      approved: { type: 'boolean' },
      sum: { type: 'integer', title: 'Sum' },
      how: { enum: ['cash', 'card'] },
      more: { type: 'object' },
      text: { type: 'string' },
    },
    required: ['approved', 'sum'],
  });

  it('has a field for each member of its schema', () => {
    expect(fields.map(({ name, kind, required }) => [name, kind, required])).to.deep.equal([
      ['approved', 'boolean', true],
      ['sum', 'number', true],
      ['how', 'choice', false],
      ['more', 'json', false],
      ['text', 'text', false],
    ]);
    expect(fieldsOf({}).map(({ kind }) => kind)).to.deep.equal(['json']);
  });

  it('is answered with what was filled in', () => {
    expect(answerOf(fields, { approved: true, sum: '7', how: '', more: '{"a":1}' })).to.deep.equal({
      approved: true,
      sum: 7,
      more: { a: 1 },
    });
    expect(answerOf(fieldsOf({}), { '': '[1]' })).to.deep.equal([1]);
    expect(() => answerOf(fields, { sum: 'x' })).to.throw('Sum is no number');
    expect(() => answerOf(fields, { sum: '1', more: '{' })).to.throw(SyntaxError, 'more is no JSON');
  });

  it('takes for a number what people write as one, and nothing that JSON cannot say', () => {
    for (const [text, number] of [
      [' 7 ', 7],
      ['-1.5', -1.5],
      ['.5', 0.5],
      ['2e3', 2000],
    ] as const)
      expect(answerOf(fields, { sum: text })).to.deep.equal({ approved: false, sum: number });
    for (const text of ['', ' ', '1e999', 'Infinity', '0x10', '1 2'])
      expect(() => answerOf(fields, { sum: text }), text).to.throw('Sum is no number');
  });

  it('has members with the names of what every object has, empty like others', () => {
    const own = fieldsOf({ properties: { constructor: { type: 'string' }, toString: { type: 'string' } } });
    expect(own.map((field) => heldOf(field, {}))).to.deep.equal(['', '']);
    expect(answerOf(own, {})).to.deep.equal({});
    expect(answerOf(own, { toString: 'a' })).to.deep.equal({ toString: 'a' });
  });

  it('begins with the defaults of its schema', () => {
    const given = fieldsOf({
      properties: {
        fast: { type: 'boolean', default: true },
        sum: { type: 'integer', default: 3 },
        how: { enum: ['cash', 'card'], default: 'card' },
        text: { type: 'string', default: 'a' },
        odd: { type: 'boolean', default: 'yes' },
      },
    });
    expect(answerOf(given, {})).to.deep.equal({ fast: true, sum: 3, how: 'card', text: 'a', odd: false });
    expect(answerOf(given, { fast: false, sum: '', how: '', text: '' })).to.deep.equal({ fast: false, odd: false });
  });
});

describe('texts', () => {
  it('say how long in two units at most', () => {
    expect([340, 1234, 12_340, 64_000, 3_840_000, 90_000_000, -1].map(duration)).to.deep.equal([
      '340ms',
      '1.23s',
      '12.3s',
      '1m 4s',
      '1h 4m',
      '1d 1h',
      '–',
    ]);
    expect([0, 12_000, 7_200_000].map((ms) => ago(1e9 - ms, 1e9))).to.deep.equal(['now', '12s ago', '2h ago']);
  });

  it('show signs that would be obeyed', () => {
    expect(visible('a\u001b[31m\u202eb\n\tc')).to.equal('a\\u001b[31m\\u202eb\n\tc');
    expect(visible('a\u2028b\u061cc')).to.equal('a\\u2028b\\u061cc');
    expect(shortened('\u202eab', 3)).to.equal('\\u202eab');
    expect(shortened(`\u0007${'b'.repeat(2000)}`, 2)).to.equal('\\u0007b… and 1,999 characters more');
  });
});

describe('suggestions for a query', () => {
  const fields = {
    status: { type: 'text', about: 'how it stands', values: ['running', 'paused', 'failed'] },
    started: { type: 'time', about: 'when' },
    label: { type: 'text', about: 'the label', keys: true },
    workflow: { type: 'text', about: 'its workflow' },
  };
  const labels = (text: string, caret = text.length): readonly string[] =>
    suggest(text, caret, fields, { workflow: ['trip', 'report'] }).map(({ label }) => label);

  it('are fields first, and values of a field behind it', () => {
    expect(labels('')).to.deep.equal(['status:', 'started>=', 'label.', 'workflow:']);
    expect(labels('st')).to.deep.equal(['status:', 'started>=']);
    expect(labels('status:')).to.deep.equal(['running', 'paused', 'failed']);
    expect(labels('status:failed,p')).to.deep.equal(['paused']);
    expect(labels('started>=')).to.include('-1h');
    expect(labels('-workflow:t')).to.deep.equal(['trip']);
    expect(labels('label.team:')).to.deep.equal([]);
    expect(labels('constructor:')).to.deep.equal([]);
    expect(labels('status:failed')).to.deep.equal([]);
  });

  it('take the place of the word at the caret, and of nothing else', () => {
    const [first] = suggest('stat duration>1m', 4, fields);
    expect([first?.text, first?.caret]).to.deep.equal(['status: duration>1m', 7]);
    const [value] = suggest('-status:failed,pa workflow:x', 17, fields);
    expect([value?.text, value?.caret]).to.deep.equal(['-status:failed,paused workflow:x', 21]);
  });
});

describe('changes of many runs', () => {
  it('are told before: which fit, and what becomes of the others', () => {
    const runs = ['running', 'completed', 'paused', 'failed', 'completed'].map((status) => ({ status }));
    expect(previewOf('cancel', runs)).to.deep.equal({
      fit: [{ status: 'running' }, { status: 'paused' }],
      left: { completed: 2, failed: 1 },
    });
    expect(fits('retry', 'completed')).to.equal(false);
    expect(fits('resume', 'parked')).to.equal(true);
  });
});

describe('what is written as JSON', () => {
  it('is read, or what is wrong is said by the name of the field', () => {
    expect(parseJson(' {"a":[1]} ', 'The input')).to.deep.equal({ a: [1] });
    expect(parseJson('  ', 'The input')).to.equal(undefined);
    expect(parseJson('null', 'The input')).to.equal(null);
    expect(() => parseJson('{"a":', 'The input')).to.throw(SyntaxError, 'The input is no JSON');
  });
});

describe('plots of views', () => {
  const minute = { type: 'time', path: ['minute'], about: '' } as const;
  const workflow = { type: 'text', path: ['workflow'], about: '' } as const;
  const longest = { type: 'duration', path: ['took', 'maxMs'], about: '' } as const;

  it('are lines over time where rows have a minute, the busiest first, and no point is made up', () => {
    const rows = [
      { workflow: 'a', minute: 120, took: { maxMs: 5 } },
      { workflow: 'b', minute: 60, took: { maxMs: 50 } },
      { workflow: 'a', minute: 60, took: { maxMs: 3 } },
      { workflow: 'a', minute: 180, took: 'odd' },
    ];
    const plot = plotOf({ workflow, minute, longest }, rows, 'longest');
    expect(plot.kind).to.equal('time');
    expect(plot.series).to.deep.equal([
      { name: 'b', points: [{ x: 60, y: 50 }] },
      {
        name: 'a',
        points: [
          { x: 60, y: 3 },
          { x: 120, y: 5 },
        ],
      },
    ]);
  });

  it('are bars elsewhere, the largest first, and say what there is no room for', () => {
    const rows = Array.from({ length: 30 }, (_, index) => ({
      key: `k${index}`,
      workflow: `w${index}`,
      took: { maxMs: index },
    }));
    const plot = plotOf({ workflow, longest }, rows, 'longest');
    expect([plot.kind, plot.labels[0], plot.series[0]?.points[0]?.y, plot.labels.length, plot.left]).to.deep.equal([
      'bars',
      'w29',
      29,
      24,
      6,
    ]);
    expect(plotOf({ workflow }, rows, 'nothing').series).to.deep.equal([]);
  });

  it('tell a share of all by the bucket that it falls into', () => {
    expect(quantile({ 64: 90, 128: 8, 1024: 2 }, 0.5)).to.equal(64);
    expect(quantile({ 64: 90, 128: 8, 1024: 2 }, 0.95)).to.equal(128);
    expect(quantile({ 64: 90, 128: 8, 1024: 2 }, 1)).to.equal(1024);
    expect(quantile({}, 0.5)).to.equal(undefined);
  });
});

describe('the plots of the overview', () => {
  const now = 100 * 60_000 + 5;
  const row = (minute: number, more: Partial<MinuteRow> = {}): MinuteRow => ({
    minute: minute * 60_000,
    failed: 0,
    cancelled: 0,
    took: { maxMs: 0 },
    spread: {},
    ...more,
  });
  const at = ({ series }: { readonly series: readonly { readonly points: readonly LagSample[] }[] }, minute: number) =>
    series.map(({ points }) => points.find(({ x }) => x === minute * 60_000)?.y);

  it('have every minute of the hour, and all workflows of it together', () => {
    const rows = [row(100, { failed: 3 }), row(100, { cancelled: 1 }), row(40, { failed: 50 }), row(41, { failed: 4 })];
    const plot = failuresPlot(rows, now);
    expect(plot.series.map(({ name, points }) => [name, points.length])).to.deep.equal([
      ['failed', 60],
      ['cancelled', 60],
    ]);
    expect([at(plot, 100), at(plot, 41), at(plot, 40), at(plot, 70)]).to.deep.equal([
      [3, 1],
      [4, 0],
      [undefined, undefined],
      [0, 0],
    ]);
  });

  it('tell how long runs took where any ended, and never longer than the slowest', () => {
    const rows = [
      row(90, { spread: { '64': 10, '128': 9 }, took: { maxMs: 100 } }),
      row(90, { spread: { '4096': 1 }, took: { maxMs: 3000 } }),
      row(95, { spread: { '64': 1 }, took: { maxMs: 40 } }),
    ];
    const plot = latencyPlot(rows, now);
    expect(plot.series.map(({ points }) => points.length)).to.deep.equal([2, 2]);
    expect([at(plot, 90), at(plot, 95), at(plot, 91)]).to.deep.equal([
      [64, 128],
      [40, 40],
      [undefined, undefined],
    ]);
    expect(latencyPlot([], now).series.map(({ points }) => points)).to.deep.equal([[], []]);
  });

  it('have a sample of how far views are behind every few seconds, and not of all time', () => {
    const views = [{ caughtUp: true, behindMs: 900 }, { caughtUp: false, behindMs: 70 }, { caughtUp: false }];
    const one = sampled([], 0, views);
    expect(one).to.deep.equal([{ x: 0, y: 70 }]);
    expect(sampled(one, 4999, views)).to.equal(one);
    expect(sampled(one, 5000, [{ caughtUp: true }])).to.deep.equal([...one, { x: 5000, y: 0 }]);
    expect(sampled(one, 9000, [])).to.equal(one);
    let all: readonly LagSample[] = [];
    for (let sample = 0; sample < 800; sample += 1) all = sampled(all, sample * 5000, views);
    expect([all.length, all[0]?.x]).to.deep.equal([720, 80 * 5000]);
    expect(lagPlot(all).series[0]?.points).to.equal(all);
  });
});
