import { mkdtempSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import type { NewEvent } from '@reprise/core';
import { createSqliteEventStore } from '@reprise/event-store-sqlite';
import { GroupWriter } from './src/group-writer.ts';
import { openWritable } from './src/open.ts';
import { type AppendCells, pushAppend } from './src/write-messages.ts';
import { measureStore } from '../../test/bench/raw-sqlite.ts';
const dir = mkdtempSync('/tmp/es/x/'); let n = 0;
function sameThread(p: string) {
  const db = openWritable({ path: p, maxFileBytes: undefined });
  const w = new GroupWriter(db, p);
  let cells: AppendCells = []; let waiting: any[] = [];
  const flush = () => { const c = cells, q = waiting; cells = []; waiting = [];
    const [r] = w.write([{ kind: 'write', appends: c, snapshots: [] }]).outcomes as number[][];
    q.forEach((f, i) => f({ revision: r![i*3+1], position: r![i*3+2] })); };
  return { append(s: string, e: readonly NewEvent[], x: number) { if (waiting.length === 0) setImmediate(flush);
    pushAppend(cells, s, x, e, e.map((v) => JSON.stringify(v.data)), undefined);
    return new Promise<any>((r) => waiting.push(r)); }, async close() { db.close(); } } as any;
}
const spin = (us: number) => { const t = performance.now(); while ((performance.now() - t) * 1000 < us); };
for (let round = 0; round < 3; round++) for (const us of [0, 20, 40]) for (const kind of ['worker', 'same']) {
  execFileSync('bash', ['/tmp/es/quiet.sh']);
  const p = `${dir}/${n++}.db`;
  const s = kind === 'worker' ? await createSqliteEventStore({ path: p }) : sameThread(p);
  let late = 0, last = performance.now(), turns: number[] = [];
  let on = true; const tick = () => { const t = performance.now(); turns.push(t - last); last = t; if (on) setImmediate(tick); }; setImmediate(tick);
  const f = await measureStore({ append: (...a: any[]) => { if (us) spin(us); return (s.append as any)(...a); } } as any, { seconds: 2 });
  on = false; turns.sort((a, b) => a - b);
  console.log(kind, us + 'us', Math.round(f.eventsPerSecond), 'solo', f.soloMs.p50.toFixed(3), f.soloMs.p99.toFixed(3), 'turn p99', turns[Math.floor(turns.length * .99)]!.toFixed(2), 'max', turns.at(-1)!.toFixed(1)); await s.close();
}
rmSync(dir, { recursive: true });
