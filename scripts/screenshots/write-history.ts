import { join } from 'node:path';
import { createReprise, definePlugin, type RunHandle, type Storage } from '@reprise/core';
import { ManualClock, seededRandom, sequentialIds, VirtualTime } from '@reprise/core/testing';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { keptLogs } from '@reprise/monitor-log';
import project, { pace } from './project/reprise.config.ts';

/** When the pictures begin; they are taken 52 minutes later. */
export const BEGIN = Date.UTC(2026, 2, 2, 9, 0, 0);
export const NOW = BEGIN + 52 * 60_000;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Use of the file is under way until it is answered: time stands still meanwhile. */
function watched({ events, ...rest }: Storage, time: VirtualTime): Storage {
  const during = async <Result>(work: Promise<Result>): Promise<Result> => {
    const over = time.begin();
    try {
      return await work;
    } finally {
      over();
    }
  };
  return {
    ...rest,
    events: {
      append: (...request) => during(events.append(...request)),
      read: (...request) => during(events.read(...request)),
      readAll: (...request) => during(events.readAll(...request)),
      subscribe: (options) => events.subscribe(options),
      close: () => events.close(),
    },
  };
}

/** Writes the runs of the pictures into a new store, the same ones at every call: in virtual time, with counted ids. */
export async function writeHistory(folder: string): Promise<void> {
  const path = join(folder, 'events.db');
  const clock = new ManualClock(BEGIN);
  const time = new VirtualTime(clock, { patienceMs: 500 });
  pace.sleep = (ms) => new Promise((resolve) => clock.schedule(ms, () => resolve()));
  const store = definePlugin({
    name: 'sqlite',
    kind: 'event-store',
    create: async () => watched(await createSqliteStorage({ path }), time),
  });
  const reprise = await createReprise({
    ...project,
    clock,
    ids: sequentialIds('shot'),
    random: seededRandom(1),
    plugins: [...(project.plugins ?? []), store, keptLogs({ path: `${path}-logs` })],
  });
  await reprise.start();
  const pass = (ms: number): Promise<boolean> => time.until(() => clock.now() >= BEGIN + ms, HOUR_MS);
  /** Waits in virtual time. */
  const settled = async <Result>(work: Promise<Result>): Promise<Result> => {
    let over = false;
    const ended = work.finally(() => {
      over = true;
    });
    ended.catch(() => undefined);
    await time.until(() => over, HOUR_MS);
    return ended;
  };
  const start = (id: string, workflow: string, input: object): Promise<RunHandle> =>
    settled(reprise.startRun(workflow, input as never, { id, by: 'ann' }));
  const tick = (ms: number): void => {
    clock.schedule(ms, () => undefined);
  };

  for (let at = 1; at <= 14; at += 1) {
    tick(at * 3 * MINUTE_MS - (clock.now() - BEGIN));
    await pass(at * 3 * MINUTE_MS);
    const id = `order-${String(at).padStart(2, '0')}`;
    const card = at % 5 === 0 ? 'expired' : 'good';
    const order = await start(id, 'order', { items: ['lamp', 'desk', 'chair'].slice(0, 1 + (at % 3)), card });
    tick(40_000);
    await pass(at * 3 * MINUTE_MS + 40_000);
    if (at === 13) await settled(order.pause('the budget is used up', { by: 'ann' }));
    else if (at < 12) {
      await settled(
        order.answer('approve', { approved: true, note: 'as agreed' }, { by: 'kim', reason: 'within the budget' }),
      );
      tick(30_000);
      await pass(at * 3 * MINUTE_MS + 80_000);
    }
  }
  await start('page-1', 'page', {});
  tick(60_000);
  await pass(44 * MINUTE_MS);
  await start('payments-1', 'payments', { cards: ['good', 'expired', 'other'] });
  tick(60_000);
  await pass(46 * MINUTE_MS);
  await settled(reprise.stop({ drainMs: 0 }));
}
