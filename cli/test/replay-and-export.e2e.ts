import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { jsonLines, projects, Running, reprise } from './support.ts';

const project = projects();

describe('replay, export and import', () => {
  let cwd: string;
  let exported: string;
  const say = (...args: string[]) => reprise(args, { cwd });
  const importing = (text: string, ...flags: string[]) =>
    reprise(['run', 'import', '-', '--store', 'copy.db', ...flags], { cwd, input: text });
  const lines = (): string[] => exported.trimEnd().split('\n');

  before(async () => {
    cwd = project();
    const done = await say(
      'run',
      'start',
      'batch',
      '--id',
      'done-1',
      '--wait',
      '--input',
      '{"numbers":[1,2,3],"failOnce":2}',
    );
    expect(done.code, done.stderr).to.equal(0);
    exported = (await say('run', 'export', 'done-1')).stdout;
  });

  describe('replay', () => {
    it('draws the run and says that the states are equal', async () => {
      const { code, stdout } = await say('run', 'replay', 'last');
      expect(code).to.equal(0);
      expect(stdout).to.match(/✔ double +[▁▂▃▄▅▆▇█✖· ]+ completed .*3\/3 items/);
      expect(stdout).to.contain('The replayed state equals the recorded one');
    });

    it('is one object with --json', async () => {
      const { stdout } = await say('run', 'replay', 'done-1', '--json');
      const [result] = jsonLines(stdout);
      expect(result).to.include({ runId: 'done-1', status: 'completed', matches: true });
      expect(result?.['recordedDigest']).to.equal(result?.['replayedDigest']);
    });

    it('up to a revision has nothing to compare with', async () => {
      const { code, stdout } = await say('run', 'replay', 'done-1', '--to', '5');
      expect(code).to.equal(0);
      expect(stdout).to.contain('At revision 5 the run had not ended').and.to.contain('Folded 6 events');
    });

    it('unfolds in time, and step by step', async () => {
      const timed = await say('run', 'replay', 'done-1', '--speed', '100');
      expect(timed.stdout).to.match(/run +started[\s\S]*double\[1\] +attempt failed[\s\S]*equals the recorded one/);
      const stepped = await reprise(['run', 'replay', 'done-1', '--step'], { cwd, input: '\n\n' });
      expect(stepped.code).to.equal(0);
      expect(stepped.stdout).to.match(/ 0 {2}RunStarted[\s\S]*RunCompleted[\s\S]*equals the recorded one/);
    });

    it('stops at Ctrl-C, however slowly it goes', async () => {
      const slow = new Running(['run', 'replay', 'done-1', '--speed', '0.0001'], { cwd });
      await slow.saw(/run +started/);
      slow.child.kill('SIGINT');
      expect((await slow.ended).code).to.equal(130);
    });

    it('refuses flags that make no sense', async () => {
      for (const flags of [
        ['--speed', '0'],
        ['--speed', 'fast'],
        ['--speed', '2', '--step'],
        ['--step', '--json'],
        ['--to', '-1'],
      ]) {
        expect((await say('run', 'replay', 'done-1', ...flags)).code, flags.join(' ')).to.equal(2);
      }
    });
  });

  describe('export and import', () => {
    it('bring a run to another store unchanged', async () => {
      const header = JSON.parse(lines()[0] ?? '') as Record<string, unknown>;
      expect(header).to.include({
        format: 'reprise-run',
        formatVersion: 1,
        runId: 'done-1',
        events: lines().length - 1,
      });
      expect((await say('run', 'export', 'done-1', '--output', 'run.ndjson')).stderr).to.contain('Wrote 1 run');
      const imported = await say('run', 'import', 'run.ndjson', '--store', 'whole.db', '--json');
      expect(imported.code, imported.stderr).to.equal(0);
      expect(jsonLines(imported.stdout)[0]).to.deep.equal({
        runId: 'done-1',
        status: 'completed',
        events: lines().length - 1,
        matches: true,
      });
      const again = (await say('run', 'export', 'done-1', '--store', 'whole.db')).stdout;
      expect(again.split('\n').slice(1)).to.deep.equal(exported.split('\n').slice(1));
      expect((await say('run', 'replay', 'done-1', '--store', 'whole.db')).code).to.equal(0);
      expect((await say('run', 'list', '--store', 'whole.db')).stdout).to.contain('done-1');
    });

    it('take several runs at once', async () => {
      await say('run', 'start', 'greet', '--id', 'other-1', '--wait', '--input', '{"name":"x"}');
      const both = (await say('run', 'export', 'done-1', 'other-1')).stdout;
      const imported = await reprise(['run', 'import', '-', '--store', 'both.db'], { cwd, input: both });
      expect(imported.stdout).to.equal('done-1\nother-1\n');
    });

    it('refuse an altered history, naming line, event and field', async () => {
      const altered = lines().map((line) =>
        line.includes('"TaskCompleted"') ? line.replace('"output":4', '"output":5') : line,
      );
      expect(altered.join('\n')).to.not.equal(lines().join('\n'));
      const imported = await reprise(['run', 'import', '-', '--store', 'altered.db', '--json'], {
        cwd,
        input: altered.join('\n'),
      });
      expect(imported.code).to.equal(4);
      expect(jsonLines(imported.stderr)[0]).to.deep.include({
        error: {
          code: 'REPRISE_IMPORT_INVALID',
          message: `Line ${lines().length}: event ${lines().length - 2} (RunCompleted), data.stateDigest: is not the digest that these events come to: it, or an event before it, was changed.`,
          fix: 'Export the run again with `reprise run export`, and import the file as it is; the message names line, event and field.',
          details: {
            line: lines().length,
            revision: lines().length - 2,
            event: 'RunCompleted',
            field: 'data.stateDigest',
          },
          exitCode: 4,
        },
      });
    });

    it('replay a history that was altered in its store: it does not match, and the exit code says so', async () => {
      const { events: opened } = await createSqliteStorage({ path: join(cwd, 'forged.db') });
      const events = lines()
        .slice(1)
        .map((line) => JSON.parse(line.includes('"TaskCompleted"') ? line.replace('"output":4', '"output":5') : line));
      const summary = { kind: 'run', name: 'batch', status: 'completed', createdAt: 1, updatedAt: 2 };
      await opened.append('run-done-1', events, -1, { summary });
      await opened.close();
      const replayed = await say('run', 'replay', 'done-1', '--store', 'forged.db');
      expect(replayed.code).to.equal(1);
      expect(replayed.stdout)
        .to.contain('differs from the recorded one')
        .and.to.match(/recorded 1:\w{64}\n +replayed 1:\w{64}/);
      const json = await say('run', 'replay', 'done-1', '--store', 'forged.db', '--json');
      expect(json.code).to.equal(1);
      expect(jsonLines(json.stdout)[0]).to.include({ matches: false });
    });

    it('refuse a run that is there already', async () => {
      expect((await importing(exported)).code).to.equal(0);
      const twice = await importing(exported);
      expect(twice.code).to.equal(1);
      expect(twice.stderr).to.contain('REPRISE_RUN_EXISTS');
    });

    for (const [what, change, said] of [
      ['a broken line', (all: string[]) => all.with(3, '{"revision":'), 'Line 4: it is not JSON'],
      ['a missing line', (all: string[]) => all.toSpliced(3, 1), 'revision: is 3 where 2 must be'],
      ['a doubled line', (all: string[]) => all.toSpliced(3, 0, all[2] ?? ''), 'revision: is 1 where 2 must be'],
      ['a file that was cut off', (all: string[]) => all.slice(0, -4), 'events that its header speaks of'],
      ['no header', (all: string[]) => all.slice(1), 'Line 1: the first line must be the header'],
      ['an event of another format', (all: string[]) => all.with(0, '{"format":"csv"}'), 'Line 1: it is no export'],
      [
        'an unknown event type',
        (all: string[]) => all.with(2, (all[2] ?? '').replace('TaskExpanded', 'TaskExploded')),
        'Line 3: ',
      ],
      [
        'another run under its name',
        (all: string[]) => all.with(0, (all[0] ?? '').replace('done-1', 'done-9')),
        'data.runId: is',
      ],
      [
        'events after the end',
        (all: string[]) => [...all, (all[2] ?? '').replace('"revision":1', `"revision":${all.length - 1}`)],
        'it follows the end',
      ],
      ['nothing at all', () => [''], 'the file is empty'],
    ] as const) {
      it(`refuse ${what}, whole`, async () => {
        const store = `refused-${what.replaceAll(' ', '-')}.db`;
        const result = await reprise(['run', 'import', '-', '--store', store], {
          cwd,
          input: change(lines()).join('\n'),
        });
        expect(result.code, result.stderr).to.equal(4);
        expect(result.stderr).to.contain('REPRISE_IMPORT_INVALID').and.to.contain(said);
        expect(jsonLines((await say('run', 'list', '--store', store, '--json')).stdout)[0]?.['runs']).to.deep.equal([]);
      });
    }

    it('refuse a run that is open, unless that is meant', async () => {
      const open = lines().slice(0, 5);
      open[0] = JSON.stringify({ ...(JSON.parse(open[0] ?? '') as object), events: 4 });
      const refused = await reprise(['run', 'import', '-', '--store', 'open.db'], { cwd, input: open.join('\n') });
      expect(refused.code).to.equal(4);
      expect(refused.stderr).to.contain('--open');
      const meant = await reprise(['run', 'import', '-', '--store', 'open.db', '--open'], {
        cwd,
        input: open.join('\n'),
      });
      expect(meant.code, meant.stderr).to.equal(0);
      expect((await say('worker', 'start', '--store', 'open.db', '--until-idle', '--log', 'silent')).code).to.equal(0);
      expect((await say('run', 'show', 'done-1', '--store', 'open.db')).stdout).to.contain('✔ completed');
    });

    it('say when a file cannot be read or written', async () => {
      expect((await say('run', 'import', 'none.ndjson')).code).to.equal(2);
      expect((await say('run', 'export', 'done-1', '--output', join('none', 'x.ndjson'))).code).to.equal(2);
      writeFileSync(join(cwd, 'text.db'), 'this is no database, and stays as it is');
      const corrupt = await say('run', 'list', '--store', 'text.db');
      expect(corrupt.code).to.equal(5);
      expect(corrupt.stderr).to.contain('REPRISE_STORE_CORRUPT');
      expect(readFileSync(join(cwd, 'text.db'), 'utf8')).to.contain('stays as it is');
    });
  });
});
