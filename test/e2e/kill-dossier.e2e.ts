import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type HistoryEntry, type RunOutcome, RunReader, type Storage } from '@reprise/core';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';

const PROCESS = fileURLToPath(new URL('./support/dossier-process.ts', import.meta.url));
const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const KILLS = 50;
/**
 * Most processes are killed within this time after they began to drive; the others while they still start. On a machine so slow
 * that nothing gets done in it, the time grows.
 */
const LONGEST_DRIVE_MS = 1500;
const GROWTH = 1.5;
const LONGEST_START_MS = 800;
/** Share of processes that are killed while they start (and read the store, and recover). */
const EARLY = 0.15;
/** More than this many kills in one run would mean that it does not get ahead. */
const KILLS_PER_RUN = 40;

/** A small reproducible generator (mulberry32): the seed is printed, so that a failure can be made again. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

interface Life {
  readonly killed: boolean;
  readonly outcome: RunOutcome<{ readonly packages: number; readonly report: string }> | undefined;
  readonly stderr: string;
}

const callsIn = (log: string): number => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').length : 0);

/** Runs the process until it ends by itself or is killed: `afterMs` after it began to drive, or after it was started. */
function live(args: readonly string[], from: 'start' | 'driving', afterMs: number): Promise<Life> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--conditions=reprise-source', PROCESS, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (from === 'driving' && stderr.startsWith('driving')) arm();
    });
    let timer: NodeJS.Timeout | undefined;
    const arm = (): void => {
      timer ??= setTimeout(() => child.kill('SIGKILL'), afterMs);
    };
    if (from === 'start') arm();
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (signal === 'SIGKILL') resolve({ killed: true, outcome: undefined, stderr });
      else if (code === 0) resolve({ killed: false, outcome: JSON.parse(stdout) as Life['outcome'], stderr });
      else reject(new Error(`the process ended with ${code ?? signal}: ${stderr}`));
    });
  });
}

