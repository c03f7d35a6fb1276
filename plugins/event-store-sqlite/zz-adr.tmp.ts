import { mkdtempSync, rmSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { createSqliteEventStore } from '@reprise/event-store-sqlite';
import { measureStore } from '../../test/bench/raw-sqlite.ts';
const dir = mkdtempSync('/tmp/es/x/'); let n = 0;
const spin = (us: number) => { const t = performance.now(); while ((performance.now() - t) * 1000 < us); };
const out: string[] = [];
for (const us of [0, 10, 20, 40, 80]) {
  const s = await createSqliteEventStore({ path: `${dir}/${n++}.db` });
  const f = await measureStore({ append: (...a: Parameters<typeof s.append>) => { if (us) spin(us); return s.append(...a); } } as typeof s, { seconds: 2 });
  out.push(`${us}us ${Math.round(f.eventsPerSecond / 1000)}k (${f.soloMs.p50.toFixed(2)})`); await s.close();
}
console.log('SEND_AT', process.env.SEND_AT, out.join('  ')); rmSync(dir, { recursive: true });
