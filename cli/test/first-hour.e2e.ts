// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are expressions of CEL.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { projects, type Result, reprise } from './support.ts';

const project = projects();

/** A project with one workflow, and a run of it for each way in which one can end. */
let cwd: string;
const run = (...args: string[]): Promise<Result> => reprise(args, { cwd });

const AGENTS = `export const giver = {
  name: 'giver',
  async handle({ input }) {
    if (input.fail) throw Object.assign(new Error('not today'), { code: 'CLOSED', retryable: false });
    return 1;
  },
};
`;

before(async () => {
  cwd = project();
  writeFileSync(join(cwd, 'only-agents.mjs'), AGENTS);
  writeFileSync(
    join(cwd, 'only.yaml'),
    'name: only\ntasks:\n  give: { agent: giver, forEach: "[1, 2]", input: { fail: "${ has(input.fail) }" } }\n',
  );
  writeFileSync(
    join(cwd, 'reprise.config.ts'),
    "export default { workflows: ['./only.yaml'], agents: ['./only-agents.mjs'] };\n",
  );
  expect((await run('run', 'start', '--id', 'done', '--wait')).code).to.equal(0);
  expect((await run('run', 'start', '--id', 'failed', '--wait', '--input', '{"fail":1}')).code).to.equal(1);
});

describe('where there is one workflow', () => {
  it('it needs no name', async () => {
    const { code, stdout } = await run('workflow', 'graph');
    expect(code).to.equal(0);
    expect(stdout).to.contain('give');
  });

  it('and where there are several, they are named', async () => {
    const several = project();
    for (const command of [
      ['workflow', 'graph'],
      ['run', 'start'],
    ]) {
      const { code, stderr } = await reprise(command, { cwd: several });
      expect(code).to.equal(2);
      expect(stderr).to.match(/Which workflow\? Name one: there are greet@1, .*batch@1/);
    }
  });
});

describe('what is suggested', () => {
  it('is possible with a run that completed, and with one that failed', async () => {
    for (const command of [
      ['run', 'retry'],
      ['run', 'cancel'],
      ['run', 'pause'],
      ['run', 'resume'],
    ] as const) {
      const done = await run(...command, 'done');
      expect(done.code, done.stderr).to.equal(1);
      expect(done.stderr).to.contain('run fork').and.to.not.contain('run retry');
      if (command[1] === 'retry') continue;
      expect((await run(...command, 'failed')).stderr).to.contain('`reprise run retry` goes on from it');
    }
    expect((await run('run', 'signal', 'done', 'x')).stderr).to.not.contain('run retry');
  });

  it('works from here: with the store and the configuration that were named', async () => {
    const { stderr } = await run('run', 'start', '--store', 'other store.db', '--config', 'reprise.config.ts');
    expect(stderr).to.contain('reprise worker start --config reprise.config.ts --store "other store.db"');
  });

  for (const [args, message, fix] of [
    [['run', 'start', '--input'], '--input needs a value: --input JSON', undefined],
    [['run', 'list', '--limit', '0'], '--limit: Expected an integer greater than or equal to 1', undefined],
    [['run', 'list', '--status', 'faild'], "did you mean 'failed'?", undefined],
    [['worker', 'start', '--log'], '--log needs a value: --log trace|debug', undefined],
    [['run', 'replay', 'done', '--speed', '0'], '--speed 0 must be a number above 0', undefined],
    [['run', 'start', 'only', '--wait', '--follow'], '--follow and --wait exclude each other', undefined],
    [['run', 'start', '--inptu', '1'], "did you mean '--input'?", undefined],
    [['run', 'start', '--zzz'], 'no flag --zzz', '`reprise run start --help` lists the flags.'],
    [['run', 'signal', 'done'], 'name is missing', 'Write `reprise run signal <run> <name>`, or'],
    [['run', 'start', 'a', 'b'], 'Unexpected argument: b.', 'Write `reprise run start [workflow]`.'],
    [['run', 'list', 'a', 'b'], 'Unexpected argument: b.', 'A query with spaces is one argument, in quotes'],
    [['qqqqqq'], 'is not a command', '`reprise --help` lists the commands.'],
    [['run', 'strat'], 'Did you mean `reprise run start`?', undefined],
    [['run', 'list', '--after', 'x'], 'not a cursor', 'Give the cursor that the page before ended with'],
    [['run', 'fork', 'done', '--at', '999'], '999 is none of them', '`reprise run history` numbers the events'],
    [['run', 'start', '--id', 'last'], 'means the newest run', 'Choose another id.'],
    [['run', 'show', 'x', '--config', 'none.ts'], 'no configuration file', 'Correct --config'],
  ] as const) {
    it(`fits: ${args.join(' ')}`, async () => {
      const { code, stderr } = await run(...args);
      expect(code).to.be.greaterThan(0);
      expect(stderr)
        .to.contain(message)
        .and.to.not.match(/See more help|Parsing|The following error/);
      if (fix === undefined) expect(stderr).to.not.contain('Fix');
      else expect(stderr).to.contain(`Fix: ${fix}`);
    });
  }
});

