import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { isRepriseError } from '@reprise/core/plugin';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { LogMonitor, openLogDestination, resolveLogMonitorOptions } from '../src/index.ts';
import { streamDestination } from '../src/log-destination.ts';
import { observed } from './support.ts';

describe('monitor-log destinations', () => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-log-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('make the folders of a file, append to it, and release it', async () => {
    const path = join(folder, 'deep', 'er', 'run.log');
    for (const type of ['RunStarted', 'RunCompleted']) {
      const monitor = new LogMonitor(resolveLogMonitorOptions(), openLogDestination(path));
      await monitor.onEvent(observed(type, { at: 1 }));
      await monitor.shutdown();
    }
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).to.deep.equal([
      'RunStarted',
      'RunCompleted',
    ]);
  });

  it('have nothing in a line for a terminal that could steer it, and all of it elsewhere', () => {
    for (const isTTY of [true, false]) {
      const stream = Object.assign(new PassThrough(), { isTTY });
      const line = JSON.stringify({ msg: '\u001b[2J\u009b\u202e' });
      streamDestination(stream, false).write(line);
      expect(String(stream.read())).to.equal(isTTY ? '{"msg":"\\u001b[2J\\u009b\\u202e"}' : line);
    }
  });

  it('have everything in the file after a flush', async () => {
    const path = join(folder, 'run.log');
    const monitor = new LogMonitor(resolveLogMonitorOptions(), openLogDestination(path));
    for (let index = 0; index < 2000; index += 1) void monitor.onEvent(observed('RunStarted', { at: 1 }, `r${index}`));
    await monitor.forceFlush();
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).to.have.length(2000);
    await monitor.shutdown();
  });

  it('leave a descriptor open that was given', async () => {
    const path = join(folder, 'fd.log');
    const fd = openSync(path, 'a');
    const destination = openLogDestination(fd);
    destination.write('one\n');
    await destination.close();
    writeFileSync(fd, 'two\n');
    closeSync(fd);
    expect(readFileSync(path, 'utf8')).to.equal('one\ntwo\n');
  });

  it('refuse a file that cannot be opened, with the reason', () => {
    const blocker = join(folder, 'a-file');
    writeFileSync(blocker, '');
    try {
      openLogDestination(join(blocker, 'run.log'));
      expect.fail('it opened');
    } catch (error) {
      expect(isRepriseError(error, 'REPRISE_CONFIG_INVALID'), String(error)).to.equal(true);
      expect(String(error)).to.match(/cannot be opened: .*destination/s);
    }
  });

  it('write to stderr by default, and leave stdout alone', () => {
    const source = `
      import { LogMonitor, openLogDestination, resolveLogMonitorOptions } from '@reprise/monitor-log';
      const options = resolveLogMonitorOptions();
      const monitor = new LogMonitor(options, openLogDestination(options.destination));
      monitor.onNotice({ kind: 'log', level: 'info', message: 'hello' });
      await monitor.shutdown();
      process.stderr.write('still open');`;
    const args = ['--conditions=reprise-source', '--input-type=module', '--eval', `${source}`];
    const script = `"$0" "$@" 2>&1 >/dev/null`;
    const stderr = execFileSync('sh', ['-c', script, process.execPath, ...args], {
      encoding: 'utf8',
      cwd: import.meta.dirname,
    });
    expect(stderr).to.match(/"msg":"hello"}\nstill open$/);
    const stdout = execFileSync(process.execPath, args, {
      encoding: 'utf8',
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(stdout).to.equal('');
  });
});
