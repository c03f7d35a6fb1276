import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { jsonLines, projects, Running, reprise } from './support.ts';

const project = projects();

const CONFIG = `
import { defineAgent, defineConfig, parseWorkflow } from '@reprise/core';
const hostile = '<img src=x onerror="globalThis.pwned = 1">\\u001b[31m\\u202e';
export default defineConfig({
  agents: [
    defineAgent({ name: 'reader', handle: async ({ taskId, attempt }, { logger, emit, signal }) => {
      logger.info('opened ' + taskId, { pages: 12 });
      emit({ read: 0.5 });
      logger.warn('odd: ' + hostile);
      if (taskId === 'slow') {
        for (let page = 0; !signal.aborted && page < 4000; page += 1) {
          logger.debug('page ' + page);
          if (page % 20 === 19) await new Promise((done) => setTimeout(done, 60));
        }
      }
      if (taskId === 'fails' && attempt === 1) throw Object.assign(new Error('torn page'), { code: 'TORN' });
      return attempt;
    } }),
  ],
  workflows: [
    parseWorkflow(\`
name: book
tasks:
  fails: { agent: reader, retry: { maxAttempts: 2, initialDelay: 1 } }
  many: { agent: reader, after: fails, forEach: "[1, 2]" }
\`),
    parseWorkflow('{ name: long, tasks: { slow: { agent: reader } } }'),
  ],
});
`;

describe('reprise run logs', function () {
  this.timeout(120_000);
  const cwd = project();
  let worker: Running;
  const config = ['-c', 'reprise.config.mjs'];
  const say = (...args: readonly string[]) => reprise([...args, ...config], { cwd });
  const logs = async (...args: readonly string[]) => jsonLines((await say('run', 'logs', ...args, '--json')).stdout);

  before(async () => {
    writeFileSync(join(cwd, 'reprise.config.mjs'), CONFIG);
    worker = new Running(['worker', 'start', '--log', 'silent', ...config], { cwd });
    await worker.saw(/Driving/);
  });
  after(async () => {
    worker.child.kill('SIGTERM');
    await worker.ended;
  });

  it('there are none before an agent has logged, and that is said', async () => {
    expect(existsSync(join(cwd, '.reprise', 'reprise.db-logs'))).to.equal(false);
    expect((await say('run', 'start', 'book', '--id', 'book-1')).code).to.equal(0);
    expect((await say('run', 'watch', 'book-1')).code).to.equal(0);
  });

  it('are shown by the command line, of a task, an attempt, a level', async () => {
    const all = await logs('book-1');
    expect(all.map(({ level }) => level)).to.include.members(['info', 'progress', 'warn']);
    const first = await logs('book-1', '--task', 'fails', '--attempt', '1');
    expect(first.every(({ task, attempt }) => task === 'fails' && attempt === 1)).to.equal(true);
    expect(JSON.stringify(first)).to.include('torn page');
    expect((await logs('book-1', '--task', 'many', '--level', 'warn')).map(({ task }) => task)).to.have.members([
      'many[0]',
      'many[1]',
    ]);
    expect(await logs('book-1', '--text', 'OPENED', '--tail', '1')).to.have.length(1);
    const { stdout } = await say('run', 'logs', 'book-1', '--level', 'warn');
    expect(stdout).to.include('odd: <img').and.not.include('\u001b[31m').and.not.include('\u202e');
    const unknown = await say('run', 'logs', 'book-1', '--task', 'fail');
    expect([unknown.code, unknown.stderr]).to.satisfy(
      ([code, text]: [number, string]) => code === 2 && text.includes("'fails'"),
    );
    expect((await say('run', 'logs', 'book-1', '--level', 'error')).stderr).to.include('No line fits.');
    const elsewhere = await say('run', 'logs', 'book-1', '--logs', 'nowhere');
    expect([elsewhere.code, elsewhere.stderr]).to.satisfy(
      ([code, text]: [number, string]) => code === 0 && text.includes('another machine'),
    );
  });

  it('are followed until the run ends', async () => {
    expect((await say('run', 'start', 'long', '--id', 'long-1')).code).to.equal(0);
    const following = new Running(['run', 'logs', 'long-1', '--follow', '--json', '-c', 'reprise.config.mjs'], {
      cwd,
    });
    await following.saw(/page 60/);
    expect((await say('run', 'cancel', 'long-1', '--reason', 'enough')).code).to.equal(0);
    const { code, stdout } = await following.ended;
    expect(code).to.equal(0);
    const pages = jsonLines(stdout).flatMap(({ message }) => /^page (\d+)$/.exec(String(message))?.[1] ?? []);
    expect(pages).to.deep.equal(pages.map((_, index) => String(index)));
    expect((await logs('long-1')).length).to.be.at.least(pages.length);
  });
});
