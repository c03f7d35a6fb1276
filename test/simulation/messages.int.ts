import { type Json, type RunEvent, type RunEventType, replay, type Workflow, workflow } from '@reprise/core';
import {
  type AgentScript,
  type FaultsOf,
  type ScriptFunction,
  type Simulation,
  simulate,
  type TransportFaults,
  talks,
} from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { checkHistory } from './support/history-checks.ts';
import type { KillPoint } from './support/port-taps.ts';
import { type Played, type Role, TwoProcesses } from './support/two-processes.ts';

// Agents that talk, through the engine, over a transport that does what it likes. Whatever befalls what carries them, each transition of a message is one
// event, and what the agents see is what they see in fair weather.

const MINUTE = 60_000;

/** All that a transport may do, and more: everything comes twice. */
const FOUL: TransportFaults = { drop: 0.3, delay: 0.3, duplicate: 1, reorder: 0.3 };
const SEEDS = [1, 2, 3, 4, 5, 6];

type Scripts = Readonly<Record<string, AgentScript>>;

const countsOf = (history: readonly RunEvent[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { type } of history) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
};

/** Plays it in fair weather, then in foul weather with each seed. What holds of one holds of all. */
async function inWeather(
  flow: Workflow<Json>,
  agents: Scripts,
  look: (run: Simulation<unknown>) => void,
  faults: FaultsOf = FOUL,
): Promise<void> {
  const fair = await simulate(flow, { input: null, agents });
  look(fair);
  for (const seed of SEEDS) {
    const run = await simulate(flow, { input: null, agents, seed, faults });
    expect(
      Object.values(run.faults).some((count) => count > 0),
      `seed ${seed}: the weather`,
    ).to.equal(true);
    checkHistory(run.history);
    expect(replay(run.history).matches, `seed ${seed}: the replay`).to.equal(true);
    look(run);
    // No transition twice, and none left out.
    expect(countsOf(run.history), `seed ${seed}: the events`).to.deep.equal(countsOf(fair.history));
  }
}

const typesOf = (history: readonly RunEvent[], ...types: readonly RunEventType[]): readonly string[] =>
  history.flatMap(({ type }) => (types.includes(type) ? [type] : []));

/** `from > to: performative (status)`, in the order in which they were sent. */
const told = (run: Simulation<unknown>): readonly string[] =>
  run.messages.map(({ from, to, performative, status }) => `${from} > ${to}: ${performative} (${status})`);

const commandOf = (data: Json): string => String((data as { readonly type?: Json } | null)?.type);

const retry = (maxAttempts: number) =>
  ({ maxAttempts, initialDelay: '1m', maxDelay: '1h', factor: 2, jitter: 0 }) as const;

