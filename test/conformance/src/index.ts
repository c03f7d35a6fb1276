export { type EventStoreFactory, eventStoreConformance } from './event-store/event-store-conformance.ts';
export {
  type OwnershipFactory,
  type OwnershipHandle,
  ownershipConformance,
} from './ownership/ownership-conformance.ts';
export { type TransportFactory, transportConformance } from './transport/transport-conformance.ts';

/** The suites of this kit: the port that each checks, by the name of the function that registers it. */
export const CONFORMANCE_SUITES = {
  eventStoreConformance: 'event-store',
  ownershipConformance: 'event-store',
  transportConformance: 'transport',
} as const;
