import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { jsonLines, projects, Running, reprise } from './support.ts';

const project = projects();

describe('what is said of a failure', () => {
  let cwd: string;
  const say = (...args: string[]) => reprise(args, { cwd });

  before(() => {
    cwd = project();
  });

  it('by run explain has a fix: of the catalogue for a code of ours, and how to go on after an error of an agent', async () => {
    await say('run', 'start', 'batch', '--id', 'b-1', '--input', '{"numbers":[1],"broken":true}', '--wait');
    const explained = await say('run', 'explain', 'b-1');
    expect(explained.stdout).to.match(
      /Fix +'BROKEN' is the agent's own code: .*`reprise run show b-1 'add'`.*`reprise run retry b-1`/,
    );
    await say('run', 'start', 'batch', '--id', 'b-2', '--input', '{"numbers":5}', '--wait');
    const [json] = jsonLines((await say('run', 'explain', 'b-2', '--json')).stdout);
    expect(json).to.have.nested.property('failure.error.code', 'REPRISE_ITEMS_INVALID');
    const { ERROR_CODES } = await import('@reprise/core');
    expect(json?.['fix']).to.equal(ERROR_CODES.REPRISE_ITEMS_INVALID.fix);
    expect((await say('run', 'explain', 'b-2')).stdout).to.contain(
      `Fix          ${ERROR_CODES.REPRISE_ITEMS_INVALID.fix}`,
    );
    await say('run', 'start', 'greet', '--id', 'g-1', '--input', 'name=Ada', '--wait');
    expect((await say('run', 'explain', 'g-1')).stdout).to.not.contain('Fix');
  });

  it('of a letter of no run names the mailbox as it is addressed, not the inbox of the run that it is', async () => {
    await say('mailbox', 'send', 'jobs', '--data', '{"n":1}', '--expires', '1s');
    const worker = new Running(['worker', 'start', '--log', 'silent'], { cwd });
    let message = '';
    for (const end = Date.now() + 30_000; message === '' && Date.now() < end; ) {
      const [json] = jsonLines((await say('dead-letter', 'list', '--json')).stdout);
      message = ((json?.['deadLetters'] ?? []) as { message: string }[])[0]?.message ?? '';
    }
    worker.child.kill('SIGINT');
    await worker.ended;
    const shown = await say('dead-letter', 'show', '@jobs', message);
    expect(shown.code, shown.stderr).to.equal(0);
    expect(shown.stdout)
      .to.match(/^Mailbox +@jobs$/m)
      .and.not.contain('#inbox');
    expect((await say('dead-letter', 'list')).stdout)
      .to.contain('@jobs')
      .and.not.contain('#inbox');
    expect((await say('run', 'messages', '@jobs')).stdout)
      .to.contain('@jobs')
      .and.not.contain('#inbox');
  });
});
