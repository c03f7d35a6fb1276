import { appendFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { jsonLines, projects, type Result, reprise } from './support.ts';

const ESCAPE = '\u001b';
const project = projects();

describe('reprise run', () => {
  let cwd: string;
  const run = (...args: string[]): Promise<Result> => reprise(['run', ...args], { cwd });
  const one = async (...args: string[]): Promise<Record<string, unknown>> => {
    const result = await run(...args, '--json');
    expect(result.code, result.stderr).to.equal(0);
    const lines = jsonLines(result.stdout);
    expect(lines).to.have.lengthOf(1);
    return lines[0] ?? {};
  };

  before(async () => {
    cwd = project();
    const failed = await run(
      'start',
      'batch',
      '--id',
      'failed-1',
      '--wait',
      '--input',
      '{"numbers":[1],"broken":true}',
    );
    expect(failed.code, failed.stderr).to.equal(1);
    const done = await run('start', 'batch', '--id', 'done-1', '--wait', '--input', '{"numbers":[1,2,3],"failOnce":2}');
    expect(done.code, done.stderr).to.equal(0);
  });

  describe('start', () => {
    it('waits, with the output on stdout and the rest on stderr', async () => {
      const { code, stdout, stderr } = await run('start', 'greet', '--wait', '--input', '{"name":"Ada"}');
      expect(code).to.equal(0);
      expect(stdout).to.equal('greeting  Hello, Ada!\n');
      expect(stderr).to.match(/^Run \S+ ✔ completed in /);
    });

    it('gives the outcome as one object with --wait --json', async () => {
      const outcome = await one('start', 'greet@1', '--wait', '--input', '{"name":"Ada"}', '--id', 'ada-1');
      expect(outcome).to.include({ runId: 'ada-1', workflow: 'greet', version: '1', status: 'completed' });
      expect(outcome['output']).to.deep.equal({ greeting: 'Hello, Ada!' });
    });

    it('shows the run with --follow, and ends with what to try next', async () => {
      const { code, stdout, stderr } = await run(
        'start',
        'batch',
        '--follow',
        '--input',
        '{"numbers":[1,2]}',
        '--id',
        'shown-1',
      );
      expect(code).to.equal(0);
      expect(stdout).to.equal('total  6\ncount  2\n');
      expect(stderr).to.match(/double +completed .*2\/2 items/);
      for (const next of ['run history shown-1', 'run replay shown-1', 'run graph shown-1']) {
        expect(stderr).to.contain(`reprise ${next}`);
      }
    });

    it('streams events, then the outcome, with --follow --json', async () => {
      const { code, stdout, stderr } = await run('start', 'greet', '--follow', '--json', '--input', '{"name":"Ada"}');
      expect(code).to.equal(0);
      expect(stderr).to.equal('');
      const lines = jsonLines(stdout);
      expect(lines.slice(0, -1).map((line) => line['kind'])).to.deep.equal(lines.slice(0, -1).map(() => 'event'));
      expect(lines.slice(0, -1).map((line) => line['revision'])).to.deep.equal(
        lines.slice(0, -1).map((_, index) => index),
      );
      expect(lines.at(-1)).to.deep.include({
        kind: 'outcome',
        status: 'completed',
        output: { greeting: 'Hello, Ada!' },
      });
    });

    it('reads the input from a file and from stdin', async () => {
      writeFileSync(join(cwd, 'input.json'), '{"name":"File"}');
      expect((await run('start', 'greet', '--wait', '--input-file', 'input.json')).stdout).to.contain('Hello, File!');
      const piped = await reprise(['run', 'start', 'greet', '--wait', '-F', '-'], { cwd, input: '{"name":"Pipe"}' });
      expect(piped.stdout).to.contain('Hello, Pipe!');
    });

    it('without waiting, prints the id, says that nobody drives, and how to change that', async () => {
      const { code, stdout, stderr } = await run('start', 'greet', '--input', '{"name":"Ada"}', '--id', 'later-1');
      expect(code).to.equal(0);
      expect(stdout).to.equal('later-1\n');
      expect(stderr).to.contain('reprise worker start');
      expect(await one('show', 'later-1')).to.include({ status: 'running' });
    });

    it('ends with 1 and the cause when the run fails', async () => {
      const { code, stdout, stderr } = await run(
        'start',
        'batch',
        '--follow',
        '--input',
        '{"numbers":[1],"broken":true}',
      );
      expect(code).to.equal(1);
      expect(stdout).to.equal('');
      expect(stderr).to.contain('the adder is broken').and.to.contain('run retry');
    });

    for (const [what, args, code, said] of [
      ['an unknown workflow', ['gret'], 3, "did you mean 'greet'?"],
      ['an unknown version', ['greet@7'], 3, 'greet@1'],
      ['input that is not JSON', ['greet', '--input', '{x'], 2, '--input'],
      ['an input file that is not there', ['greet', '--input-file', 'none.json'], 2, 'none.json'],
      ['two inputs', ['greet', '--input', '1', '--input-file', 'x'], 2, 'input-file'],
      ['a bad id', ['greet', '--id', '../x'], 2, 'REPRISE_INVALID_ID'],
      ['an id that means another thing', ['greet', '--id', 'Last'], 2, 'means the newest run'],
      ['an id that is taken', ['batch', '--id', 'done-1'], 1, 'REPRISE_RUN_EXISTS'],
      ['no workflow', [], 2, 'workflow'],
      ['a flag that does not exist', ['greet', '--folow'], 2, "did you mean '--follow'?"],
      ['--wait with --follow', ['greet', '--wait', '--follow'], 2, 'follow'],
      ['no such configuration', ['greet', '--config', 'none.ts'], 4, 'REPRISE_CONFIG_NOT_FOUND'],
    ] as const) {
      it(`refuses ${what}`, async () => {
        const result = await run('start', ...args);
        expect(result.code, result.stderr).to.equal(code);
        expect(result.stdout).to.equal('');
        expect(result.stderr).to.contain(said).and.to.not.contain('    at ').and.to.not.contain('--help');
      });
    }
  });

  describe('list', () => {
    it('lists the newest first, narrowed down', async () => {
      const all = (await one('list'))['runs'] as { runId: string; status: string; startedAt: string }[];
      expect(all.map(({ runId }) => runId)).to.include.members(['done-1', 'failed-1']);
      expect(all.map(({ startedAt }) => startedAt)).to.deep.equal(
        all
          .map(({ startedAt }) => startedAt)
          .toSorted()
          .toReversed(),
      );
      const failed = (await one('list', '--status', 'failed', '--workflow', 'batch', '--since', '1h'))[
        'runs'
      ] as typeof all;
      expect(failed.map(({ status }) => status)).to.deep.equal(failed.map(() => 'failed'));
      expect(failed.map(({ runId }) => runId)).to.include('failed-1');
    });

    it('pages', async () => {
      const first = await one('list', '--limit', '1');
      const second = await one('list', '--limit', '1', '--after', String(first['next']));
      expect(second['runs']).to.have.lengthOf(1);
      expect(second['runs']).to.not.deep.equal(first['runs']);
    });

    it('is a table for people', async () => {
      const { stdout, stderr } = await run('list', '--limit', '1');
      expect(stdout).to.match(/^RUN +WORKFLOW +STATUS +(FAILED +)?STARTED +TOOK +EVENTS\n\S+ +\S+ +\S+ \w+ /);
      expect(stderr).to.contain('--after');
    });

    it('of nothing is nothing, not an error', async () => {
      const fresh = project();
      const empty = await reprise(['run', 'list', '--json'], { cwd: fresh });
      expect(empty).to.deep.equal({ code: 0, stdout: '{"runs":[],"next":null}\n', stderr: '' });
      expect(existsSync(join(fresh, '.reprise'))).to.equal(false);
      expect((await run('list', '--workflow', 'stubborn')).stderr).to.contain('No run fits');
    });

    it('refuses what it cannot read', async () => {
      expect((await run('list', '--since', 'yesterday')).code).to.equal(2);
      expect((await run('list', '--status', 'done')).code).to.equal(2);
      expect((await run('list', '--after', 'x')).code).to.equal(2);
      expect((await run('list', '--store', 'none.db')).code).to.equal(5);
    });
  });

  describe('show, state and history', () => {
    it('show a run by the beginning of its id', async () => {
      const { stdout, code } = await run('show', 'don');
      expect(code).to.equal(0);
      expect(stdout)
        .to.contain('done-1')
        .and.to.contain('batch@1')
        .and.to.match(/double +✔ completed .*4 \(1 failed\).*3\/3 items/);
      expect(stdout).to.contain('total  12');
    });

    it('give the whole of it as JSON', async () => {
      const shown = await one('show', 'done-1');
      expect(shown['output']).to.deep.equal({ total: 12, count: 3 });
      expect(shown['input']).to.deep.equal({ numbers: [1, 2, 3], failOnce: 2 });
      expect((shown['tasks'] as { id: string }[]).map(({ id }) => id)).to.deep.equal(['double', 'add', 'bonus']);
    });

    it('fold the state at any revision', async () => {
      const start = await one('state', 'done-1', '--at', '0');
      expect(start).to.include({ status: 'running', revision: 0 });
      const end = await one('state', 'done-1');
      expect((end['tasks'] as Record<string, unknown>)['double[1]']).to.include({
        output: 4,
        attempt: 2,
        status: 'completed',
      });
      expect((await run('state', 'done-1')).stdout).to.contain('Results so far');
      const beyond = await run('state', 'done-1', '--at', '9999');
      expect(beyond.code).to.equal(2);
      expect(beyond.stderr).to.contain('its last one is');
    });

    it('print history, narrowed down', async () => {
      const all = jsonLines((await run('history', 'done-1', '--json')).stdout);
      expect(all.map((line) => line['revision'])).to.deep.equal(all.map((_, index) => index));
      expect(all[0]).to.include({ kind: 'event', type: 'RunStarted' });
      const late = jsonLines(
        (await run('history', 'done-1', '--json', '--from', '3', '--type', 'TaskCompleted', '--task', 'double')).stdout,
      );
      expect(late.map((line) => line['type'])).to.deep.equal(late.map(() => 'TaskCompleted'));
      expect(late).to.have.lengthOf(4);
      expect((await run('history', 'done-1', '--task', 'double[1]')).stdout.trim().split('\n')).to.have.lengthOf(7);
    });

    it('follow a run that has ended to its end', async () => {
      const followed = await run('history', 'done-1', '--follow');
      expect(followed.code).to.equal(0);
      expect(followed.stdout).to.equal((await run('history', 'done-1')).stdout);
    });

    for (const command of [
      'show',
      'state',
      'history',
      'replay',
      'watch',
      'export',
      'cancel',
      'pause',
      'resume',
      'retry',
    ]) {
      it(`${command} says when there is no such run`, async () => {
        const { code, stderr, stdout } = await run(command, 'dnoe-1');
        expect(code).to.equal(3);
        expect(stdout).to.equal('');
        expect(stderr).to.contain('REPRISE_RUN_NOT_FOUND').and.to.contain("did you mean 'done-1'?");
      });
    }

    it('name the candidates of an ambiguous id, and suggest event types', async () => {
      await run('start', 'greet', '--input', '{"name":"x"}', '--id', 'done-2');
      const { code, stderr } = await run('show', 'done', '--json');
      expect(code).to.equal(2);
      const { error } = JSON.parse(stderr) as { error: { code: string; details: { candidates: string[] } } };
      expect(error.code).to.equal('REPRISE_RUN_AMBIGUOUS');
      expect(error.details.candidates).to.have.members(['done-1', 'done-2']);
      expect((await run('history', 'done-1', '--type', 'TaskComplete')).stderr).to.contain(
        "did you mean 'TaskCompleted'?",
      );
    });

    it('work without the configuration, by --store', async () => {
      const elsewhere = project();
      rmSync(join(elsewhere, 'reprise.config.ts'));
      const store = join(cwd, '.reprise', 'reprise.db');
      const { code, stdout } = await reprise(['run', 'show', 'done-1', '--store', store], { cwd: elsewhere });
      expect(code).to.equal(0);
      expect(stdout).to.contain('batch@1');
    });

    it('load no agent and no workflow', async () => {
      const config = join(cwd, 'reprise.config.ts');
      appendFileSync(config, '\nthrow new Error("this must not run");\n');
      try {
        for (const command of ['show', 'state', 'history', 'replay', 'watch', 'export']) {
          const { code, stderr } = await run(command, 'done-1');
          expect(code, `${command}: ${stderr}`).to.equal(0);
        }
        expect((await run('list')).code).to.equal(0);
        expect((await run('cancel', 'done-2', '--reason', 'no more')).code).to.equal(0);
        expect((await run('start', 'greet')).code).to.equal(4);
      } finally {
        const { readFileSync } = await import('node:fs');
        writeFileSync(config, readFileSync(config, 'utf8').replace(/\nthrow .*\n/, ''));
      }
    });
  });

  describe('output', () => {
    it('has no escapes when it is not a terminal', async () => {
      for (const args of [
        ['list'],
        ['show', 'done-1'],
        ['history', 'done-1'],
        ['replay', 'done-1'],
        ['watch', 'done-1'],
        ['show', 'nope'],
      ]) {
        const { stdout, stderr } = await run(...args);
        expect(stdout + stderr, args.join(' ')).to.not.contain(ESCAPE);
      }
    });

    it('honours FORCE_COLOR, and NO_COLOR over it', async () => {
      const show = (env: NodeJS.ProcessEnv) => reprise(['run', 'show', 'done-1'], { cwd, env });
      expect((await show({ FORCE_COLOR: '1' })).stdout).to.contain(ESCAPE);
      expect((await show({ FORCE_COLOR: '1', NO_COLOR: '1' })).stdout).to.not.contain(ESCAPE);
    });

    it('shows a stack only with DEBUG', async () => {
      expect((await run('show', 'nope')).stderr).to.not.contain('    at ');
      expect((await reprise(['run', 'show', 'nope'], { cwd, env: { DEBUG: '1' } })).stderr).to.contain('    at ');
    });
  });
});
