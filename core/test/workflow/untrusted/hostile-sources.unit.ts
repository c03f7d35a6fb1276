import { encodeEvent, type Json, UntrustedHistory, uuidv5 } from '@reprise/core';
import { TEST_RUN_ID } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { run } from '../language/yaml-run.ts';

// A reference to what is not there, or was not yet, is refused.

interface Loose {
  readonly type: string;
  readonly data: Record<string, unknown>;
}

const big = (name: string): Json => ({ name, text: name.repeat(300) });

/** A list of the run's input, a repeat, and a task that reads both. */
function history(): readonly Loose[] {
  const r = run(
    `
draft: { agent: a }
check: { agent: a, after: draft, repeat: { from: draft, until: 'output == "good"', max: 3 } }
each: { agent: a, forEach: { items: input.list } }
last: { agent: a, after: [check, each], input: { draft: '\${ outputs.draft }', first: '\${ input.list[0] }' } }`,
    { list: [big('zero'), big('one')] },
  );
  r.run('draft', big('first'));
  r.run('check', 'bad');
  r.run('draft', big('second'));
  r.run('check', 'good');
  for (const id of ['each[0]', 'each[1]', 'last']) r.run(id, 1);
  return JSON.parse(JSON.stringify(r.events.map(encodeEvent))) as Loose[];
}

type Change = (data: Record<string, unknown>) => void;

/** The flaw after the last event of a type about a task was changed. */
function flawOf(type: string, taskId: string, change: Change): string {
  const events = history();
  const index = events.findLastIndex((event) => event.type === type && event.data['taskId'] === taskId);
  change((events[index] as Loose).data);
  const untrusted = new UntrustedHistory(TEST_RUN_ID);
  for (const [revision, event] of events.entries()) {
    const id = uuidv5('hostile', String(revision));
    const metadata = { causationId: 'c', correlationId: TEST_RUN_ID, schemaVersion: 1 };
    const flaw = untrusted.add({ ...event, revision, id, metadata });
    if (flaw !== undefined) return `${revision === index ? '' : `${event.type} `}${flaw.field}: ${flaw.problem}`;
  }
  return 'taken';
}

const revisionOf = (type: string, taskId: string, last = true): number => {
  const fits = (event: Loose): boolean => event.type === type && event.data['taskId'] === taskId;
  return last ? history().findLastIndex(fits) : history().findIndex(fits);
};

const source =
  (value: unknown): Change =>
  (data) => {
    data['source'] = value;
  };

describe('a reference from outside', () => {
  it('is taken when it is right', () => {
    expect(flawOf('TaskScheduled', 'last', () => undefined)).to.equal('taken');
  });

  const first = { revision: 0, of: 'input', task: '', path: ['list', 0] };
  const cases: readonly (readonly [string, string, string, Change, string])[] = [
    [
      'of the round before',
      'TaskScheduled',
      'check',
      source({ revision: revisionOf('TaskCompleted', 'draft', false), of: 'output', task: 'draft' }),
      "data.source: is the output of 'draft' at revision",
    ],
    [
      'to the future',
      'TaskScheduled',
      'draft',
      source({ revision: revisionOf('TaskCompleted', 'draft'), of: 'output', task: 'draft' }),
      "data.source: is the output of 'draft' at revision",
    ],
    [
      'to a task that has not ended',
      'TaskScheduled',
      'each[0]',
      source({ revision: 1, of: 'output', task: 'last' }),
      'data.source: is the output',
    ],
    [
      'to a task that is not there',
      'TaskScheduled',
      'check',
      source({ revision: 1, of: 'input', task: 'nobody' }),
      'data.source: is',
    ],
    [
      'to what the run was not handed at',
      'TaskScheduled',
      'each[0]',
      source({ ...first, revision: 1 }),
      'data.source: is a place',
    ],
    [
      'to an output of the run',
      'TaskScheduled',
      'each[0]',
      source({ ...first, of: 'output' }),
      'data.source: is a place',
    ],
    [
      'to a place that is not there',
      'TaskScheduled',
      'each[0]',
      source({ ...first, path: ['list', 2] }),
      'data.source: is a place (["list",2])',
    ],
    [
      'into what an object inherits',
      'TaskScheduled',
      'each[0]',
      source({ ...first, path: ['constructor'] }),
      'data.source: is a place',
    ],
    [
      'to what it undoes, of a task that undoes nothing',
      'TaskScheduled',
      'each[0]',
      source({ revision: 3, of: 'undone', task: 'each[0]' }),
      'data.source: is the undone',
    ],
    [
      'in a part',
      'TaskScheduled',
      'last',
      source({ fields: { a: { value: 1 }, b: { list: [first, { ...first, path: ['x'] }] } } }),
      'data.source.fields.b.list[1]: is a place',
    ],
    [
      'beside a value',
      'TaskScheduled',
      'last',
      (data) => Object.assign(data, { input: 1 }),
      'data.source: cannot stand beside an input',
    ],
    ['of no form', 'TaskScheduled', 'last', source({ of: 'input' }), 'data.source.revision: is missing'],
    ['of two forms', 'TaskScheduled', 'last', source({ ...first, value: 1 }), 'data.source.revision: is not a field'],
    [
      'with a path that is none',
      'TaskScheduled',
      'last',
      source({ ...first, path: [-1] }),
      'data.source.path[0]: must be a whole number',
    ],
    [
      'to another value than that of the digest',
      'TaskScheduled',
      'each[0]',
      source({ ...first, path: ['list', 1] }),
      'RunCompleted data.stateDigest: is not the digest',
    ],
    [
      'to what is no list',
      'TaskExpanded',
      'each',
      source({ revision: 0, of: 'input', task: '' }),
      'data.source: is no list',
    ],
    [
      'to a list of another length',
      'TaskExpanded',
      'each',
      (data) => Object.assign(data, { total: 3 }),
      'data.total: is 3, and the list has 2 items',
    ],
    ['to a part of a list', 'TaskExpanded', 'each', (data) => Object.assign(data, { from: 1 }), 'data.from: is 1'],
    [
      'beside items',
      'TaskExpanded',
      'each',
      (data) => Object.assign(data, { items: [1, 2] }),
      'data.source: cannot stand beside items',
    ],
    ['that is missing', 'TaskExpanded', 'each', (data) => delete data['source'], 'data.items: is missing'],
    [
      'to more than may be built of references',
      'TaskScheduled',
      'last',
      source({ list: Array.from({ length: 20_000 }, () => first) }),
      'data.source: gives more than 16777216 characters',
    ],
  ];
  for (const [what, type, taskId, change, problem] of cases) {
    it(`is refused: ${what}`, () => {
      expect(flawOf(type, taskId, change)).to.include(problem);
    });
  }
});