describe('messages, whatever befalls what carries them', () => {
  it('are delivered: each once, in the order in which they were sent', async () => {
    const all = Array.from({ length: 12 }, (_, n) => n);
    const flow = workflow<Json>('delivery').task('writer', 'writer', { may: 'send' }).task('reader', 'reader').build();
    const agents: Scripts = {
      writer: async (_task, { messages }) => {
        for (const n of all) await messages.send('reader', n);
        return null;
      },
      reader: talks('ack', { times: all.length }),
    };
    await inWeather(flow, agents, (run) => {
      expect(run.outcome).to.have.nested.property('output.reader').that.deep.equals(all);
      expect(run.messages.map(({ data, deliveries, status }) => [data, deliveries, status])).to.deep.equal(
        all.map((n) => [n, 1, 'acknowledged']),
      );
    });
  });

  it('are asked and answered, once', async () => {
    const flow = workflow<Json>('asking').task('writer', 'writer', { may: 'send' }).task('critic', 'critic').build();
    const agents: Scripts = {
      writer: async (_task, { messages }) => (await messages.request('critic', 'draft')).data,
      critic: talks(({ data }) => ({ reply: { good: data }, delay: '1m' }), { times: 1 }),
    };
    await inWeather(flow, agents, (run) => {
      expect(run.outcome).to.have.nested.property('output.writer').that.deep.equals({ good: 'draft' });
      expect(told(run)).to.deep.equal([
        'writer > critic: request (acknowledged)',
        'critic > writer: inform (acknowledged)',
      ]);
    });
  });

  it('come again after a nack, each time after twice as long', async () => {
    const flow = workflow<Json>('nacks', { mailboxes: { desk: { retry: retry(5) } } })
      .task('clerk', 'clerk')
      .send('post', { to: '#desk', data: 'letter', until: 'acknowledged' })
      .build();
    const agents: Scripts = {
      clerk: talks([{ nack: 'no' }, { nack: 'not yet' }, { nack: 'not now', delay: '1h' }, 'ack'], {
        mailbox: '#desk',
        times: 4,
        patience: '1d',
      }),
    };
    await inWeather(flow, agents, ({ history, messages, outcome }) => {
      expect(outcome.status).to.equal('completed');
      expect(messages[0]).to.include({ deliveries: 4, status: 'acknowledged' });
      const back = history.flatMap((event) => (event.type === 'MessageRejected' ? [event] : []));
      expect(back.map(({ reason }) => reason)).to.deep.equal(['no', 'not yet', 'not now']);
      expect(back.map(({ at, retryAt = 0 }) => (retryAt - at) / MINUTE)).to.deep.equal([1, 2, 60]);
      const had = history.flatMap((event) => (event.type === 'MessageDelivered' ? [event.at] : []));
      for (const [index, { retryAt = 0 }] of back.entries()) expect(had[index + 1]).to.be.at.least(retryAt);
    });
  });

  it('come back when whoever has them fails, and its next attempt has them', async () => {
    const flow = workflow<Json>('throws', { mailboxes: { desk: { retry: retry(5) } } })
      .task('clerk', 'clerk', { retry: { maxAttempts: 3, initialDelay: '10m', jitter: 0 } })
      .send('post', { to: '#desk', data: 'letter', performative: 'request' })
      .wait('answer', { message: { mailbox: 'post' } })
      .output(({ outputs }) => outputs.answer.data)
      .build();
    const agents: Scripts = {
      clerk: talks([{ fail: 'BUSY' }, { fail: { code: 'TORN' } }, { reply: 'done' }], { mailbox: '#desk', times: 1 }),
    };
    await inWeather(flow, agents, ({ history, messages, outcome }) => {
      expect(outcome).to.deep.equal({ status: 'completed', output: 'done' });
      expect(messages[0]).to.include({ deliveries: 3, status: 'acknowledged' });
      const back = history.flatMap((event) => (event.type === 'MessageRejected' ? [event.code] : []));
      expect(back).to.deep.equal(['SCRIPTED', 'TORN']);
    });
  });

  it('are dead letters after the last time, which a workflow may take', async () => {
    const flow = workflow<Json>('poison', { mailboxes: { desk: { retry: retry(2) } } })
      .task('clerk', 'clerk')
      .send('poison', { to: '#desk', data: 'poison' })
      .send('letter', { to: '#desk', data: 'letter' })
      .wait('buried', { message: { mailbox: '#dead-letters' } })
      .output(({ outputs }) => outputs.buried.dead?.code ?? null)
      .build();
    const agents: Scripts = {
      // A poison message stops no other.
      clerk: talks(({ data }) => (data === 'poison' ? { nack: 'it is poison' } : 'ack'), {
        mailbox: '#desk',
        times: 3,
      }),
    };
    await inWeather(flow, agents, ({ history, messages, outcome }) => {
      expect(outcome).to.deep.equal({ status: 'completed', output: 'REPRISE_MESSAGE_REJECTED' });
      const [poison, letter] = messages;
      expect(poison).to.include({ data: 'poison', status: 'acknowledged', code: 'REPRISE_MESSAGE_REJECTED' });
      expect(letter).to.include({ data: 'letter', status: 'acknowledged', deliveries: 1 });
      expect(typesOf(history, 'MessageDeadLettered')).to.have.length(1);
    });
  });

  it('expire, to be dropped or to be dead letters; who waits for an answer is told', async () => {
    const flow = workflow<Json>('expiry', { mailboxes: { desk: {} } })
      .task('writer', 'writer', { may: 'send' })
      .task('sleeper', 'sleeper')
      .build();
    const agents: Scripts = {
      writer: async (_task, { messages }) => {
        await messages.send('#desk', 'late', { expires: '1h' });
        await messages.send('#desk', 'stale', { expires: '2h', drop: true });
        return messages.request('sleeper', 'what?', { deadline: '3h' }).catch(({ code }: { code: string }) => code);
      },
      sleeper: talks(async (_message, { sleep }) => sleep('5h'), { times: 1 }),
    };
    await inWeather(flow, agents, (run) => {
      expect(run.outcome).to.have.nested.property('output.writer', 'REPRISE_REPLY_TIMEOUT');
      expect(told(run)).to.deep.equal([
        'writer > #desk: inform (closed)',
        'writer > #desk: inform (expired)',
        'writer > sleeper: request (acknowledged)',
        'sleeper > writer: failure (acknowledged)',
      ]);
      expect(run.messages[0]).to.include({ code: 'REPRISE_MESSAGE_EXPIRED' });
      const { history } = run;
      const when = history.flatMap(({ type, at }) => (type === 'MessageExpired' ? [at - (history[0]?.at ?? 0)] : []));
      expect(when.map((ms) => Math.floor(ms / MINUTE))).to.deep.equal([60, 120]);
    });
  });

  it('are bids, of which one is accepted', async () => {
    const bidders = ['near', 'far'];
    const flow = workflow<Json>('bids')
      .task('buyer', 'buyer', { may: 'send' })
      .task('near', 'bidder')
      .task('far', 'bidder')
      .build();
    const agents: Scripts = {
      buyer: async (_task, { messages }) => {
        const bids = await Promise.all(
          bidders.map((to) => messages.request(to, 'a parcel', { performative: 'cfp', deadline: '1h' })),
        );
        const [best, ...others] = bids.toSorted((a, b) => Number(a.data) - Number(b.data));
        for (const other of others) await messages.reply(other, null, { performative: 'reject-proposal' });
        if (best === undefined) return null;
        const accepted = await messages.reply(best, 'go', { performative: 'accept-proposal' });
        const done = await messages.receive({ inReplyTo: accepted.id, timeout: '1h' });
        return [done?.from ?? null, done?.data ?? null];
      },
      bidder: async ({ taskId }, { messages, sleep }) => {
        const call = await messages.receive({ performative: 'cfp', timeout: '1h' });
        if (call === undefined) return 'nobody called';
        await sleep(taskId === 'near' ? '1m' : '20m');
        await messages.reply(call, taskId === 'near' ? 10 : 25, { performative: 'propose' });
        const verdict = await messages.receive({ conversation: call.conversation ?? '', timeout: '1h' });
        if (verdict?.performative === 'accept-proposal') await messages.reply(verdict, 'delivered');
        return verdict?.performative ?? null;
      },
    };
    await inWeather(flow, agents, (run) => {
      expect(run.outcome)
        .to.have.property('output')
        .that.deep.equals({
          buyer: ['near', 'delivered'],
          near: 'accept-proposal',
          far: 'reject-proposal',
        });
      expect(told(run).toSorted()).to.deep.equal([
        'buyer > far: cfp (acknowledged)',
        'buyer > far: reject-proposal (acknowledged)',
        'buyer > near: accept-proposal (acknowledged)',
        'buyer > near: cfp (acknowledged)',
        'far > buyer: propose (acknowledged)',
        'near > buyer: inform (acknowledged)',
        'near > buyer: propose (acknowledged)',
      ]);
    });
  });

  it('bear that every message of the transport is late, and overtaken', async () => {
    const flow = workflow<Json>('order').task('writer', 'writer', { may: 'send' }).task('reader', 'reader').build();
    const agents: Scripts = {
      writer: async (_task, { messages }) => {
        const sent = [1, 2, 3, 4].map((n) => messages.send('reader', n));
        await Promise.all(sent);
        await messages.send('reader', 5);
        return null;
      },
      reader: talks('ack', { times: 5 }),
    };
    const look = (run: Simulation<unknown>): void => {
      expect(run.outcome).to.have.nested.property('output.reader').that.deep.equals([1, 2, 3, 4, 5]);
    };
    await inWeather(flow, agents, look, { reorder: 1, withinMs: 5000 });
    // By type: answers of the engine and what it delivers come in any order, and three times.
    const answers: FaultsOf = ({ envelope: { type } }) =>
      type === 'reprise.answer' || type === 'reprise.delivery' ? { duplicate: 1, reorder: 0.5, drop: 0.5 } : undefined;
    await inWeather(flow, agents, look, answers);
  });

  it('bear what no transport may do: that three in ten of what can be said again are lost for good', async () => {
    const flow = workflow<Json>('lost').task('writer', 'writer', { may: 'send' }).task('critic', 'critic').build();
    const agents: Scripts = {
      writer: async (_task, { messages }) => (await messages.request('critic', 'draft', { key: 'ask' })).data,
      critic: talks(({ data }) => ({ reply: { good: data } }), { times: 1 }),
    };
    // Nobody says again what an attempt came to, nor, in one process, who is there.
    const faults: FaultsOf = ({ channel, envelope }) =>
      channel === 'reprise.workers' || ['CompleteTask', 'FailTask'].includes(commandOf(envelope.data))
        ? undefined
        : { lose: 0.3 };
    for (const seed of SEEDS) {
      const run = await simulate(flow, { input: null, agents, seed, faults });
      checkHistory(run.history);
      expect(run.faults.lost).to.be.greaterThan(0);
      expect(run.outcome).to.have.nested.property('output.writer').that.deep.equals({ good: 'draft' });
      expect(told(run)).to.deep.equal([
        'writer > critic: request (acknowledged)',
        'critic > writer: inform (acknowledged)',
      ]);
    }
  });
});

