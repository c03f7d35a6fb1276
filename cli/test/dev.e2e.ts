import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { BIN, jsonLines, projects, Running, reprise, temporaryFolders } from './support.ts';

const project = projects();
const folders = temporaryFolders();

const CONFIG = `import { defineAgent, defineConfig, workflow } from '@reprise/core';
import { appendFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { word } from './word.mjs';
const note = (text) => appendFileSync('calls.txt', text + '\\n');
const once = { delivery: 'at-most-once' };
export default defineConfig({
  agents: [
    defineAgent({ name: 'speaker', handle: () => word }),
    defineAgent({ name: 'slow', handle: async (_, { signal }) => { note('slow ' + word); await wait(word === 'one' ? 60000 : 10, undefined, { signal }); return word; } }),
    defineAgent({ name: 'payer', handle: async () => { note('pay'); await wait(4000); return 'paid'; } }),
    defineAgent({ name: 'ender', handle: async () => { note('end'); if (word === 'one') process.exit(3); return 'went on'; } }),
    defineAgent({ name: 'looper', handle: () => { note('loop'); while (word === 'one'); return 'out'; } }),
  ],
  workflows: [
    workflow('speak').task('speak', 'speaker').build(),
    workflow('slow').task('work', 'slow').build(),
    workflow('pay').task('pay', 'payer', once).build(),
    workflow('end').task('end', 'ender').build(),
    workflow('loop').task('loop', 'looper').build(),
    workflow('asks').wait('go', { signal: 'go' }).task('say', 'speaker', { after: 'go', input: () => word }).build(),
  ],
});
`;

