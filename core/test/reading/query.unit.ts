import { readFileSync } from 'node:fs';
import { type JsonObject, matches, parseQuery, printQuery, RUN_FIELDS, withoutMailboxes } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const NOW = Date.parse('2026-11-27T12:00:00Z');
const parse = (text: string) => parseQuery(text, { now: NOW });

const refusal = (text: string): { message: string; at: number; length: number } => {
  try {
    parse(text);
  } catch (error) {
    const { code, message, details } = error as {
      code: string;
      message: string;
      details: { at: number; length: number };
    };
    expect(code).to.equal('REPRISE_QUERY_INVALID');
    return { message, at: details.at, length: details.length };
  }
  throw new Error(`${text} was read`);
};

const ROW: JsonObject = {
  id: 'order-7',
  workflow: 'order',
  version: '2',
  status: 'failed',
  labels: { team: 'eu', 'a.b': 'c d', constructor: 'x' },
  root: 'order-7',
  started: Date.parse('2026-11-27T10:30:00Z'),
  updated: Date.parse('2026-11-27T10:40:00Z'),
  ended: Date.parse('2026-11-27T10:40:00Z'),
  duration: 600_000,
  events: 12,
  error: 'CARD',
  message: 'The Card was DECLINED, "again"',
};
const fits = (text: string): boolean => matches(parse(text), ROW);

