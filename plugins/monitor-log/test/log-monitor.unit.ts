import { PassThrough, Writable } from 'node:stream';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { LogMonitor, type LogMonitorOptions, resolveLogMonitorOptions, streamDestination } from '../src/index.ts';
import { CapturingStream, observed } from './support.ts';

function setup(options: LogMonitorOptions = {}): { stream: CapturingStream; monitor: LogMonitor } {
  const stream = new CapturingStream();
  return { stream, monitor: new LogMonitor(resolveLogMonitorOptions(options), streamDestination(stream, true)) };
}

const rejection = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('LogMonitor', () => {
  it('writes one JSON line for each event, with a readable level', async () => {
    const { monitor, stream } = setup();
    await monitor.onEvent(observed('RunStarted', { at: 1 }));
    await monitor.onEvent(observed('RunFailed', { at: 1, error: { code: 'X', message: 'gone', retryable: false } }));
    await monitor.forceFlush();
    expect(stream.lines.map(({ level, msg, event }) => ({ level, msg, event }))).to.deep.equal([
      { level: 'info', msg: 'run1: run started', event: 'RunStarted' },
      { level: 'error', msg: 'run1: run failed', event: 'RunFailed' },
    ]);
    expect(stream.lines[0]).to.include({ name: 'reprise', run: 'run1' });
  });

  it('keeps quiet below its level', async () => {
    const { monitor, stream } = setup({ level: 'warn' });
    await monitor.onEvent(observed('RunStarted', { at: 1 }));
    await monitor.onNotice({ kind: 'log', level: 'error', message: 'bad' });
    await monitor.forceFlush();
    expect(stream.lines.map((line) => line['msg'])).to.deep.equal(['bad']);
  });

  it('names the agent on every line of a task', async () => {
    const { monitor, stream } = setup({ level: 'debug' });
    const task = { at: 1, taskId: 't', attempt: 1 };
    await monitor.onEvent(observed('TaskScheduled', { ...task, agent: 'reader' }));
    await monitor.onEvent(observed('TaskStarted', { ...task, worker: 'w' }));
    await monitor.onEvent(observed('TaskStarted', { ...task, worker: 'w' }, 'another-run'));
    await monitor.onEvent(observed('TaskCompleted', { ...task, via: 'agent' }));
    await monitor.forceFlush();
    expect(stream.lines.map((line) => line['agent'])).to.deep.equal(['reader', 'reader', undefined, 'reader']);
  });

  it('writes nothing after shutdown, and shuts down once', async () => {
    const { monitor, stream } = setup();
    await monitor.onEvent(observed('RunStarted', { at: 1 }));
    await Promise.all([monitor.shutdown(), monitor.shutdown()]);
    await monitor.onEvent(observed('RunCompleted', { at: 1 }));
    await monitor.forceFlush();
    expect(stream.lines).to.have.length(1);
    expect(stream.destroyed).to.equal(true);
  });

  it('asks for patience while the destination is behind', async () => {
    const slow = new PassThrough({ highWaterMark: 10 });
    const monitor = new LogMonitor(resolveLogMonitorOptions(), streamDestination(slow, false));
    const waiting = monitor.onEvent(observed('RunStarted', { at: 1 }));
    expect(waiting).to.be.instanceOf(Promise);
    slow.resume();
    await waiting;
  });

  it('tells of a destination that fails, and never crashes the process by it', async () => {
    const broken = new Writable({
      write: (_chunk, _encoding, done) => done(new Error('disk full')),
    });
    const monitor = new LogMonitor(resolveLogMonitorOptions(), streamDestination(broken, false));
    await monitor.onEvent(observed('RunStarted', { at: 1 }));
    expect(await rejection(monitor.forceFlush()))
      .to.be.instanceOf(Error)
      .with.property('message', 'disk full');
    expect(() => monitor.onEvent(observed('RunCompleted', { at: 1 }))).to.throw('disk full');
    expect(await rejection(monitor.shutdown())).to.be.instanceOf(Error);
  });
});