describe('reprise dev', function () {
  this.timeout(60_000);
  const running: Running[] = [];

  afterEach(async () => {
    for (const one of running) one.child.kill('SIGINT');
    for (const one of running) one.child.kill('SIGINT');
    for (const one of running.splice(0)) await one.ended;
  });

  const newProject = (config = CONFIG): string => {
    const cwd = project();
    for (const file of readdirSync(cwd)) if (file !== 'node_modules') rmSync(join(cwd, file));
    writeFileSync(join(cwd, 'reprise.config.mjs'), config);
    writeFileSync(join(cwd, 'word.mjs'), "export const word = 'one';\n");
    return cwd;
  };
  const dev = (cwd: string, ...args: string[]): Running => {
    const one = new Running(['dev', '--no-dashboard', ...args], { cwd });
    running.push(one);
    return one;
  };
  const begun = async (cwd: string, ...args: string[]): Promise<Running> => {
    const one = dev(cwd, ...args);
    await one.saw(/Loaded/);
    return one;
  };
  const times = ({ stderr }: Running, pattern: RegExp): number => stderr.match(pattern)?.length ?? 0;
  const calls = (cwd: string): readonly string[] =>
    existsSync(join(cwd, 'calls.txt')) ? readFileSync(join(cwd, 'calls.txt'), 'utf8').trim().split('\n') : [];
  const outputOf = async (cwd: string, run: string): Promise<unknown> => {
    const watching = await reprise(['run', 'watch', run], { cwd });
    const { stdout } = await reprise(['run', 'show', run, '--json'], { cwd });
    return jsonLines(stdout)[0]?.['output'] ?? watching.stderr;
  };
  /** As editors do: under another name first. */
  const save = (file: string, text: string): void => {
    writeFileSync(`${file}.tmp~`, text);
    renameSync(`${file}.tmp~`, file);
  };
  const say = (cwd: string, word: string): void => save(join(cwd, 'word.mjs'), `export const word = '${word}';\n`);
  const start = async (cwd: string, workflow: string, id: string): Promise<void> => {
    const { code, stderr } = await reprise(['run', 'start', workflow, '--id', id], { cwd });
    expect(code, stderr).to.equal(0);
  };
  const until = async (is: () => boolean): Promise<void> => {
    for (let looks = 0; !is(); looks += 1) {
      if (looks > 600) throw new Error('it has not come to that');
      await new Promise((done) => setTimeout(done, 50));
    }
  };
  /** The processes that it has begun. */
  const childrenOf = (pid: number | undefined): readonly number[] =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
  const isAlive = (pid: number): boolean => {
    try {
      return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
    } catch {
      return false;
    }
  };

  it('loads code anew as it changes, in one line, and tells the ends of runs', async () => {
    const cwd = newProject();
    const one = await begun(cwd);
    expect(one.stderr).to.match(/Watching 2 files of \./);
    await start(cwd, 'speak', 's1');
    await one.saw(/✔ s1 speak completed in/);
    say(cwd, 'two');
    await one.saw(/Reloaded word\.mjs: 6 workflows, 5 agents, in [\d.]+m?s\./);
    await start(cwd, 'speak', 's2');
    await one.saw(/s2 speak completed/);
    expect(await outputOf(cwd, 's1')).to.equal('one');
    expect(await outputOf(cwd, 's2')).to.equal('two');
  });

  it('gives attempts two seconds, and does them again with the new code, once', async () => {
    const cwd = newProject();
    const one = await begun(cwd);
    await start(cwd, 'slow', 'w1');
    await until(() => calls(cwd).length === 1);
    say(cwd, 'two');
    await one.saw(/Reloaded/);
    await one.saw(/w1 slow completed/);
    expect(await outputOf(cwd, 'w1')).to.equal('two');
    expect(calls(cwd)).to.deep.equal(['slow one', 'slow two']);
  });

  it('awaits at-most-once attempts', async () => {
    const cwd = newProject();
    const one = await begun(cwd);
    await start(cwd, 'pay', 'p1');
    await until(() => calls(cwd).length === 1);
    say(cwd, 'two');
    await one.saw(/Waiting for 1 at-most-once attempt under way/);
    await one.saw(/p1 pay completed[\s\S]*Reloaded/);
    expect(await outputOf(cwd, 'p1')).to.equal('paid');
    expect(calls(cwd)).to.deep.equal(['pay']);
  });

  it('keeps the code before while the new one does not load, says why once, and goes on when it is mended', async () => {
    const cwd = newProject();
    const one = await begun(cwd);
    await start(cwd, 'asks', 'a1');
    for (const broken of ['export const word = ;', 'export const word = ; // still']) {
      save(join(cwd, 'word.mjs'), broken);
      const seen = broken.includes('still') ? /The same as before/ : /The code before goes on/;
      await one.saw(seen);
    }
    expect(times(one, /Error REPRISE_CONFIG_INVALID/g)).to.equal(1);
    expect(one.stderr).to.match(/Changed: word\.mjs\./);
    expect((await reprise(['run', 'signal', 'a1', 'go'], { cwd })).code).to.equal(0);
    await one.saw(/a1 asks completed/);
    expect(await outputOf(cwd, 'a1')).to.equal('one');
    say(cwd, 'two');
    await one.saw(/Reloaded/);
  });

  it('begins with code that does not load, and with a configuration that goes away and comes back', async () => {
    const cwd = newProject();
    const config = readFileSync(join(cwd, 'reprise.config.mjs'), 'utf8');
    writeFileSync(join(cwd, 'reprise.config.mjs'), 'export default {');
    const one = dev(cwd);
    await one.saw(/Error REPRISE_CONFIG_INVALID[\s\S]*Waiting for a change/);
    save(join(cwd, 'reprise.config.mjs'), config);
    await one.saw(/Loaded reprise\.config\.mjs/);
    rmSync(join(cwd, 'reprise.config.mjs'));
    await one.saw(/Error REPRISE_CONFIG_NOT_FOUND[\s\S]*The code before goes on/);
    save(join(cwd, 'reprise.config.mjs'), config);
    await one.saw(/Reloaded/);
  });

  it('takes a burst of saves as one, and sees files that go, and that come in new folders', async () => {
    const cwd = newProject();
    const one = await begun(cwd);
    for (let save_ = 0; save_ < 30; save_ += 1) {
      writeFileSync(join(cwd, 'word.mjs'), `export const word = '${save_}';\n`);
      await new Promise((done) => setTimeout(done, 10));
    }
    await one.saw(/Reloaded/);
    await new Promise((done) => setTimeout(done, 1500));
    expect(times(one, /Reloaded/g)).to.be.at.most(2);
    rmSync(join(cwd, 'word.mjs'));
    await one.saw(/Error REPRISE_CONFIG_INVALID[\s\S]*word\.mjs/);
    mkdirSync(join(cwd, 'words', 'new'), { recursive: true });
    writeFileSync(join(cwd, 'words', 'new', 'one.mjs'), "export const word = 'new';\n");
    writeFileSync(join(cwd, 'word.mjs'), "export { word } from './words/new/one.mjs';\n");
    await one.saw(/(Reloaded[\s\S]*){2}/);
    writeFileSync(join(cwd, 'words', 'new', 'one.mjs'), "export const word = 'newer';\n");
    await one.saw(/Reloaded words\/new\/one\.mjs:/);
    await start(cwd, 'speak', 's1');
    await one.saw(/s1 speak completed/);
    expect(await outputOf(cwd, 's1')).to.equal('newer');
  });

  it('does not take what is no part of the project, or is to be ignored, for a change', async () => {
    const cwd = newProject();
    mkdirSync(join(cwd, 'prompts'));
    const one = await begun(cwd, '--watch', 'prompts', '--ignore', 'out');
    mkdirSync(join(cwd, 'out'));
    writeFileSync(join(cwd, 'out', 'made.json'), '{}');
    writeFileSync(join(cwd, 'notes.md'), '# notes');
    await start(cwd, 'speak', 's1');
    await one.saw(/s1 speak completed/);
    await new Promise((done) => setTimeout(done, 2500));
    expect(times(one, /Reloaded/g)).to.equal(0);
    writeFileSync(join(cwd, 'prompts', 'greeting.md'), 'Hello');
    await one.saw(/Reloaded prompts\/greeting\.md/);
  });

  it('says what becomes of open runs', async () => {
    const cwd = newProject();
    const one = await begun(cwd);
    await start(cwd, 'asks', 'a1');
    const config = join(cwd, 'reprise.config.mjs');
    const text = readFileSync(config, 'utf8');
    save(config, text.replace('input: () => word', 'input: () => word + word'));
    await one.saw(/1 open run: 1 goes on\./);
    save(config, text.replace(', input: () => word', ''));
    await one.saw(/1 open run: 1 does not\.\n {2}a1 asks: /);
    save(config, text);
    await one.saw(/(1 goes on[\s\S]*){2}/);
    expect((await reprise(['run', 'signal', 'a1', 'go'], { cwd })).code).to.equal(0);
    await one.saw(/a1 asks completed/);
  });

  it('begins a process anew that ends by itself or is killed, ever more rarely, and at once when a file changes', async () => {
    const cwd = newProject();
    const one = await begun(cwd);
    await start(cwd, 'end', 'e1');
    await one.saw(/ended by itself \(exit code 3\)/);
    await one.saw(/Begun anew in 500ms/);
    say(cwd, 'two');
    await one.saw(/e1 end completed/);
    const [child = 0] = childrenOf(one.child.pid);
    process.kill(child, 'SIGKILL');
    await one.saw(/ended by itself \(SIGKILL\)/);
    await start(cwd, 'speak', 's1');
    await one.saw(/s1 speak completed/);
  });

  it('ends a process that does not answer', async () => {
    const cwd = newProject();
    const one = await begun(cwd);
    await start(cwd, 'loop', 'l1');
    await until(() => calls(cwd).length === 1);
    say(cwd, 'two');
    await one.saw(/does not answer: something in it never gives way/);
    await one.saw(/l1 loop completed/);
  });

  it('drains at the first Ctrl-C, stops at the second, and leaves no process behind', async () => {
    const cwd = newProject();
    const one = await begun(cwd);
    await start(cwd, 'pay', 'p1');
    await until(() => calls(cwd).length === 1);
    one.child.kill('SIGINT');
    await one.saw(/Stopping\. Waiting for 1 attempt under way\. Ctrl-C again/);
    expect((await one.ended).code).to.equal(130);
    const other = await begun(cwd);
    await start(cwd, 'slow', 'w1');
    await until(() => calls(cwd).includes('slow one'));
    const children = childrenOf(other.child.pid);
    other.child.kill('SIGINT');
    await other.saw(/Stopping\. Waiting/);
    other.child.kill('SIGINT');
    expect((await other.ended).code).to.equal(130);
    expect(children.filter(isAlive)).to.deep.equal([]);
    const { stdout } = await reprise(['run', 'list', '--json'], { cwd });
    const runs = jsonLines(stdout).flatMap((line) => (line['runs'] as { runId: string; status: string }[]) ?? []);
    expect(runs.map(({ runId, status }) => `${runId} ${status}`)).to.have.members(['p1 completed', 'w1 running']);
  });

  it('leaves nothing behind when it is killed itself, dashboard included', async () => {
    const cwd = newProject();
    const one = new Running(['dev', '--port', '0'], { cwd });
    await one.saw(/Dashboard, for one browser: http/);
    const children = childrenOf(one.child.pid);
    expect(children).to.have.length(2);
    one.child.kill('SIGKILL');
    await until(() => !children.some(isAlive));
  });

  it('says nothing of its dashboard when all of them are asked to end, and does when it alone is', async () => {
    const cwd = newProject();
    for (const all of [true, false]) {
      const host = spawn(process.execPath, [BIN, 'dev', '--port', '0'], {
        cwd,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      for (const stream of [host.stdout, host.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => {
          said += text;
        });
      const { pid = 0 } = host;
      const ended = once(host, 'close');
      try {
        await until(() => /Dashboard, for one browser/.test(said));
        if (all) process.kill(-pid, 'SIGTERM');
        else {
          const [child = 0] = childrenOf(pid).filter((one) =>
            readFileSync(`/proc/${one}/cmdline`, 'utf8').includes('dashboard-child'),
          );
          process.kill(child, 'SIGTERM');
          await until(() => /No dashboard: it ended/.test(said));
          host.kill('SIGTERM');
        }
        const [code] = await ended;
        expect(code).to.equal(143);
        if (all) expect(said).to.not.contain('No dashboard');
      } finally {
        if (host.exitCode === null) process.kill(-pid, 'SIGKILL');
      }
    }
  });

  it('keeps the address of the dashboard, and its session, while code is loaded anew', async () => {
    const cwd = newProject();
    const one = new Running(['dev', '--port', '0', '--json'], { cwd });
    running.push(one);
    await one.saw(/"event":"dashboard"/);
    const { link } = jsonLines(one.stdout).find(({ event }) => event === 'dashboard') ?? {};
    const entered = await fetch(String(link), { redirect: 'manual' });
    const cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const workflows = async (): Promise<string> => {
      const answer = await fetch(new URL('/api/v1/workflows', String(link)), { headers: { cookie } });
      expect(answer.status).to.not.equal(401);
      return answer.text();
    };
    expect(await workflows())
      .to.contain('"speak"')
      .and.not.contain('"whisper"');
    // Several changes in a row, one of them while the dashboard begins anew.
    say(cwd, 'two');
    await one.saw(/"event":"reloaded"/);
    writeFileSync(join(cwd, 'reprise.config.mjs'), CONFIG.replace("workflow('speak')", "workflow('whisper')"));
    // Between two of them there is none for a moment, which a browser bears.
    const shows = async (name: string): Promise<boolean> =>
      (await workflows().catch((error: unknown) => (error instanceof TypeError ? '' : Promise.reject(error)))).includes(
        `"${name}"`,
      );
    for (let looks = 0; looks < 150 && !(await shows('whisper')); looks += 1)
      await new Promise((done) => setTimeout(done, 100));
    expect(await workflows()).to.contain('"whisper"');
    // The link that was not used yet still works, and was told once.
    const links = jsonLines(one.stdout).flatMap(({ event, link: told }) =>
      event === 'dashboard' ? [String(told)] : [],
    );
    expect(links).to.have.length(2);
    expect((await fetch(links[1] ?? '', { redirect: 'manual' })).headers.get('set-cookie')).to.be.a('string');
    expect(jsonLines(one.stdout).every(({ kind }) => kind === 'dev')).to.equal(true);
  });

  it('says when the port of the dashboard is taken, or the dashboard is not installed, and works', async () => {
    const cwd = newProject();
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { readonly port: number };
    const one = new Running(['dev', '--port', String(port)], { cwd });
    running.push(one);
    await one.saw(/No dashboard: .*another program does/);
    server.close();
    const bare = bareInstallation();
    const other = spawn(process.execPath, [join(bare, 'cli', 'bin', 'run.js'), 'dev', '--store', 'other.db'], {
      cwd,
      env: { PATH: process.env['PATH'], REPRISE_NO_HANDOVER: '1' },
    });
    let said = '';
    other.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await until(() => /No dashboard: @reprise\/monitor-dashboard is not installed/.test(said));
    expect(said).to.contain('Loaded');
    const ended = new Promise((done) => other.once('close', done));
    other.kill('SIGINT');
    await ended;
  });

  it('waits while another process drives the store, and takes over', async () => {
    const cwd = newProject();
    const worker = new Running(['worker', 'start', '--log', 'silent'], { cwd });
    await worker.saw(/Driving/);
    const one = await begun(cwd);
    await one.saw(/Another process drives this store/);
    worker.child.kill('SIGINT');
    await worker.ended;
    await one.saw(/The other process has ended\. Driving\./);
  });

  it('says what is wrong with what it is given', async () => {
    const bare = folders();
    const none = await reprise(['dev'], { cwd: bare });
    expect(none.code).to.equal(4);
    expect(none.stderr).to.contain('REPRISE_CONFIG_NOT_FOUND');
    const cwd = newProject();
    for (const args of [
      ['dev', '--port', '99999'],
      ['dev', '--port', 'x'],
      ['dev', 'now'],
      ['dev', '--wacth', 'x'],
      ['dev', '--log', 'loud'],
      ['dev', '--watch'],
      ['dev', '--watch', 'not-there'],
      ['dev', '--port', '1', '--no-dashboard'],
    ]) {
      const { code, stderr } = await reprise(args, { cwd });
      expect(code, `${args.join(' ')}: ${stderr}`).to.equal(2);
      expect(stderr).to.contain('REPRISE_USAGE');
    }
  });

  /** The command without its dashboard. */
  function bareInstallation(): string {
    const root = resolve(import.meta.dirname, '..', '..');
    const bare = folders();
    mkdirSync(join(bare, 'cli'));
    for (const part of ['bin', 'dist', 'package.json', 'oclif.manifest.json'])
      cpSync(join(root, 'cli', part), join(bare, 'cli', part), { recursive: true });
    mkdirSync(join(bare, 'node_modules', '@reprise'), { recursive: true });
    for (const [from, to] of [
      [join(root, 'node_modules'), join(bare, 'node_modules')],
      [join(root, 'node_modules', '@reprise'), join(bare, 'node_modules', '@reprise')],
    ] as const)
      for (const name of readdirSync(from))
        if (!['@reprise', '.bin', 'monitor-dashboard'].includes(name)) symlinkSync(join(from, name), join(to, name));
    return bare;
  }
});
