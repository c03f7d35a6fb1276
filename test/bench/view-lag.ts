import { BUILT_IN_VIEWS, createReprise, definePlugin, type Projection, runIndex } from '@reprise/core';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { createSqliteViewStore } from '@reprise/view-store-sqlite';
import { together } from './chains.ts';
import { chain, inFolder } from './setup.ts';

export interface ViewFigures {
  /** Steps in a second of the chains, while the views are built in the same process. */
  readonly stepsPerSecond: number;
  /** How long the views took to catch up once the chains had stopped, in ms. */
  readonly lagMs: number;
  /** Events that a view was built from in a second, while the chains ran and until it had caught up. */
  readonly eventsPerSecond: number;
}

/** Durable ten-step chains, 50 at once for `seconds`, while views of them are built in a SQLite file. */
export function measureViewLag(what: 'none' | 'run index' | 'all', seconds: number): Promise<ViewFigures> {
  const workflow = chain(10);
  const projections: Readonly<Record<typeof what, readonly Projection[]>> = {
    none: [],
    'run index': [runIndex as Projection],
    all: BUILT_IN_VIEWS,
  };
  return inFolder(async (path) => {
    const reprise = await createReprise({
      workflows: [workflow],
      projections: projections[what],
      plugins: [
        definePlugin({ name: 'sqlite', kind: 'event-store', create: () => createSqliteStorage({ path }) }),
        definePlugin({
          name: 'views',
          kind: 'view-store',
          create: () => createSqliteViewStore({ path: `${path}-views` }),
        }),
      ],
    });
    await reprise.start();
    try {
      const start = performance.now();
      const stepsPerSecond = await together(reprise, workflow.definition.name, 50, seconds);
      const stopped = performance.now();
      for (const { name } of projections[what]) await reprise.views.reachEnd(name);
      const ended = performance.now();
      const runs = (stepsPerSecond * (stopped - start)) / 1000 / 10;
      const eventsPerSecond = what === 'none' ? 0 : (runs * 32 * 1000) / (ended - start);
      return { stepsPerSecond, lagMs: ended - stopped, eventsPerSecond };
    } finally {
      await reprise.stop();
    }
  });
}

if (import.meta.main) {
  for (const what of ['none', 'run index', 'all'] as const)
    console.log(what, await measureViewLag(what, Number(process.argv[2] ?? 3)));
}