// Of the port calls of a process, so many are those that it is killed at.
const KILLS = 24;

describe('messages, when a process is killed in the middle, over a transport that does what it likes', () => {
  const flow = workflow<Json>('crash', { mailboxes: { desk: { retry: retry(5) } } })
    .task('writer', 'writer', { may: 'send', retry: 5 })
    .task('critic', 'critic', { retry: 5 })
    .wait('thanked', { message: { mailbox: '#desk' } })
    .output(({ outputs }) => ({ answer: outputs.writer, thanks: outputs.thanked.data }))
    .build();
  const agents = (): Readonly<Record<string, ScriptFunction>> => ({
    writer: async (_task, { messages, sleep }) => {
      const { data } = await messages.request('critic', 'draft', { key: 'ask' });
      await sleep(1000);
      await messages.send('#desk', 'thanks', { key: 'thanks' });
      return data;
    },
    critic: talks(
      [
        { nack: 'no time', delay: '1s' },
        { reply: 'good', delay: 500 },
      ],
      { patience: '5m' },
    ),
  });
  const played = (seed: number, role?: Role, point?: KillPoint): Promise<Played> =>
    new TwoProcesses({ workflow: flow, agents: agents(), faults: { ...FOUL, duplicate: 0.5 }, seed }).play(role, point);

  for (const role of ['worker', 'engine'] as const) {
    it(`the ${role}: what was said is had, once, and the run ends as if nothing had been`, async () => {
      const calm = await played(1);
      const most = calm.calls[role][0] ?? 0;
      expect(most).to.be.greaterThan(KILLS);
      let killed = 0;
      for (let kill = 0; kill < KILLS; kill += 1) {
        const call = 1 + Math.floor((kill * most) / KILLS);
        const [seed, when] = [1 + (kill % 8), kill % 2 === 0 ? 'before' : 'after'] as const;
        const { outcome, history, calls } = await played(seed, role, { call, when });
        killed += calls[role].length - 1;
        const what = `seed ${seed}, killed ${when} call ${call} of ${most}`;
        expect(outcome, what).to.deep.equal({ status: 'completed', output: { answer: 'good', thanks: 'thanks' } });
        checkHistory(history);
        expect(replay(history).matches, what).to.equal(true);
        const sent = history.flatMap((event) => (event.type === 'MessageSent' ? [event.message] : []));
        expect(new Set(sent).size, what).to.equal(sent.length);
        expect(
          sent.filter((id) => id.includes('#')),
          what,
        ).to.deep.equal(['talked/writer#ask', 'talked/writer#thanks']);
      }
      expect(killed).to.be.greaterThan(KILLS / 2);
    });
  }
});