describe('a dossier run whose process is killed with SIGKILL at random moments', () => {
  const seed = Number(process.env['REPRISE_SEED'] ?? Date.now() % 1_000_000);
  const random = generator(seed);
  let folder = '';
  let path = '';
  let storage: Storage;
  const kills = new Map<string, number>();
  const callLog = (runId: string): string => join(folder, `${runId}.calls`);
  const histories = new Map<string, readonly HistoryEntry[]>();

  before(async function () {
    this.timeout(600_000);
    folder = mkdtempSync(join(tmpdir(), 'reprise-kill-'));
    path = join(folder, 'events.db');
    process.stdout.write(`    seed ${seed} (set REPRISE_SEED to repeat)\n`);
    for (let run = 0, total = 0; total < KILLS; run += 1) {
      const runId = `dossier-${run}`;
      const args = [path, runId, PROJECT, join(folder, runId), callLog(runId)];
      let life: Life = { killed: true, outcome: undefined, stderr: '' };
      let here = 0;
      let drive = LONGEST_DRIVE_MS;
      let done = 0;
      while (life.killed) {
        expect(here, `kills of one run that does not get ahead: ${life.stderr}`).to.be.below(KILLS_PER_RUN);
        const early = random() < EARLY;
        life = await live(args, early ? 'start' : 'driving', random() * (early ? LONGEST_START_MS : drive));
        const now = callsIn(callLog(runId));
        if (!early && now - done < 20) drive *= GROWTH;
        done = now;
        here += life.killed ? 1 : 0;
      }
      total += here;
      kills.set(runId, here);
      expect(life.outcome?.status, JSON.stringify(life.outcome)).to.equal('completed');
    }
    storage = await createSqliteStorage({ path, readOnly: true });
    const reader = new RunReader(storage);
    for (const runId of kills.keys()) histories.set(runId, await Array.fromAsync(reader.history(runId)));
  });

  after(async () => {
    await storage?.events.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const each = (check: (history: readonly HistoryEntry[], runId: string) => void | Promise<void>) => async () => {
    expect(histories.size).to.be.greaterThan(0);
    for (const [runId, history] of histories) await check(history, runId);
  };

  it('was killed at least fifty times, and more than once in the middle of an attempt', () => {
    const total = [...kills.values()].reduce((sum, count) => sum + count, 0);
    const lost = [...histories.values()]
      .flat()
      .filter(({ event }) => event.type === 'TaskAttemptFailed' && event.lost === true);
    expect(total).to.be.at.least(KILLS);
    expect(lost.length).to.be.greaterThan(1);
  });

  it(
    'keeps revisions contiguous',
    each((history) => {
      expect(history.map(({ revision }) => revision)).to.deep.equal(history.map((_, index) => index));
    }),
  );

  it(
    'completes every run once, with nothing after it',
    each((history) => {
      const ends = history.filter(({ event }) => 'stateDigest' in event);
      expect(ends.map(({ event }) => event.type)).to.deep.equal(['RunCompleted']);
      expect(history.at(-1)?.event.type).to.equal('RunCompleted');
    }),
  );

  it(
    'applies one outcome to an attempt, and one to a task in each round',
    each((history) => {
      const attempts = new Set<string>();
      const rounds = new Map<string, number>();
      for (const { event } of history) {
        if (event.type !== 'TaskCompleted' && event.type !== 'TasksReset' && event.type !== 'TaskAttemptFailed')
          continue;
        if (event.type === 'TaskCompleted' && event.via !== 'agent') continue;
        const key = `${event.type === 'TasksReset' ? event.region : event.taskId}/${event.attempt}`;
        expect(attempts.has(key), `second outcome of ${key}`).to.equal(false);
        attempts.add(key);
        if (event.type === 'TaskCompleted') rounds.set(event.taskId, (rounds.get(event.taskId) ?? 0) + 1);
      }
      const repeats = history.filter(({ event }) => event.type === 'TasksReset').length;
      for (const [taskId, times] of rounds) {
        expect(times, taskId).to.be.at.most(taskId === 'edit' ? repeats + 1 : 1);
      }
    }),
  );

  it(
    'explains every call of an agent by an attempt in the history',
    each((history, runId) => {
      const scheduled = new Set<string>();
      const outcomes = new Map<string, boolean>();
      for (const { event } of history) {
        if (event.type === 'TaskScheduled') scheduled.add(`${event.taskId}/${event.attempt}`);
        if (event.type === 'TaskAttemptFailed') outcomes.set(`${event.taskId}/${event.attempt}`, event.lost === true);
        if (event.type === 'TaskCompleted' && event.via === 'agent')
          outcomes.set(`${event.taskId}/${event.attempt}`, false);
        if (event.type === 'TasksReset') outcomes.set(`${event.region}/${event.attempt}`, false);
      }
      const calls = readFileSync(callLog(runId), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as [string, number, number]);
      const called = calls.map(([taskId, attempt]) => `${taskId}/${attempt}`);
      expect(
        called.filter((key) => !scheduled.has(key)),
        'calls that no history explains',
      ).to.deep.equal([]);
      expect(new Set(called).size, 'an attempt is called once').to.equal(called.length);
      const silent = [...scheduled].filter((key) => !called.includes(key) && outcomes.get(key) !== true);
      expect(silent, 'attempts that were never called, and not lost either').to.deep.equal([]);
      expect(
        [...scheduled].filter((key) => !outcomes.has(key)),
        'attempts without an outcome',
      ).to.deep.equal([]);
    }),
  );

  it(
    'replays to the recorded state',
    each(async (_history, runId) => {
      expect((await new RunReader(storage).replay(runId)).matches).to.equal(true);
    }),
  );

  it(
    'leaves the report that the run speaks of',
    each((history) => {
      const end = history.at(-1)?.event;
      const output = end?.type === 'RunCompleted' ? (end.output as { readonly report: string }) : undefined;
      expect(existsSync(output?.report ?? ''), output?.report).to.equal(true);
    }),
  );
});
