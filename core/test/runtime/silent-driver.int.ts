import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { utimesSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  type Clock,
  type DriverSign,
  defineAgent,
  lookForDrivers,
  silentSummary,
  silentText,
  workflow,
} from '@reprise/core';
import type { Ownership, OwnershipChange } from '@reprise/core/plugin';
import { ManualClock, recordingMonitor } from '@reprise/core/testing';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { Driving } from '../../src/orchestration/runtime/ownership/driving.ts';
import { eventually, orchestrators, temporaryFiles } from './support.ts';

const stuck = workflow('stuck')
  .task('a', defineAgent({ name: 'a', handle: () => null }))
  .build();

describe('A driver that shows no sign of life', () => {
  const { start } = orchestrators();
  const file = temporaryFiles();
  const children: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    }
  });

  const drive = async (path: string, how: 'sleep' | 'loop'): Promise<ChildProcess> => {
    const script = fileURLToPath(new URL('./fixtures/stuck-driver.ts', import.meta.url));
    const child = spawn(process.execPath, ['--conditions=reprise-source', script, path, how], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    await once(createInterface({ input: child.stdout }), 'line');
    return child;
  };

  /** As if its last sign were a minute old: nobody has to wait. */
  const age = (path: string): void => {
    const then = Date.now() / 1000 - 60;
    utimesSync(`${path}-driver`, then, then);
  };

  const watching = async (path: string) => {
    const monitor = recordingMonitor();
    const client = await start({ plugins: [sqliteEventStore({ path }), monitor.plugin], workflows: [stuck] });
    expect(client.role).to.equal('client');
    const told = (level: string): readonly string[] =>
      monitor.notices.flatMap((notice) => (notice.kind === 'log' && notice.level === level ? [notice.message] : []));
    return { client, told };
  };

  it('because it is stopped, is told once, and once that it is back; explain says it, too', async function () {
    this.timeout(60_000);
    const path = file();
    const child = await drive(path, 'sleep');
    const { client, told } = await watching(path);
    const before = (await client.run('r1').explain()).summary;
    expect(before).to.not.include('sign of life');
    child.kill('SIGSTOP');
    age(path);
    await eventually(() => told('error').length > 0);
    expect(told('error')[0]).to.match(
      new RegExp(
        `^Process ${child.pid} on .*no sign of life for \\d+ s.*kill -CONT ${child.pid}.*This one takes over then`,
      ),
    );
    expect((await client.run('r1').explain()).summary).to.match(new RegExp(`^Process ${child.pid} on .*sign of life`));
    child.kill('SIGCONT');
    await eventually(() => told('info').some((message) => message.includes('signs of life again')));
    expect(told('error')).to.have.length(1);
    child.kill('SIGKILL');
    await eventually(() => client.role === 'driver');
    expect((await client.run('r1').outcome()).status).to.equal('completed');
  });

  it('because an agent computes without end, is told; when that is ended, this one takes over', async function () {
    this.timeout(60_000);
    const path = file();
    const child = await drive(path, 'loop');
    const { client, told } = await watching(path);
    await eventually(async () => {
      age(path);
      return told('error').length > 0;
    });
    expect(told('error')[0]).to.include(`kill -9 ${child.pid}`);
    child.kill('SIGKILL');
    expect((await client.run('r1').outcome()).status).to.equal('completed');
    expect(client.role).to.equal('driver');
  });
});

describe('Watching for signs of life', () => {
  const silent: DriverSign = { pid: 7, host: 'here', since: 0, silentMs: 20_000 };

  const setUp = (clock: Clock) => {
    const listeners = new Set<(change: OwnershipChange) => void>();
    let signs: readonly DriverSign[] | Error = [];
    const notices: string[] = [];
    let gained = false;
    const ownership: Ownership = {
      start: async () => undefined,
      owns: () => gained,
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      stop: async () => undefined,
      drivers: async () => {
        if (signs instanceof Error) throw signs;
        return signs;
      },
    };
    const monitors = {
      notice: (notice: { readonly kind: string }) => void notices.push((notice as unknown as { level: string }).level),
    };
    const parts = { ownership, clock, monitors, drive: async () => undefined, changed: () => undefined };
    const driving = new Driving(parts as ConstructorParameters<typeof Driving>[0]);
    return {
      driving,
      notices,
      see: (seen: readonly DriverSign[] | Error) => {
        signs = seen;
      },
      gain: () => {
        gained = true;
        for (const listener of listeners) listener({ gained: true, lost: false });
      },
    };
  };

  const pass = async (clock: ManualClock, seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1000);
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    }
  };

  it('waits for a few looks: a machine that slept has processes that seem silent', async () => {
    const clock = new ManualClock();
    const { driving, notices, see } = setUp(clock);
    driving.begin();
    await driving.stand();
    see([silent]);
    await pass(clock, 2);
    see([{ ...silent, silentMs: 0 }]);
    await pass(clock, 2);
    expect(notices).to.deep.equal([]);
    see([silent]);
    await pass(clock, 10);
    expect(notices).to.deep.equal(['error']);
  });

  it('tells each trouble of looking once, and goes on', async () => {
    const clock = new ManualClock();
    const { driving, notices, see } = setUp(clock);
    driving.begin();
    await driving.stand();
    see(new Error('not allowed'));
    await pass(clock, 5);
    expect(notices).to.deep.equal(['warn']);
    see([silent]);
    await pass(clock, 5);
    expect(notices).to.deep.equal(['warn', 'error']);
  });

  it('ends when this process drives, and when it stops', async () => {
    const clock = new ManualClock();
    const { driving, notices, see, gain } = setUp(clock);
    driving.begin();
    await driving.stand();
    gain();
    see([silent]);
    await pass(clock, 10);
    expect([notices, driving.role]).to.deep.equal([[], 'driver']);
    driving.stop();
    await pass(clock, 5);
    expect(notices).to.deep.equal([]);
  });

  it('says what is known, and nothing where a storage does not tell', async () => {
    expect(await lookForDrivers({})).to.deep.equal({ driven: undefined, silent: [], draining: false });
    expect(silentText({ silentMs: 12_345 })).to.match(/^The process, which drives .* for 12 s.*: end it\.$/);
    expect(silentText(silent))
      .to.include('since 1970-01-01T00:00:00.000Z')
      .and.include('kill -CONT 7')
      .and.include('kill -9 7')
      .and.not.include('kill 7');
    expect(silentSummary(silent)).to.not.include('kill');
  });
});
