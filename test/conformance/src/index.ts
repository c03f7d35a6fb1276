export { type EventStoreFactory, eventStoreConformance } from './event-store/event-store-conformance.ts';
export { type MessageProtocolFactory, messageConformance, messageVectors } from './messages/message-conformance.ts';
export type {
  MessageProtocol,
  Refused,
  Sent,
  SentMessage,
  Taken,
  Talk,
  TalkSetup,
} from './messages/message-protocol.ts';
export type {
  A2AVector,
  ConversationVector,
  MessageVector,
  ReadVector,
  SaidStep,
  TalkStep,
  TalkVector,
} from './messages/vectors.ts';
export { type MonitorFactory, monitorConformance } from './monitor/monitor-conformance.ts';
export {
  type OwnershipFactory,
  type OwnershipHandle,
  ownershipConformance,
} from './ownership/ownership-conformance.ts';
export { type StrategyFactory, strategyConformance } from './strategy/strategy-conformance.ts';
export { type TeamFactory, teamConformance } from './strategy/team-conformance.ts';
export { type TransportFactory, transportConformance } from './transport/transport-conformance.ts';
export { SAMPLE_FIELDS, sampleQuery, sampleRow } from './view-store/queries.ts';
export { type ViewStoreFactory, viewStoreConformance } from './view-store/view-store-conformance.ts';

/** The suites of this kit: the port that each checks (`messages` is no port, but what any implementation of them has to do; `team` is a `scheduler` that leads teams), by the name of the function that registers it. */
export const CONFORMANCE_SUITES = {
  eventStoreConformance: 'event-store',
  ownershipConformance: 'event-store',
  transportConformance: 'transport',
  viewStoreConformance: 'view-store',
  strategyConformance: 'scheduler',
  teamConformance: 'team',
  monitorConformance: 'monitor',
  messageConformance: 'messages',
} as const;