describe('a query', () => {
  it('without terms fits every row', () => {
    expect(parse(' \n ')).to.deep.equal({ terms: [] });
    expect(fits('')).to.equal(true);
  });

  it('is read to data', () => {
    expect(parse('status:failed,parked -label.team=eu started>=-2h "card declined"').terms).to.deep.equal([
      {
        field: 'status',
        type: 'text',
        path: ['status'],
        operator: ':',
        values: [{ equals: 'failed' }, { equals: 'parked' }],
      },
      {
        field: 'label.team',
        type: 'text',
        path: ['labels', 'team'],
        operator: '=',
        values: [{ equals: 'eu' }],
        not: true,
      },
      { field: 'started', type: 'time', path: ['started'], operator: '>=', values: [{ equals: NOW - 7_200_000 }] },
      { text: 'card declined' },
    ]);
  });

  const HOLD = [
    'status:failed,parked',
    'status:fail*',
    'workflow:order label.team:eu started>=2026-11-01 duration>5m -tenant:acme "card was declined"',
    'label.a.b:"c d"',
    'label.constructor:x',
    'id:order-*',
    'error:*',
    '-tenant:*',
    'tenant!=acme',
    '-tenant=acme',
    'started:2026-11-27',
    'started:2026-11-26,2026-11-27',
    'started>2026-11-27',
    'started<2026-11-28',
    'started=2026-11-27T10:30',
    'started:2026-11-27T11:30:00.000+01:00',
    'started>=-1h30m',
    'ended<now',
    'duration=10m',
    'duration>=600s duration<=10m',
    'events:12,13 events!=13 events>11.5 events<1.3e1',
    'DECLINED eu card',
    '"\\"again\\""',
    'c -zzz -"failed "',
    'version:2',
    'tenant:""',
    'tenant:acme,""',
    'tenant=""',
    'label.team!=""',
    'workflow!=order,x',
    'declined order or -"NOT" -"(x"',
  ];
  for (const text of HOLD) it(`holds: ${text}`, () => expect(fits(text)).to.equal(true));

  const DO_NOT = [
    'status:parked',
    'status!=failed',
    'workflow:Order',
    'workflow=order*',
    'workflow:orde',
    'label.team:us',
    'label.toString:*',
    'tenant:*',
    'tenant!=""',
    '-tenant:""',
    'workflow:""',
    'label.team=eu,us',
    '"NOT"',
    '"(card"',
    'started:2026-11-28',
    'started=2026-11-27',
    'started>-1h',
    'ended>now',
    'duration>10m',
    'events<12',
    '-order',
    'tenant',
    '600000',
  ];
  for (const text of DO_NOT) it(`does not hold: ${text}`, () => expect(fits(text)).to.equal(false));

  const REFUSED: readonly (readonly [string, number, number, RegExp])[] = [
    ['staus:failed', 0, 5, /no field 'staus'; did you mean 'status'\?.*There are id, workflow.*label\.KEY/],
    ['a -b http://x', 5, 4, /no field 'http'.*quotes/],
    ['status:faild', 7, 5, /never 'faild'; did you mean 'failed'\?.*forking, running/],
    ['status:x*', 7, 2, /never/],
    ['label:eu', 0, 5, /a key follows its dot/],
    ['label.:eu', 0, 6, /a key follows its dot/],
    ['id>x', 2, 1, /'>' compares times, durations and numbers; 'id' is text/],
    ['events:many', 7, 4, /no number/],
    ['events:1*', 7, 2, /'\*'.*for text; 'events' is a number/],
    ['status:fail', 7, 4, /never 'fail'(; did you mean '\w+'\?|\.) It is one of/],
    ['status:failed OR status:parked', 14, 2, /'OR' is no part.*field:a,b.*quotes/],
    ['a AND b', 2, 3, /'AND' is no part/],
    ['NOT a', 0, 3, /'NOT' is no part.*- before/],
    ['-(a b)', 1, 2, /'\(a' is no part/],
    ['(status:failed)', 0, 15, /is no part/],
    ['events>*', 7, 1, /no number/],
    ['events>1,2', 8, 1, /only ':' takes several/],
    ['duration>5', 9, 1, /no duration.*5m/],
    ['started:yesterday', 8, 9, /no time.*-2h/],
    ['started:2026-11-31', 8, 10, /no time/],
    ['started:2026-11-31T10:00', 8, 16, /no time/],
    ['started>-999999999d', 8, 11, /no time/],
    ['id:', 3, 0, /value of 'id' is missing/],
    ['id:a,', 5, 0, /missing/],
    ['id:a,,b', 5, 0, /missing/],
    ['-', 1, 0, /something to look for is missing/],
    ['""', 0, 2, /something to look for is missing/],
    ['x "ab', 2, 1, /do not end/],
    ['"a"b', 3, 1, /space is missing before "b"/],
    ['id:a"b"', 4, 1, /space is missing/],
    ['a\ud800', 1, 1, /half a character/],
    ['x'.repeat(10_001), 10_000, 1, /10001 characters/],
  ];
  for (const [text, at, length, why] of REFUSED) {
    it(`is refused: ${text.slice(0, 30)}`, () => {
      const refused = refusal(text);
      expect(refused).to.deep.include({ at, length });
      expect(refused.message.split('\n')[0])
        .to.match(why)
        .and.to.contain(`at character ${at + 1}:`);
    });
  }

  it('is refused with the place marked below it', () => {
    const lines = refusal('workflow:a\tstaus:failed').message.split('\n');
    expect(lines.slice(1)).to.deep.equal([
      '  workflow:a\\u0009staus:failed'.replace('\\u0009', ' '),
      `  ${' '.repeat(11)}^^^^^`,
    ]);
  });

  it('has the fields that its page lists', () => {
    const page = readFileSync(new URL('../../../docs/reference/queries.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z]+(?:\.KEY)?)` \| (text|time|duration|number) \| (.+) \|$/gm)];
    const listed = rows.map(([, name, type, about]) => [name, type, about]);
    const there = Object.entries(RUN_FIELDS).map(([name, { type, keys, about, values }]) => [
      keys === true ? `${name}.KEY` : name,
      type,
      values === undefined ? about : `${about}: ${values.map((value) => `\`${value}\``).join(', ')}`,
    ]);
    expect(listed).to.deep.equal(there);
  });

  it('is printed in the shortest form that says the same', () => {
    const text =
      'status:failed,"a b"* -x "y z" started:2026-11-01 started>now duration>90s duration=0ms events<=5 id="a*" tenant:*';
    expect(
      printQuery(
        parseQuery(text, {
          now: NOW,
          fields: { ...RUN_FIELDS, status: { type: 'text', path: ['status'], about: '' } },
        }),
      ),
    ).to.equal(
      'status:failed,"a b"* -x "y z" started:2026-11-01 started>2026-11-27T12:00:00.000Z duration>90s duration=0ms events<=5 id="a*" tenant:*',
    );
  });
});

describe('a query without mailboxes', () => {
  const MAILBOX: JsonObject = { ...ROW, id: 'm-1', workflow: 'reprise.mailbox', labels: { mailbox: 'desk' } };
  const leaves = (text: string): boolean =>
    matches(parse(text), MAILBOX) && !matches(withoutMailboxes(parse(text)), MAILBOX);

  it('leaves them out, unless it names them', () => {
    for (const text of ['', 'status:failed', 'id:*', 'id:m*', '-workflow:order', 'workflow!=order', 'label.mailbox!=x'])
      expect(leaves(text), text).to.equal(true);
    for (const text of ['workflow:reprise.mailbox', 'workflow:reprise*', 'id:m-1', 'id:m-1,m-2', 'label.mailbox:desk'])
      expect(matches(withoutMailboxes(parse(text)), MAILBOX), text).to.equal(true);
  });

  it('has all other runs as before', () => {
    for (const text of ['', 'status:failed', 'workflow:order', 'label.team:eu'])
      expect(matches(withoutMailboxes(parse(text)), ROW), text).to.equal(true);
  });
});
