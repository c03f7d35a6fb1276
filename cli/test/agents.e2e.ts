import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@reprise/core';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { jsonLines, projects, Running, reprise } from './support.ts';

const project = projects();

const CONFIG = `
import { defineAgent, workflow } from '@reprise/core';

const broken = defineAgent({
  name: 'broken',
  capabilities: ['print'],
  handle: () => {
    throw Object.assign(new Error('no \\u001b[31mpaper'), { code: 'JAMMED' });
  },
});
const slow = defineAgent({ name: 'slow', handle: () => new Promise(() => undefined) });
const each = workflow('each')
  .task('t', broken, { retry: 1, forEach: { items: () => [1, 2, 3], onItemFailure: 'continue' } })
  .task('more', broken, { after: 't' })
  .task('slow', slow)
  .build();

export default { workflows: [each], agents: [broken, slow], limits: { drainMs: 0 }, admission: { breaker: { failures: 3, rest: '30s' } } };
`;

interface Listed {
  readonly agents: readonly Record<string, unknown>[];
  readonly openRuns: number;
  readonly more: boolean;
}

describe('agent list', () => {
  let cwd: string;
  const say = (...args: string[]) => reprise([...args, '-c', 'agents.config.mjs'], { cwd });
  const list = async (...args: string[]): Promise<Listed> =>
    jsonLines((await say('agent', 'list', ...args, '--json')).stdout)[0] as unknown as Listed;

  before(() => {
    cwd = project();
    writeFileSync(join(cwd, 'agents.config.mjs'), CONFIG);
  });

  it('has the agents of the project before there is a run', async () => {
    const nothing = { state: 'ready', restedUntil: null, load: 0, workers: [], attempts: 0, failed: 0, lost: 0 };
    expect(await list()).to.deep.equal({
      agents: [
        { name: 'broken', capabilities: ['print'], ...nothing, lastFailure: null },
        { name: 'slow', capabilities: [], ...nothing, lastFailure: null },
      ],
      openRuns: 0,
      more: false,
    });
    expect((await list('--capability', 'print')).agents.map(({ name }) => name)).to.deep.equal(['broken']);
    const none = await say('agent', 'list', '--capability', 'fly');
    expect([none.code, none.stderr]).to.deep.equal([0, "No agent of the project has the capability 'fly'.\n"]);
  });

  it('says beside whoever drives which one rests, until when, what it has in hand and what it failed with last', async () => {
    await say('run', 'start', 'each', '--id', 'e-1');
    const worker = new Running(['worker', 'start', '--log', 'silent', '-c', 'agents.config.mjs'], { cwd });
    let agents: Listed['agents'] = [];
    for (let looks = 0; looks < 100 && agents[0]?.['state'] !== 'rested'; looks += 1) ({ agents } = await list());
    const [broken, slow] = agents;
    expect(broken).to.deep.include({ name: 'broken', state: 'rested', attempts: 3, failed: 3, lost: 0, load: 0 });
    const restMs = Date.parse(String(broken?.['restedUntil'])) - systemClock.now();
    expect(restMs).to.be.within(1, 30_000);
    expect((await say('run', 'list')).stdout).to.match(/^e-1 .* agent broken, which rests \d/m);
    const [{ runs }] = jsonLines((await say('run', 'list', '--json')).stdout) as [{ runs: { waitsFor: object[] }[] }];
    expect(runs[0]?.waitsFor).to.deep.include.members([
      { taskId: 'more', reason: 'rested', agent: 'broken', until: broken?.['restedUntil'] },
    ]);
    expect(broken?.['lastFailure']).to.deep.include({ runId: 'e-1', taskId: 't[2]', attempt: 1, code: 'JAMMED' });
    expect(slow).to.deep.include({ name: 'slow', state: 'ready', load: 1 });
    expect(slow?.['workers']).to.have.length(1);
    const told = await say('agent', 'list');
    expect(told.stdout)
      .to.match(/AGENT +CAPABILITIES +STATE +LOAD +WORKERS +ATTEMPTS +FAILED +LAST FAILURE/)
      .and.match(/broken +print +rested until \S+ \S+ +0 +- +3 +3 +\S+ \S+ JAMMED: no .*paper \(t\[2\] of e-1\)/)
      .and.not.contain('\u001b');
    expect((await say('run', 'history', 'e-1')).stdout).to.match(
      /AgentRested +broken: for 30\.0s, after 3 failures in a row/,
    );
    const explained = await say('run', 'explain', 'e-1', '--json');
    const { tasks } = jsonLines(explained.stdout)[0] as { tasks: Record<string, unknown>[] };
    expect(tasks.find(({ taskId }) => taskId === 'more')).to.deep.include({
      reason: 'rested',
      agent: 'broken',
      until: broken?.['restedUntil'],
      trying: false,
    });
    worker.child.kill('SIGTERM');
    await worker.ended;
  });
});
