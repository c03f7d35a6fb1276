export { type EventStoreFactory, eventStoreConformance } from './event-store/event-store-conformance.ts';

/** The suites of this kit, by the name of the function that registers each. */
export const CONFORMANCE_SUITES = ['eventStoreConformance'] as const;
