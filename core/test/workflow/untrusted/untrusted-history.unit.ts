import { decodeEvent, EVENT_VERSIONS, type Json, type JsonObject, Replay, UntrustedHistory } from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { goldenNames, readGolden } from '../../../../test/simulation/golden/golden-file.ts';
import { type Mutable, mutations } from '../../../../test/simulation/support/mutations.ts';

interface Loose {
  revision: number;
  id: string;
  type: string;
  time: number;
  data: Mutable;
  metadata: Mutable;
}

const goldens = goldenNames().map(readGolden);
const copyOf = (name: string): Loose[] => structuredClone(readGolden(name).events) as unknown as Loose[];
const runIdOf = (name: string): string => readGolden(name).header.runId;

/** The first flaw of a history, with the revision at which it was found. */
function flawOf(events: readonly unknown[], runId: string): string | undefined {
  const history = new UntrustedHistory(runId);
  for (const [index, event] of events.entries()) {
    const flaw = history.add(event);
    if (flaw !== undefined) return `${index} ${flaw.field}: ${flaw.problem}`;
  }
  const flaw = history.end();
  return flaw === undefined ? undefined : `end ${flaw.field}: ${flaw.problem}`;
}

/** The first event of a type in a golden history, changed. */
function changed(name: string, type: string, change: (event: Loose) => void): string | undefined {
  const events = copyOf(name);
  const event = events.find((one) => one.type === type);
  if (event === undefined) throw new Error(`${name} has no ${type}`);
  change(event);
  return flawOf(events, runIdOf(name));
}

const goldenWith = (type: string): string =>
  goldens.find(({ events }) => events.some((event) => event.type === type))?.name ?? `none with ${type}`;

