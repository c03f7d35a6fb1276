import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { jsonLines, Running, reprise, temporaryFolders } from './support.ts';

// What orchestrators and workers are where the transport says that it spans processes. One in the process will do for that.

const folders = temporaryFolders();

function project({ agents = true, spans = true } = {}): string {
  const folder = folders();
  symlinkSync(resolve(import.meta.dirname, '..', '..', 'node_modules'), join(folder, 'node_modules'), 'dir');
  writeFileSync(join(folder, 'flow.yaml'), 'name: flow\ntasks:\n  one: { agent: echo }\n');
  writeFileSync(
    join(folder, 'reprise.config.mjs'),
    `import { createInProcessTransport, definePlugin } from '@reprise/core';
const create = () => Object.assign(createInProcessTransport(), { spans: ${spans} });
export default {
  workflows: ['./flow.yaml'],
  agents: ${agents ? "[{ name: 'echo', handle: () => 'done' }]" : '[]'},
  plugins: [definePlugin({ name: 'near', kind: 'transport', create })],
};
`,
  );
  return folder;
}

describe('with a transport that spans processes', () => {
  it('worker start takes attempts, needs no store, and drains on SIGTERM', async () => {
    const cwd = project();
    const worker = new Running(['worker', 'start', '--json', '--log', 'silent'], { cwd });
    await worker.saw(/"role":"worker"/);
    worker.child.kill('SIGTERM');
    const { code, stdout } = await worker.ended;
    expect(code).to.equal(143);
    expect(jsonLines(stdout)[0]).to.include({ kind: 'worker', role: 'worker' });
    expect(String(jsonLines(stdout)[0]?.['worker'])).to.match(/^worker-/);
    expect(existsSync(join(cwd, '.reprise'))).to.equal(false);
  });

  it('worker start refuses --until-idle, and a project without agents', async () => {
    const idle = await reprise(['worker', 'start', '--until-idle'], { cwd: project() });
    expect(idle.code).to.equal(2);
    expect(idle.stderr).to.match(/REPRISE_USAGE[\s\S]*orchestrator start --agents --until-idle/);
    const none = await reprise(['worker', 'start'], { cwd: project({ agents: false }) });
    expect(none.code).to.equal(4);
    expect(none.stderr).to.match(/REPRISE_CONFIG_INVALID[\s\S]*A worker needs an agent/);
  });

  it('orchestrator start leaves the agents to workers; with --agents it runs them', async () => {
    const cwd = project();
    await reprise(['run', 'start', 'flow', '--id', 'one'], { cwd });
    const alone = new Running(['orchestrator', 'start', '--log', 'silent'], { cwd });
    await alone.saw(/Driving: .*agents at workers \(1 open run\)/);
    await new Promise((done) => setTimeout(done, 300));
    alone.child.kill('SIGTERM');
    expect((await alone.ended).code).to.equal(143);
    const history = jsonLines((await reprise(['run', 'history', 'one', '--json'], { cwd })).stdout);
    expect(history.map(({ type }) => type)).to.deep.equal(['RunStarted']);
    const both = await reprise(['orchestrator', 'start', '--agents', '--until-idle', '--log', 'silent'], { cwd });
    expect(both.code, both.stderr).to.equal(0);
    expect((await reprise(['run', 'show', 'one', '--json'], { cwd })).stdout).to.contain('completed');
  });

  it('one that spans none is as none: worker start drives', async () => {
    const cwd = project({ spans: false });
    await reprise(['run', 'start', 'flow', '--id', 'one'], { cwd });
    const worker = await reprise(['worker', 'start', '--until-idle', '--log', 'silent'], { cwd });
    expect(worker.code, worker.stderr).to.equal(0);
    expect((await reprise(['run', 'show', 'one', '--json'], { cwd })).stdout).to.contain('completed');
  });
});
