import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { jsonLines, projects, reprise } from './support.ts';

const project = projects();

describe('run start --on-conflict', () => {
  let cwd: string;
  const start = (...args: string[]) => reprise(['run', 'start', ...args], { cwd });
  const greet = (name: string, ...args: string[]) =>
    start('greet', '-i', `name=${name}`, '--id', 'g', '--wait', '--json', ...args);

  before(async () => {
    cwd = project();
    expect((await greet('kim')).code).to.equal(0);
  });

  it('is refused when nothing else is said', async () => {
    for (const args of [[], ['--on-conflict', 'reject']]) {
      const { code, stderr } = await greet('ann', ...args);
      expect(code).to.equal(1);
      expect(stderr).to.contain('REPRISE_RUN_EXISTS');
    }
  });

  it('takes the run that there is, also one that has ended', async () => {
    const { code, stdout, stderr } = await greet('ann', '--on-conflict', 'existing');
    expect(code, stderr).to.equal(0);
    expect(stdout).to.contain('Hello, kim!');
    expect((await start('batch', '--id', 'g', '--on-conflict', 'existing')).stderr).to.contain('REPRISE_RUN_EXISTS');
  });

  it('starts one beside it', async () => {
    const { code, stdout, stderr } = await greet('ann', '--on-conflict', 'new');
    expect(code, stderr).to.equal(0);
    expect(stdout).to.contain('Hello, ann!');
    expect(jsonLines(stdout).at(-1)).to.include({ runId: 'g-2' });
    const shown = await reprise(['run', 'list', '--format', 'ids'], { cwd });
    expect(shown.stdout.trim().split('\n')).to.have.members(['g', 'g-2']);
  });

  it('says what is wrong', async () => {
    for (const args of [
      ['--id', 'g', '--on-conflict', 'ignore'],
      ['--on-conflict', 'new'],
      ['--id', 'g', '--on-conflict'],
    ]) {
      const { code, stderr } = await start('greet', ...args);
      expect(code, stderr).to.equal(2);
      expect(stderr).to.contain('REPRISE_USAGE');
    }
  });
});
