import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { jsonLines, projects, reprise } from './support.ts';

const project = projects();

const REVIEW = `
name: review
tasks:
  ask: { wait: { form: { $ref: ./stars.schema.json }, assignee: kim } }
  each: { forEach: "['lee', 'kim']", wait: { form: approval, assignee: "\${ item }" } }
`;
const STARS = {
  title: 'How many stars',
  type: 'object',
  properties: { stars: { type: 'integer', minimum: 1, maximum: 5 } },
  required: ['stars'],
};

describe('form', () => {
  let cwd: string;
  const say = (...args: string[]) => reprise(args, { cwd });
  const json = async (...args: string[]) =>
    jsonLines((await say(...args, '--json')).stdout)[0] as Record<string, never>;

  before(async () => {
    cwd = project();
    const folder = join(cwd, 'forms');
    mkdirSync(folder);
    writeFileSync(join(folder, 'review.yaml'), REVIEW);
    writeFileSync(join(folder, 'stars.schema.json'), JSON.stringify(STARS));
    writeFileSync(join(cwd, 'reprise.config.yaml'), 'workflows: [forms]\n');
  });

  it('is listed, shown, assigned and answered while nobody drives', async () => {
    const none = await say('form', 'list', '-c', 'reprise.config.yaml');
    expect(none.stderr).to.contain('No form is open.');
    expect((await say('run', 'start', 'review', '--id', 'r-1', '-c', 'reprise.config.yaml')).code).to.equal(0);
    await say('worker', 'start', '--until-idle', '--log', 'silent', '-c', 'reprise.config.yaml');
    const listed = await json('form', 'list', '-c', 'reprise.config.yaml');
    const { forms, more } = listed as unknown as { forms: Record<string, unknown>[]; more: number };
    expect(forms.map(({ taskId, title, assignee }) => [taskId, title, assignee])).to.have.deep.members([
      ['ask', 'How many stars', 'kim'],
      ['each[0]', 'Approval', 'lee'],
      ['each[1]', 'Approval', 'kim'],
    ]);
    expect(more).to.equal(0);
    expect(forms.find(({ taskId }) => taskId === 'ask')).to.deep.include({
      runId: 'r-1',
      workflow: 'review',
      schema: STARS,
      paused: false,
    });
    const kims = await say('form', 'list', '--assignee', 'kim', '-c', 'reprise.config.yaml');
    expect(kims.stdout)
      .to.match(/RUN +TASK +TITLE +ASSIGNEE/)
      .and.to.contain('each[1]')
      .and.not.to.contain('each[0]');
    const shown = await say('form', 'show', 'r-1', 'ask', '-c', 'reprise.config.yaml');
    expect(shown.stdout).to.match(/How many stars[\s\S]*Asked +kim[\s\S]*An answer has to fit[\s\S]*"maximum": 5/);
    const given = await json('form', 'assign', 'r-1', 'ask', '--to', 'sam', '-c', 'reprise.config.yaml');
    expect(given).to.include({ runId: 'r-1', taskId: 'ask', to: 'sam' });
    const said = await json(
      'form',
      'answer',
      'r-1',
      'ask',
      '--answer',
      '{"stars":4}',
      '--by',
      'sam',
      '--reason',
      'it was\u001b[31m good',
      '-c',
      'reprise.config.yaml',
    );
    const told = await say('run', 'history', 'r-1', '-c', 'reprise.config.yaml');
    expect(told.stdout).to.match(/FormAnswered +ask +answer \{ ?"?stars.*\(by sam: it was.* good\)/);
    expect(told.stdout).to.not.contain('\u001b');
    expect(said).to.have.all.keys('runId', 'taskId', 'status', 'revision', 'driven');
    const piped = await reprise(['form', 'answer', 'r-1', 'each[0]', '--answer', '-', '-c', 'reprise.config.yaml'], {
      cwd,
      input: '{"decision":"reject"}',
    });
    expect(piped.stderr).to.contain("'each[0]' of run r-1 is answered");
    const worker = await say('worker', 'start', '--until-idle', '--log', 'silent', '-c', 'reprise.config.yaml');
    expect(worker.stderr).to.contain('waiting for an answer: r-1 (each[1])');
    await say('form', 'answer', 'r-1', 'each[1]', '--answer', '{"decision":"approve"}', '-c', 'reprise.config.yaml');
    await say('worker', 'start', '--until-idle', '--log', 'silent', '-c', 'reprise.config.yaml');
    const ended = await json('run', 'show', 'r-1', '-c', 'reprise.config.yaml');
    expect(ended).to.deep.include({
      output: { ask: { stars: 4 }, each: [{ decision: 'reject' }, { decision: 'approve' }] },
    });
  });

  it('refuses what does not fit, what is no JSON, and what is not open', async () => {
    await say('run', 'start', 'review', '--id', 'r-2', '-c', 'reprise.config.yaml');
    await say('worker', 'start', '--until-idle', '--log', 'silent', '-c', 'reprise.config.yaml');
    const cases: readonly (readonly [string, string, RegExp, number])[] = [
      ['ask', '{"stars":9}', /REPRISE_FORM_INVALID[\s\S]*\.stars must be 5 at most, not 9/, 1],
      ['ask', '{stars}', /REPRISE_USAGE[\s\S]*The answer in --answer is not JSON/, 2],
      ['none', '1', /REPRISE_FORM_NOT_OPEN[\s\S]*Open forms of the run: 'ask'/, 1],
    ];
    for (const [task, answer, text, code] of cases) {
      const result = await say('form', 'answer', 'r-2', task, '--answer', answer, '-c', 'reprise.config.yaml');
      expect(result.stderr, answer).to.match(text);
      expect(result.code, answer).to.equal(code);
    }
    const shown = await say('form', 'show', 'r-2', 'none', '-c', 'reprise.config.yaml');
    expect(shown.stderr).to.contain('REPRISE_FORM_NOT_OPEN');
  });

  it('names schemas of the project only, and says which one is wrong', async () => {
    const cases = [
      ['./none.schema.json', /there is no file "\.\/none\.schema\.json"/],
      ['../../../outside.schema.json', /is outside of the project|there is no file/],
      ['/etc/hostname', /must be the path of a file, from where this one is/],
      ['https://example.com/a.json', /must be the path of a file/],
      ['./broken.schema.json', /"\.\/broken\.schema\.json"/],
      ['../../', /is outside of the project/],
    ] as const;
    writeFileSync(join(cwd, 'forms', 'broken.schema.json'), '{');
    for (const [reference, text] of cases) {
      writeFileSync(join(cwd, 'bad.yaml'), `name: bad\ntasks:\n  ask: { wait: { form: { $ref: "${reference}" } } }\n`);
      const { code, stderr, stdout } = await say('workflow', 'validate', 'bad.yaml');
      expect(`${stdout}${stderr}`, reference).to.match(text).and.to.contain('tasks.ask.wait.form.$ref');
      expect(code, reference).to.not.equal(0);
    }
  });
});
