import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReprise, defineAgent, workflow } from '@reprise/core';
import { isRepriseError, type Notice, systemClock, systemIds, systemRandom } from '@reprise/core/plugin';
import { expect } from 'chai';
import { after, describe, it } from 'mocha';
import { type KeptLogsOptions, keptLogs, readKeptLogs } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'reprise-kept-'));
let made = 0;
const newPath = (): string => {
  made += 1;
  return join(folder, `${made}`, 'logs');
};
const keeper = async (options: KeptLogsOptions) => {
  let now = 1_000_000;
  const clock = { ...systemClock, now: () => now, schedule: systemClock.schedule.bind(systemClock) };
  const monitor = await keptLogs(options).create({ clock, ids: systemIds, random: systemRandom });
  const log = (message: string, more: Partial<Extract<Notice, { kind: 'log' }>> = {}) =>
    monitor.onNotice?.({ kind: 'log', level: 'info', message, runId: 'r1', taskId: 'a', attempt: 1, ...more });
  return {
    monitor,
    log,
    tick: (ms: number) => {
      now += ms;
    },
  };
};

describe('kept logs', () => {
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('have what agents log and emit, attempt by attempt, beside a run that knows nothing of it', async () => {
    const path = newPath();
    const agent = defineAgent({
      name: 'worker',
      handle: ({ attempt, taskId }: { attempt: number; taskId: string }, { logger, emit }) => {
        logger.info(`try ${attempt}`, { of: taskId });
        emit({ done: attempt });
        if (attempt === 1 && taskId === 'a') throw new Error('not yet');
        logger.warn('fine');
        return attempt;
      },
    });
    const definition = workflow('w')
      .task('a', agent, { retry: { maxAttempts: 2, initialDelay: 1 } })
      .task('ab', agent)
      .build();
    const reprise = await createReprise({ workflows: [definition], plugins: [keptLogs({ path })] });
    await reprise.start();
    const run = await reprise.startRun(definition, null, { id: 'r1' });
    await run.result();
    await reprise.stop();
    const lines = readKeptLogs(path, { runId: 'r1', taskId: 'a' }) ?? [];
    expect(lines.map(({ level, message, attempt }) => [level, message.split(':')[0], attempt])).to.deep.include.members(
      [
        ['info', 'try 1', 1],
        ['progress', '', 1],
        ['info', 'try 2', 2],
        ['warn', 'fine', 2],
      ],
    );
    expect(lines.every(({ taskId }) => taskId === 'a')).to.equal(true);
    expect(lines.find(({ message }) => message === 'try 1')).to.deep.include({ agent: 'worker', fields: { of: 'a' } });
    expect(lines.find(({ level }) => level === 'progress')?.fields).to.deep.equal({ progress: { done: 1 } });
    const failure = lines.find(({ fields }) => JSON.stringify(fields ?? '').includes('not yet'));
    expect(failure, 'the stack of what was thrown').to.include({ attempt: 1 });
    expect(
      (readKeptLogs(path, { runId: 'r1', attempt: 2, level: 'warn' }) ?? []).map(({ message }) => message),
    ).to.deep.equal(['fine']);
    expect(readKeptLogs(path, { runId: 'r1', text: 'TRY 2' })).to.have.length(1);
    expect(readKeptLogs(path, { runId: 'other' })).to.deep.equal([]);
  });

  it('are read in pages, and from the end', async () => {
    const path = newPath();
    const { monitor, log } = await keeper({ path });
    for (let index = 0; index < 50; index += 1) log(`line ${index}`);
    await monitor.forceFlush();
    const first = readKeptLogs(path, { runId: 'r1', limit: 30 }) ?? [];
    const rest = readKeptLogs(path, { runId: 'r1', after: first.at(-1)?.id }) ?? [];
    expect([first.length, rest.length, rest.at(-1)?.message]).to.deep.equal([30, 20, 'line 49']);
    const last = readKeptLogs(path, { runId: 'r1', limit: 2, last: true }) ?? [];
    expect(last.map(({ message }) => message)).to.deep.equal(['line 48', 'line 49']);
    await monitor.shutdown();
    log('after the end');
    await monitor.shutdown();
  });

  it('have a cap for each attempt, an age, and sizes for each line', async () => {
    const path = newPath();
    const { monitor, log, tick } = await keeper({ path, maxAttemptLines: 5, maxAgeMs: 1000, level: 'info' });
    for (let index = 0; index < 20; index += 1) log(`loop ${index}`);
    log('debug', { level: 'debug' });
    log('other attempt', { attempt: 2 });
    log('x'.repeat(100_000), { attempt: 3, fields: { big: 'y'.repeat(100_000) } });
    log('of no run', { runId: undefined as never });
    await monitor.forceFlush();
    const lines = readKeptLogs(path, { runId: 'r1' }) ?? [];
    expect(lines.map(({ message }) => message.slice(0, 20))).to.deep.equal([
      ...[0, 1, 2, 3, 4].map((index) => `loop ${index}`),
      'No more of what this',
      'other attempt',
      'x'.repeat(20),
    ]);
    const [big] = lines.slice(-1);
    expect(big?.message.length).to.be.lessThan(8300);
    expect(big?.fields).to.have.property('cut');
    tick(120_000);
    log('new', { attempt: 4 });
    await monitor.forceFlush();
    expect((readKeptLogs(path, { runId: 'r1' }) ?? []).map(({ message }) => message)).to.deep.equal(['new']);
    await monitor.shutdown();
  });

  it('stay small: the oldest lines give way', async () => {
    const path = newPath();
    const maxBytes = 512 * 1024;
    const { monitor, log, tick } = await keeper({ path, maxBytes });
    for (let batch = 0; batch < 40; batch += 1) {
      for (let index = 0; index < 100; index += 1) log(`${batch} ${'z'.repeat(1000)}`, { attempt: batch });
      tick(61_000);
      await monitor.forceFlush();
    }
    await monitor.shutdown();
    expect(statSync(path).size).to.be.lessThan(maxBytes * 2);
    const lines = readKeptLogs(path, { runId: 'r1', limit: 5000 }) ?? [];
    expect(lines.length).to.be.within(200, 1000);
    expect(lines.at(-1)?.message).to.match(/^39 /);
  });

  it('are written by several processes at once, and lose none', async () => {
    const path = newPath();
    const program = join(folder, 'writer.mjs');
    const source = new URL('../src/index.ts', import.meta.url).href;
    writeFileSync(
      program,
      `import { keptLogs } from ${JSON.stringify(source)};
       const [path, name] = process.argv.slice(2);
       const clock = { now: () => Date.now(), schedule: (ms, call) => { const timer = setTimeout(call, ms); return { cancel: () => clearTimeout(timer) }; } };
       const monitor = await keptLogs({ path }).create({ clock });
       for (let index = 0; index < 500; index += 1) {
         monitor.onNotice({ kind: 'log', level: 'info', message: name + index, runId: name, taskId: 't', attempt: 1 });
         if (index % 50 === 0) await new Promise((done) => setTimeout(done, 5));
       }
       for (let tries = 0; tries < 50; tries += 1) { await monitor.forceFlush(); await new Promise((done) => setTimeout(done, 20)); }
       await monitor.shutdown();`,
    );
    const names = ['p', 'q', 'r'];
    const children = names.map((name) => fork(program, [path, name], { execArgv: ['--conditions=reprise-source'] }));
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number));
    expect(codes).to.deep.equal([0, 0, 0]);
    for (const name of names) {
      const lines = readKeptLogs(path, { runId: name }) ?? [];
      expect(
        lines.map(({ message }) => message),
        name,
      ).to.deep.equal(Array.from({ length: 500 }, (_, index) => `${name}${index}`));
    }
  });

  it('make no file until something is logged, and set one aside that is damaged', async () => {
    const path = newPath();
    const one = await keeper({ path });
    await one.monitor.shutdown();
    expect(existsSync(path)).to.equal(false);
    expect(readKeptLogs(path, { runId: 'r1' })).to.equal(undefined);
    const two = await keeper({ path });
    two.log('x');
    await two.monitor.shutdown();
    writeFileSync(path, 'no database at all, and long enough to be looked at'.repeat(100));
    expect(() => readKeptLogs(path, { runId: 'r1' }))
      .to.throw('cannot be read')
      .that.satisfies((error: unknown) => isRepriseError(error, 'REPRISE_LOGS_UNAVAILABLE'));
    const three = await keeper({ path });
    three.log('y');
    await three.monitor.shutdown();
    expect((readKeptLogs(path, { runId: 'r1' }) ?? []).map(({ message }) => message)).to.deep.equal(['y']);
    expect(existsSync(`${path}-damaged`)).to.equal(true);
  });

  it('say by a code that they cannot be written', async () => {
    const path = join(newPath(), 'x');
    const one = await keeper({ path });
    writeFileSync(join(folder, `${made}`), 'a file where a folder is to be');
    one.log('x');
    const error: unknown = await one.monitor.forceFlush().then(
      () => undefined,
      (found: unknown) => found,
    );
    expect(isRepriseError(error, 'REPRISE_LOGS_UNAVAILABLE')).to.equal(true);
  });

  it('refuse wrong options at once', () => {
    for (const options of [
      {},
      { path: '' },
      { path: 'x', level: 'loud' },
      { path: 'x', maxAgeMs: 0 },
      { path: 'x', more: 1 },
    ])
      expect(() => keptLogs(options as never))
        .to.throw('Options of keptLogs')
        .that.satisfies(isRepriseError);
  });
});
