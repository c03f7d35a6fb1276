export { type EventStoreFactory, eventStoreConformance } from './event-store/event-store-conformance.ts';
export { type MonitorFactory, monitorConformance } from './monitor/monitor-conformance.ts';
export {
  type OwnershipFactory,
  type OwnershipHandle,
  ownershipConformance,
} from './ownership/ownership-conformance.ts';
export { type StrategyFactory, strategyConformance } from './strategy/strategy-conformance.ts';
export { type TransportFactory, transportConformance } from './transport/transport-conformance.ts';
export { SAMPLE_FIELDS, sampleQuery, sampleRow } from './view-store/queries.ts';
export { type ViewStoreFactory, viewStoreConformance } from './view-store/view-store-conformance.ts';

/** The suites of this kit: the port that each checks, by the name of the function that registers it. */
export const CONFORMANCE_SUITES = {
  eventStoreConformance: 'event-store',
  ownershipConformance: 'event-store',
  transportConformance: 'transport',
  viewStoreConformance: 'view-store',
  strategyConformance: 'scheduler',
  monitorConformance: 'monitor',
} as const;
