import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { jsonLines, projects, reprise } from './support.ts';

const project = projects();

const DESK = `
name: desk
tasks:
  approve: { wait: { form: approval, assignee: anna } }
  paid: { wait: { signal: paid } }
  no: { agent: adder, when: "false" }
  after: { agent: adder, after: [approve, paid], input: { name: Ada } }
`;

describe('a run that waits', () => {
  let cwd: string;
  const say = (...args: string[]) => reprise([...args, '-c', 'desk.config.yaml'], { cwd });
  const json = async (...args: string[]) =>
    jsonLines((await say(...args, '--json')).stdout)[0] as Record<string, unknown>;
  const work = () => say('worker', 'start', '--until-idle', '--log', 'silent');

  before(async () => {
    cwd = project();
    await reprise(['run', 'start', 'batch', '--id', 'done-1', '--wait', '--input', '{"numbers":[1,2]}'], { cwd });
    writeFileSync(join(cwd, 'desk.yaml'), DESK);
    writeFileSync(join(cwd, 'desk.config.yaml'), 'workflows: [desk.yaml]\nagents: [./agents.mjs]\n');
    const started = await say('run', 'start', 'desk', '--id', 'desk-1');
    expect(started.code, started.stderr).to.equal(0);
    await work();
  });

  it('says in the list whom or what for', async () => {
    const { stdout } = await say('run', 'list');
    expect(stdout).to.match(/RUN +WORKFLOW +STATUS +WAITS FOR/);
    expect(stdout).to.match(/desk-1 .*running +form approve \(anna\) and 1 more/);
    expect(stdout).to.match(/done-1 .*completed +- /);
    const { runs } = (await json('run', 'list')) as { runs: Record<string, unknown>[] };
    const waits = new Map(runs.map(({ runId, waitsFor }) => [runId, waitsFor]));
    expect(waits.get('desk-1')).to.have.deep.members([
      { taskId: 'approve', reason: 'form', assignee: 'anna' },
      { taskId: 'paid', reason: 'signal', signal: 'paid' },
    ]);
    expect(waits.get('done-1')).to.deep.equal([]);
  });

  it('says task by task, too', async () => {
    const { stdout } = await say('run', 'show', 'desk-1');
    expect(stdout).to.match(/approve .*for an answer of anna/);
    expect(stdout).to.match(/paid .*for the signal paid/);
    expect(stdout).to.contain("waits for an answer of 'anna'").and.to.contain("waits for the signal 'paid'");
    const { tasks } = (await json('run', 'show', 'desk-1')) as { tasks: Record<string, unknown>[] };
    expect(tasks.find(({ id }) => id === 'approve')).to.deep.include({ form: { assignee: 'anna' } });
    const state = (await json('run', 'state', 'desk-1')) as { tasks: Record<string, unknown> };
    expect(state.tasks['no']).to.include({ status: 'skipped', skippedBecause: 'condition' });
  });

  it('is drawn, now and as it was', async () => {
    const { code, stdout } = await say('run', 'graph', 'desk-1');
    expect(code).to.equal(0);
    expect(stdout).to.match(/^flowchart TD\n {2}run\(\["desk-1<br\/>desk@1<br\/>running"\]\)\n/);
    expect(stdout).to.contain("waits for an answer of 'anna'").and.to.contain('skipped: its condition was false');
    const drawn = await json('run', 'graph', 'done-1');
    expect(drawn).to.include({ runId: 'done-1', workflow: 'batch', version: '1' });
    expect(drawn['mermaid'])
      .to.contain('2 of 2 items completed')
      .and.to.match(/class [\w,]+ completed/);
    const first = await say('run', 'graph', 'done-1', '--at', '0');
    expect(first.stdout).to.contain('batch@1<br/>running').and.not.to.contain('completed"');
    const beyond = await say('run', 'graph', 'done-1', '--at', '999');
    expect([beyond.code, beyond.stdout]).to.deep.equal([2, '']);
    expect(beyond.stderr).to.contain('has no revision 999');
    expect((await say('run', 'graph', 'desk-1', '-n', '1')).stdout).to.contain('3 more tasks are not drawn');
    expect((await say('run', 'graph', 'nobody')).code).to.equal(3);
  });

  it('waits for less, and then for nothing', async () => {
    await say('form', 'answer', 'desk-1', 'approve', '--answer', '{"decision":"approve"}');
    await work();
    expect((await say('run', 'list')).stdout).to.match(/desk-1 .*signal paid \(paid\)/);
    await say('run', 'cancel', 'desk-1');
    await work();
    expect((await say('run', 'list')).stdout).to.not.contain('WAITS FOR');
  });
});
