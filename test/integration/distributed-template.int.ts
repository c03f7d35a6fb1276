import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { after, before, it } from 'mocha';
import { ProtocolServer } from '../../plugins/event-store-eventstoredb/test/support/protocol-server.ts';
import { withBroker } from '../../plugins/transport-kafka/test/support/with-broker.ts';
import { Command } from './support/command.ts';

// `reprise create --template distributed`, and what its README says of many processes, on a real broker.

const ROOT = resolve(import.meta.dirname, '..', '..');

withBroker('the template distributed', (broker) => {
  const server = new ProtocolServer();
  const folder = mkdtempSync(join(tmpdir(), 'reprise-distributed-'));
  const project = join(folder, 'shop');
  const begun: Command[] = [];
  before(async () => {
    await server.start();
    const create = new Command(['create', 'shop', '--template', 'distributed'], folder, {});
    expect(await create.ended, create.output).to.equal(0);
    symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'), 'dir');
  });
  after(async () => {
    for (const { child } of begun) child.kill('SIGKILL');
    await Promise.all(begun.map(({ ended }) => ended));
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const env = () => ({ KAFKA_BROKERS: broker().address, EVENTSTOREDB_URL: server.connectionString });
  const begin = async (role: string, said: RegExp): Promise<Command> => {
    const command = new Command([role, 'start', '--log', 'silent'], project, env());
    begun.push(command);
    await command.saw(said);
    return command;
  };
  const reprise = async (...args: string[]): Promise<string> => {
    const command = new Command(args, project, env());
    expect(await command.ended, command.output).to.equal(0);
    return command.stdout;
  };

  it('packs on both workers, goes on when the orchestrator is killed, and bills once', async () => {
    const first = await begin('orchestrator', /Driving: .*agents at workers/);
    await Promise.all([begin('worker', /Working: .*2 agents/), begin('worker', /Working: .*2 agents/)]);
    const items = Array.from({ length: 12 }, (_, index) => `item-${index}`);
    await reprise('run', 'start', 'order', '--id', 'o-1', '--input', JSON.stringify({ items }));
    const history = async () =>
      (await reprise('run', 'history', 'o-1', '--json'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { type: string; data: { taskId?: string; worker?: string } });
    while (!(await history()).some(({ type }) => type === 'TaskStarted'))
      await new Promise((done) => setTimeout(done, 50));
    first.child.kill('SIGKILL');
    await begin('orchestrator', /Driving|waiting to take over/);
    await reprise('run', 'watch', 'o-1');
    const events = await history();
    const started = events.filter(({ type }) => type === 'TaskStarted');
    expect(new Set(started.map(({ data }) => data.worker)).size, 'both workers').to.equal(2);
    expect(started.filter(({ data }) => data.taskId === 'bill')).to.have.length(1);
    expect(events.at(-1)?.type).to.equal('RunCompleted');
    await reprise('run', 'replay', 'o-1');
  });
});
