import { defineAgent, type Isolation, isolatedAgent, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventsOf, only, orchestrators } from '../support.ts';
import type { director } from './agents.ts';
import { AGENTS, ISOLATIONS, TALKING } from './support.ts';
import * as talking from './talking-agents.ts';

const shout = defineAgent({ name: 'shout', handle: ({ input }: { input: unknown }) => String(input).toUpperCase() });

const isolated = (isolation: Isolation) => {
  const source = { module: TALKING, isolation };
  return {
    asks: isolatedAgent<typeof talking.asks>({ ...source, name: 'asks', export: 'asks' }),
    critic: isolatedAgent<typeof talking.critic>({ ...source, name: 'critic', export: 'critic' }),
    subscriber: isolatedAgent<typeof talking.subscriber>({ ...source, name: 'subscriber', export: 'subscriber' }),
  };
};

const conversation = ({ asks, critic, subscriber }: Pick<typeof talking, 'asks' | 'critic' | 'subscriber'>) =>
  workflow<null>('talk', { topics: { news: {} } })
    .task('listen', subscriber, { may: 'send' })
    .sleep('while', '300ms')
    .task('asker', asks, { may: 'send', after: 'while' })
    .task('critic', critic)
    .build();

describe('what isolated agents say to their run', () => {
  const { start } = orchestrators();

  for (const isolation of [undefined, ...ISOLATIONS])
    it(`goes to others and comes from them (${isolation ?? 'not isolated'})`, async () => {
      const definition = conversation(isolation === undefined ? talking : isolated(isolation));
      const reprise = await start({ workflows: [definition] });
      const run = await reprise.startRun(definition, null);
      expect(await run.result()).to.deep.equal({
        listen: { ended: true },
        asker: { answer: { good: true, told: { more: true } }, performative: 'inform' },
        critic: { early: null, done: 'done', again: 2, wrong: 'REPRISE_MESSAGE_NOT_HELD' },
      });
      expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
    });

  for (const isolation of ISOLATIONS)
    it(`changes the run (${isolation})`, async () => {
      const agent = isolatedAgent<typeof director>({ name: 'director', module: AGENTS, export: 'director', isolation });
      const directed = workflow<{ what: string }>('directed')
        .task('direct', agent, { may: ['spawn', 'finish', 'handOff', 'cancel'], retry: 1 })
        .task('other', shout, { input: () => 'other' })
        .task('last', shout, { after: 'direct', input: () => 'last' })
        .build();
      const reprise = await start({ workflows: [directed] });
      const result = async (what: string) => (await (await reprise.startRun(directed, { what })).outcome()) as object;
      const run = await reprise.startRun(directed, { what: 'spawn' });
      await run.result();
      const ends = only(await eventsOf(reprise, run.id), 'TaskCompleted').map(({ taskId, output }) => [taskId, output]);
      expect(ends).to.deep.include.members([
        ['added', 'MORE'],
        ['last', 'LAST'],
      ]);
      expect(await result('finish')).to.deep.equal({ status: 'completed', output: { early: true } });
      const handed = await reprise.startRun(directed, { what: 'handOff' });
      await handed.result();
      const [handOff] = only(await eventsOf(reprise, handed.id), 'TaskHandedOff');
      expect(handOff).to.include({ agent: 'shout', why: 'better' });
      expect(await result('goto')).to.include({ status: 'failed' });
      expect((await reprise.runs.replay(handed.id)).matches).to.equal(true);
    });
});