describe('a filter by a name that is not there', () => {
  for (const [args, code, said] of [
    [['run', 'history', 'done', '--task', 'giv'], 2, "has no task 'giv'; did you mean 'give'? (there are give)."],
    [['run', 'history', 'done', '--follow', '--task', 'nope'], 2, "has no task 'nope'"],
    [['run', 'history', 'done', '--task', 'give.1'], 2, "did you mean 'give[1]'?"],
    [['run', 'history', 'done', '--type', 'TaskCompletd'], 2, "did you mean 'TaskCompleted'?"],
    [['run', 'history', 'done', '--from', '99'], 2, 'has no revision 99; its last one is'],
    [['run', 'history', 'done', '--type', 'TaskFailed'], 0, 'No event fits.'],
    [['run', 'history', 'done', '--task', 'give[7]'], 0, 'No event fits.'],
    [['run', 'list', '--workflow', 'onyl'], 3, "There is no workflow 'onyl'; did you mean 'only'?"],
    [['run', 'list', 'workflow:onyl'], 0, "No run fits. There is no workflow 'onyl'; did you mean 'only'?"],
    [['run', 'retry', 'failed', '--again', 'giv'], 2, "has no task 'giv'; did you mean 'give'?"],
    [['workflow', 'validate', 'onyl'], 3, "did you mean 'only'?"],
    [['workflow', 'graph', 'onyl'], 3, "did you mean 'only'?"],
  ] as const) {
    it(`is told: ${args.join(' ')}`, async () => {
      const result = await run(...args);
      expect(result.stderr).to.contain(said);
      expect(result.code).to.equal(code);
      expect(result.stdout).to.equal('');
    });
  }

  it('one that is there is no mistake', async () => {
    for (const task of ['give', 'give[1]']) {
      const { code, stdout, stderr } = await run('run', 'history', 'done', '--task', task);
      expect([code, stderr]).to.deep.equal([0, '']);
      expect(stdout).to.contain('TaskCompleted');
    }
  });
});

describe('a file that cannot be taken', () => {
  before(() => {
    mkdirSync(join(cwd, 'folder'));
    writeFileSync(join(cwd, 'empty'), '');
    writeFileSync(join(cwd, 'empty.yaml'), '');
    writeFileSync(join(cwd, 'binary'), Buffer.from([0, 255, 254, 1]));
    writeFileSync(join(cwd, 'binary.yaml'), Buffer.from([0, 255, 254, 1]));
  });

  for (const [args, code, said] of [
    [['run', 'import', 'folder'], 2, 'it is a folder'],
    [['run', 'import', 'none'], 2, 'there is no such file'],
    [['run', 'import', 'empty'], 4, 'the file is empty'],
    [['run', 'import', 'binary'], 4, 'zero byte'],
    [['run', 'start', '--input-file', 'folder'], 2, 'it is a folder'],
    [['run', 'start', '--input-file', 'none'], 2, 'there is no such file'],
    [['run', 'start', '--input-file', 'empty'], 2, 'is empty'],
    [['run', 'start', '--input-file', 'binary'], 2, 'no text in UTF-8'],
    [['run', 'signal', 'done', 'x', '--data-file', 'folder'], 2, 'it is a folder'],
    [['run', 'export', 'done', '--output', 'folder'], 2, 'it is a folder'],
    [['run', 'export', 'done', '--output', 'none/x'], 2, 'its folder is not there'],
    [['run', 'start', '--config', 'folder'], 4, 'it is a folder'],
    [['run', 'list', '--config', 'folder'], 4, 'it is a folder'],
    [['run', 'start', '--config', 'binary'], 4, 'no configuration by its name'],
    [['run', 'start', '--config', 'binary.yaml'], 4, 'no text in UTF-8'],
    [['run', 'list', '--store', 'folder'], 5, 'is not a file'],
    [['run', 'list', '--store', 'binary'], 5, 'not a Reprise event store'],
    [['workflow', 'validate', './folder'], 4, 'it is a folder'],
    [['workflow', 'validate', './none.ts'], 4, 'there is no such file'],
    [['workflow', 'validate', './binary.yaml'], 4, 'no text in UTF-8'],
    [['workflow', 'validate', './empty.yaml'], 4, 'must be a workflow'],
    [['workflow', 'graph', './folder'], 4, 'it is a folder'],
  ] as const) {
    it(`is told: ${args.join(' ')}`, async () => {
      const result = await run(...args);
      const text = `${result.stdout}${result.stderr}`;
      expect(text)
        .to.contain(said)
        .and.to.not.match(/REPRISE_UNEXPECTED|EISDIR|ENOENT/);
      expect(result.code).to.equal(code);
    });
  }
});
