import { createInMemoryStorage } from '../event-store/in-memory-storage.ts';
import { createInProcessTransport } from '../orchestration/messaging/in-process-transport.ts';
import { createInMemoryViewStore } from '../orchestration/reading/views/in-memory-view-store.ts';
import { graphStrategy, sequentialStrategy } from '../orchestration/scheduler/graph-strategy.ts';
import { definePlugin, type Plugin } from './plugin.ts';

/** Keeps history in memory: for tests, and when nothing has to outlive the process. */
export const inMemoryEventStore = (): Plugin<'event-store'> =>
  definePlugin({ name: 'in-memory', kind: 'event-store', create: () => createInMemoryStorage() });

/** Keeps views in memory: they are built at every start. */
export const inMemoryViewStore = (): Plugin<'view-store'> =>
  definePlugin({ name: 'in-memory-views', kind: 'view-store', create: () => createInMemoryViewStore() });

/** Carries messages inside the process. */
export const inProcessTransport = (): Plugin<'transport'> =>
  definePlugin({ name: 'in-process', kind: 'transport', create: ({ clock }) => createInProcessTransport(clock) });

/** The default strategy: by dependency, priority and age. */
export const graphScheduler = (): Plugin<'scheduler'> =>
  definePlugin({ name: 'graph', kind: 'scheduler', create: () => graphStrategy });

/** One task after another, in the order in which they are declared: by dependency, priority and place. */
export const sequentialScheduler = (): Plugin<'scheduler'> =>
  definePlugin({ name: 'sequential', kind: 'scheduler', create: () => sequentialStrategy });
