import { NO_STREAM, type StoreFinding } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { events } from './support/sample.ts';
import { servers } from './support/stores.ts';

const brief = (findings: readonly StoreFinding[] | undefined): readonly string[] =>
  (findings ?? []).map(({ name, status }) => `${name} ${status}`);

describe('what EventStoreDB says of itself', () => {
  const { serve, open } = servers();

  it('is its version, its nodes, and that nothing is lost', async () => {
    const server = await serve();
    const { events: store, snapshots, inspect } = await open(server, { namespace: 'own' });
    await store.append('run-a', events(1), NO_STREAM);
    await snapshots?.save('run-a', { revision: 0, schema: 's', state: '{}' }); // has a $maxCount, as it should
    server.log.truncate('other.run-a', { $maxCount: 1 });
    const findings = await inspect?.();
    expect(brief(findings)).to.deep.equal(['server ok', 'nodes ok', 'rights ok', 'retention ok']);
    expect(findings?.[0]?.detail).to.include('23.10.1');
    expect(findings?.[1]?.detail).to.equal(`127.0.0.1:${server.port} leader`);
  });

  it('is which histories lose events, by the last word on each', async () => {
    const server = await serve();
    const { events: store, inspect } = await open(server);
    for (const stream of ['run-a', 'run-b', 'run-c']) await store.append(stream, events(3), NO_STREAM);
    server.log.truncate('run-a', { $maxAge: 60 });
    server.log.truncate('run-b', { $maxCount: 2 });
    server.log.truncate('run-b', {});
    server.log.truncate('run-c', { $tb: 1 });
    const [, , , retention] = (await inspect?.()) ?? [];
    expect(retention).to.include({ name: 'retention', status: 'warn' });
    expect(retention?.detail).to.equal('these histories lose events: run-a ($maxAge 60), run-c ($tb 1)');
  });

  it('is what is wrong: no leader, a missing right, nobody there', async () => {
    const leaderless = await serve({ members: () => [{ port: 1, state: 'follower' }] });
    leaderless.fault = ({ stream }) => (stream === '$all' ? 'denied' : undefined);
    const { inspect } = await open(leaderless);
    const findings = await inspect?.();
    expect(brief(findings)).to.deep.equal(['server ok', 'nodes fail', 'rights fail', 'retention fail']);
    expect(findings?.[2]?.fix).to.include('$all');
    const gone = await serve();
    const { inspect: look } = await open(gone, { deadlineMs: 300 });
    await gone.stop();
    expect(brief(await look?.())).to.deep.equal(['server fail']);
    await gone.start();
  });
});