describe('a history from outside', () => {
  for (const { name, events, header } of goldens) {
    it(`is taken when it is what a build recorded: ${name}`, () => {
      expect(flawOf(events, header.runId)).to.equal(undefined);
    });
  }

  it('may be that of a run that is open', () => {
    for (const { events, header } of goldens) expect(flawOf(events.slice(0, -1), header.runId)).to.equal(undefined);
  });

  it('is refused with the field and the reason', () => {
    const expanded = goldenWith('TaskExpanded');
    for (const [name, type, change, said] of [
      [expanded, 'TaskExpanded', (event: Loose) => (event.data['total'] = 9), /data\.total: only \d+ of 9 items/],
      [
        expanded,
        'TaskExpanded',
        (event: Loose) => (event.data['total'] = 1e9),
        /data\.total: is 1000000000: a run from outside may have/,
      ],
      [
        expanded,
        'TaskExpanded',
        (event: Loose) => (event.data['total'] = 0),
        /data\.total: is 0, but \d+ items are there/,
      ],
      [expanded, 'TaskExpanded', (event: Loose) => (event.data['from'] = 1), /data\.from: is 1 where 0 must be/],
      [
        'failed',
        'TaskScheduled',
        (event: Loose) => (event.time = 9e15),
        /time: must be a time .* not 9000000000000000/,
      ],
      ['failed', 'TaskScheduled', (event: Loose) => (event.time = -1), /time: must be a time/],
      [
        'failed',
        'TaskScheduled',
        (event: Loose) => (event.data['attempt'] = 7),
        /data\.attempt: is 7; the next one of 'first' is 1/,
      ],
      [
        'failed',
        'TaskScheduled',
        (event: Loose) => (event.data['taskId'] = 'nobody'),
        /data\.taskId: is 'nobody', which the run does not have/,
      ],
      [
        'failed',
        'TaskScheduled',
        (event: Loose) => (event.data['agent'] = 'a\u202e'),
        /data\.agent: must be the name of an agent/,
      ],
      ['failed', 'TaskScheduled', (event: Loose) => (event.data['urgent'] = true), /data\.urgent: is not a field/],
      [
        'failed',
        'TaskScheduled',
        (event: Loose) => (event.metadata['schemaVersion'] = 2),
        /type: cannot be read: .*version 2/,
      ],
      [
        'failed',
        'TaskScheduled',
        (event: Loose) => (event.metadata['causationId'] = ''),
        /metadata\.causationId: must have 1 to/,
      ],
      [
        'failed',
        'TaskScheduled',
        (event: Loose) => (event.metadata['sender'] = { worker: 'w', verified: 'yes' }),
        /metadata\.sender\.verified: must be/,
      ],
      ['failed', 'TaskScheduled', (event: Loose) => (event.id = 'x'), /id: must be a UUID/],
      [
        'failed',
        'TaskScheduled',
        (event: Loose) => (event.type = 'TaskShouted'),
        /type: cannot be read: .*TaskShouted/,
      ],
      [
        'failed',
        'TaskAttemptFailed',
        (event: Loose) => (event.data['retryAt'] = 9e15),
        /data\.retryAt: must be a time/,
      ],
      [
        'failed',
        'TaskAttemptFailed',
        (event: Loose) => (event.data['error'] = null),
        /data\.error: must be an object, not null/,
      ],
      [
        'failed',
        'RunStarted',
        (event: Loose) => (event.data['definition'] = null),
        /data\.definition: must be an object, not null/,
      ],
      [
        'failed',
        'RunStarted',
        (event: Loose) => (event.data['runId'] = 'other'),
        /data\.runId: is 'other', but the header says/,
      ],
      ['failed', 'RunStarted', (event: Loose) => (event.data['rules'] = 99), /data\.rules: must be 1 or 2/],
      [
        'failed',
        'RunFailed',
        (event: Loose) => (event.data['stateDigest'] = '0'.repeat(64)),
        /data\.stateDigest: is not the digest/,
      ],
      [
        'failed',
        'RunFailed',
        (event: Loose) => (event.data['taskId'] = 'first'),
        /data\.taskId: is 'first', which has not failed/,
      ],
    ] as const) {
      expect(changed(name, type, change), `${type} ${String(said)}`).to.match(said);
    }
  });

  it('is refused when its definition is not the one that has the hash, or is none', () => {
    const definition = (event: Loose): Mutable => event.data['definition'] as Mutable;
    const tasks = (event: Loose): Mutable[] => definition(event)['tasks'] as Mutable[];
    expect(changed('failed', 'RunStarted', (event) => (definition(event)['concurrency'] = 1000))).to.match(
      /data\.definitionHash: is \w+…, but the definition beside it has the hash/,
    );
    expect(changed('failed', 'RunStarted', (event) => tasks(event).push({ ...tasks(event)[0] }))).to.match(
      /data\.definition: is not valid: .*another task/,
    );
    expect(changed('failed', 'RunStarted', (event) => delete tasks(event)[0]?.['retry'])).to.equal(
      '0 data.definition.tasks[0].retry: is missing',
    );
    expect(changed('failed', 'RunStarted', (event) => (definition(event)['tasks'] = { 0: 1 }))).to.match(
      /data\.definition\.tasks: must be a list/,
    );
  });

  it('is refused when its definition would take too long to check', () => {
    const said = changed('failed', 'RunStarted', (event) => {
      const tasks = event.data['definition'] as Mutable;
      const [first] = tasks['tasks'] as Mutable[];
      const when = { kind: 'cel', source: 'outputs.t0 == 1' };
      tasks['tasks'] = Array.from({ length: 8000 }, (_, index) =>
        index === 0 ? { ...first, id: 't0' } : { ...first, id: `t${index}`, after: [`t${index - 1}`], when },
      );
    });
    expect(said).to.match(/data\.definition: has more tasks and expressions than can be checked/);
  });

  it('is refused when events do not follow from each other', () => {
    const events = copyOf('failed');
    const runId = runIdOf('failed');
    const renumbered = (list: readonly Loose[]): Loose[] => list.map((event, revision) => ({ ...event, revision }));
    const fresh = (event: Loose | undefined): Loose => ({
      ...(event as Loose),
      id: '00000000-0000-4000-8000-000000000000',
    });
    expect(flawOf(events.toSpliced(2, 1), runId)).to.match(/revision: is 3 where 2 must be/);
    expect(flawOf(renumbered(events.toSpliced(1, 1)), runId)).to.match(/type: cannot come: 'first' is ready/);
    expect(flawOf(renumbered([...events, fresh(events[1])]), runId)).to.match(/it follows the end of the run/);
    expect(flawOf(renumbered(events.toSpliced(1, 0, fresh(events[0]))), runId)).to.match(/type: cannot come again/);
    expect(flawOf(renumbered(events.toSpliced(2, 0, events[1] as Loose)), runId)).to.match(
      /id: is .* which an event before/,
    );
    expect(flawOf(renumbered(events.slice(1)), runId)).to.match(/the first event must be RunStarted/);
    expect(flawOf([], runId)).to.match(/there is no event/);
    const completed = fresh({
      ...(events.at(-1) as Loose),
      type: 'RunCompleted',
      data: { stateDigest: '0'.repeat(64) },
    });
    expect(flawOf(renumbered([...events.slice(0, 3), completed]), runId)).to.match(
      /cannot come: \d tasks have not ended/,
    );
  });

  it('has a rule for every type of event: one field too many is refused in each', () => {
    for (const type of Object.keys(EVENT_VERSIONS)) {
      const said = changed(goldenWith(type), type, (event) => (event.data['more'] = 1));
      expect(said, type).to.match(/data\.more: is not a field that this build knows/);
    }
  });

  it('is refused for anything else that it may hold, and never by a throw', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('id', 'type', 'time', 'data', 'metadata'), (value, key) => {
        // That the run began at another time is as good a story.
        fc.pre(key !== 'time' || typeof value !== 'number');
        const event = { ...copyOf('failed')[0], [key]: value };
        expect(flawOf([event], runIdOf('failed'))).to.be.a('string');
        expect(flawOf([value], runIdOf('failed'))).to.be.a('string');
      }),
    );
  });

  it('is refused, or can be replayed, whatever is changed in it', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.constantFrom(...goldens), mutations, ({ events, header }, mutate) => {
        const mutated = mutate(structuredClone(events) as unknown as Json[]);
        if (flawOf(mutated, header.runId) !== undefined) return;
        taken += 1;
        const replay = new Replay();
        for (const event of mutated)
          replay.fold(decodeEvent(event as unknown as Parameters<typeof decodeEvent>[0] & JsonObject));
        expect(replay.result().matches).to.not.equal(false);
      }),
      { numRuns: 2000 },
    );
    expect(taken, 'some mutations do no harm').to.be.greaterThan(10);
  });
});
