import { type MessageProtocol, messageConformance, messageVectors, type Talk } from '@reprise/conformance';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ourMessages } from './our-messages.ts';

messageConformance('core', { create: ourMessages });

const changedTalk = (change: (talk: Talk) => Partial<Talk>): MessageProtocol => {
  const ours = ourMessages();
  return {
    ...ours,
    open: async (setup) => {
      const talk = await ours.open(setup);
      const same: Talk = {
        send: (...given) => talk.send(...given),
        take: (...given) => talk.take(...given),
        ack: (...given) => talk.ack(...given),
        nack: (...given) => talk.nack(...given),
        end: (...given) => talk.end(...given),
        pass: (...given) => talk.pass(...given),
        stage: (...given) => talk.stage(...given),
      };
      return { ...same, ...change(talk) };
    },
  };
};

/** Each does one thing wrong. */
const FAULTS: Readonly<Record<string, () => MessageProtocol>> = {
  'takes messages whose version it does not know': () => ({
    ...ourMessages(),
    read: (text) => ourMessages().read(text.replace(/(urn:reprise:[a-z-]+):\d+/, '$1:1')),
  }),
  'keeps attributes that it does not know': () => ({
    ...ourMessages(),
    read: async (text) => {
      const came = await ourMessages().read(text);
      return 'code' in came ? came : { message: JSON.parse(text) };
    },
  }),
  'calls what was refused failed': () => ({
    ...ourMessages(),
    toA2A: (stage, type) => (stage === 'refused' ? 'FAILED' : ourMessages().toA2A(stage, type)),
  }),
  'says whatever a participant wants to say': () => ({
    ...ourMessages(),
    fromA2A: (state, stage) => (state === 'WORKING' ? 'agree' : ourMessages().fromA2A(state, stage)),
  }),
  'acknowledges nothing': () => changedTalk(() => ({ ack: () => undefined })),
  'knows no reason to give back for good': () =>
    changedTalk((talk) => ({ nack: (by, id, { requeue: _, ...how }) => talk.nack(by, id, how) })),
  'gives back at once, whatever it was told': () =>
    changedTalk((talk) => ({ nack: (by, id, how) => talk.nack(by, id, { ...how, delayMs: 0 }) })),
  'takes a lost worker for a failure': () =>
    changedTalk((talk) => ({ end: (by, how) => talk.end(by, how === 'lost' ? 'failed' : how) })),
  'filters nothing': () =>
    changedTalk((talk) => ({ take: (by, { mailbox }) => talk.take(by, mailbox === undefined ? {} : { mailbox }) })),
  'says everything anew': () =>
    changedTalk((talk) => ({
      send: (by, text) => talk.send(by, text.replace(/"key":"[^"]*",?/, '').replace(/,}$/, '}')),
    })),
  'has time stand still': () => changedTalk(() => ({ pass: () => undefined })),
};

describe('the vectors of messages', () => {
  const all = messageVectors.read().flatMap(({ vectors }) => vectors);

  for (const [fault, make] of Object.entries(FAULTS))
    it(`find an implementation that ${fault}`, async () => {
      const problems = await Promise.all(all.map(async (vector) => messageVectors.problemOf(make(), vector)));
      expect(problems.filter((problem) => problem !== undefined)).to.not.deep.equal([]);
    });

  it('have names of their own, and expect of both kinds', () => {
    for (const { file, vectors } of messageVectors.read()) {
      const names = vectors.map(({ name }) => name);
      expect(new Set(names).size, file).to.equal(names.length);
      if (file === 'a2a.json') continue;
      const refused = vectors.filter((vector) => JSON.stringify(vector).includes('"code":"REPRISE_'));
      expect(refused, file).to.have.lengthOf.within(1, vectors.length - 1);
    }
  });
});
