import { readFileSync } from 'node:fs';
import { decodeEvent, EVENT_VERSIONS, hashDefinition, isTerminal, Replay, type RunEvent } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Golden, type GoldenEvent, goldenNames, goldenPath, readGolden, summarise } from './golden/golden-file.ts';
import { SCENARIOS } from './golden/scenarios.ts';

const goldens = goldenNames().map(readGolden);

const replayed = (events: readonly GoldenEvent[]) => {
  const replay = new Replay();
  for (const event of events) replay.fold(decodeEvent(event));
  return replay.result();
};

/** What the present code makes of a golden history, where it differs from what was recorded. */
function differences({ header, events }: Golden): readonly string[] {
  const { state, matches } = replayed(events);
  const now = summarise(state);
  const found = (Object.keys(now) as (keyof typeof now)[]).filter(
    (key) => JSON.stringify(now[key]) !== JSON.stringify(header.expected[key]),
  );
  return matches === true ? found : ['the digest in the terminal event', ...found];
}

describe('golden histories', () => {
  for (const golden of goldens) {
    const { name, header, events } = golden;
    describe(`${name}: ${header.about}`, () => {
      it('is whole', () => {
        expect(events.map(({ revision }) => revision)).to.deep.equal(events.map((_event, index) => index));
        expect(events).to.have.length(header.events);
        const [first] = events;
        expect(first?.type).to.equal('RunStarted');
        expect(events.filter(({ data }) => 'stateDigest' in data)).to.deep.equal(events.slice(-1));
        expect(readFileSync(goldenPath(name), 'utf8')).to.not.contain('"kind":"function"');
      });

      it('replays to the recorded state', () => {
        const { state } = replayed(events);
        expect(summarise(state)).to.deep.equal(header.expected);
        expect(differences(golden)).to.deep.equal([]);
        expect(isTerminal(state.status)).to.equal(true);
      });

      it('has the definition that it was recorded with', () => {
        const { state } = replayed(events.slice(0, 1));
        expect(hashDefinition(state.definition)).to.equal(state.definitionHash);
      });
    });
  }

  it('have every type of event between them, in its present version or an older one', () => {
    const found = new Set(goldens.flatMap(({ events }) => events.map(({ type }) => type)));
    expect([...found].sort()).to.deep.equal(Object.keys(EVENT_VERSIONS).sort());
  });

  it('have every kind of each event that has kinds', () => {
    const events: readonly RunEvent[] = goldens.flatMap((golden) => golden.events.map((event) => decodeEvent(event)));
    const kinds = new Set(
      events.flatMap((event) => {
        if (event.type === 'TaskCompleted') return [`via ${event.via}`];
        if (event.type === 'TaskReady' || event.type === 'TaskSkipped') return [`${event.type} ${event.reason}`];
        if (event.type === 'TaskFellBack') return [`to ${event.to.kind}`];
        if (event.type === 'TaskClosing' || event.type === 'TasksReset') return [`${event.type} ${event.why}`];
        if (event.type === 'DecisionMade') return [`decides ${event.kind}`];
        if (event.type === 'TaskCancelled') return [`${event.type} ${event.reason}`];
        if (event.type === 'CompensationBegan') return [`undoes ${event.outcome}`];
        if (event.type === 'TaskEntered')
          return ['until', 'signal', 'mailbox', 'sent', 'form', 'child'].filter((kind) => kind in event);
        if (event.type === 'TaskAttemptFailed') return [event.lost ? 'lost' : event.retryAt ? 'retried' : 'given up'];
        return [];
      }),
    );
    expect([...kinds].sort()).to.deep.equal([
      'TaskCancelled cancel',
      'TaskCancelled closed',
      'TaskCancelled goto',
      'TaskCancelled join',
      'TaskCancelled list',
      'TaskCancelled team',
      'TaskCancelled while',
      'TaskClosing cancel',
      'TaskClosing end',
      'TaskClosing failure',
      'TaskClosing join',
      'TaskClosing limit',
      'TaskClosing list',
      'TaskClosing override',
      'TaskClosing skip',
      'TaskReady budget',
      'TaskReady condition',
      'TaskReady join',
      'TaskReady manual',
      'TaskReady mutex',
      'TaskReady retry',
      'TaskSkipped case',
      'TaskSkipped condition',
      'TaskSkipped dependencies',
      'TaskSkipped manual',
      'TasksReset catch',
      'TasksReset fork',
      'TasksReset goto',
      'TasksReset loop',
      'TasksReset repeat',
      'child',
      'decides accept',
      'decides add',
      'decides announce',
      'decides ask',
      'decides assign',
      'decides award',
      'decides drop',
      'decides finish',
      'decides giveUp',
      'decides handOver',
      'decides note',
      'decides reject',
      'form',
      'given up',
      'lost',
      'mailbox',
      'retried',
      'sent',
      'signal',
      'to agent',
      'to task',
      'undoes completed',
      'undoes unknown',
      'until',
      'via agent',
      'via cancel',
      'via child',
      'via default',
      'via end',
      'via fallback-task',
      'via fallback-value',
      'via form',
      'via items',
      'via last-round',
      'via message',
      'via override',
      'via scope',
      'via send',
      'via signal',
      'via switch',
      'via timer',
      'via value',
    ]);
  });

  it('are all there: none of the scenarios lacks its file', () => {
    expect(goldenNames()).to.include.members(Object.keys(SCENARIOS));
  });

  it('are told when an event is changed, left out, or comes twice', () => {
    const golden = readGolden('retried');
    const { events } = golden;
    const changed = (at: number, ...instead: readonly GoldenEvent[]): Golden => ({
      ...golden,
      events: events.toSpliced(at, 1, ...instead),
    });
    const scheduled = events[4] as GoldenEvent;
    expect(differences(golden)).to.deep.equal([]);
    expect(differences(changed(4, { ...scheduled, time: scheduled.time + 1 }))).to.include('digest');
    expect(differences(changed(4, { ...scheduled, data: { ...scheduled.data, attempt: 2 } }))).to.include('tasks');
    expect(differences(changed(3))).to.include('the digest in the terminal event');
    expect(() => differences(changed(4, { ...scheduled, metadata: { schemaVersion: 99 } }))).to.throw(/version 99/);
  });
});
