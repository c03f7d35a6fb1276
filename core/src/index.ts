export { type Agent, type AgentContext, type AgentLogger, type AgentTask, defineAgent } from './agent/agent.ts';
export {
  type AppendOptions,
  type AppendResult,
  type EventMetadata,
  type EventStore,
  type EventStoreSubscription,
  type ListedStream,
  type NewEvent,
  NO_STREAM,
  type ReadAllOptions,
  type ReadOptions,
  type RecordedEvent,
  type Snapshot,
  type SnapshotCache,
  type StoreOwnership,
  type StreamCatalog,
  type StreamQuery,
  type StreamSummary,
  type SubscribeOptions,
} from './event-store/event-store.ts';
export type { Envelope } from './orchestration/messaging/envelope.ts';
export type {
  Delivery,
  OutgoingMessage,
  SubscriptionOptions,
  Transport,
  TransportSubscription,
} from './orchestration/messaging/transport.ts';
export type { Monitor, ObservedEvent, Signal } from './orchestration/monitoring/monitor.ts';
export type {
  AgentView,
  Assignment,
  ReadyTask,
  SchedulerStrategy,
  SchedulingView,
} from './orchestration/scheduler/scheduler-strategy.ts';
export type { Clock, Ids, Random, ScheduledCall } from './shared/clock.ts';
export { type Duration, formatDuration, parseDuration } from './shared/duration.ts';
export { ERROR_CODES, type ErrorCode, type ErrorCodeEntry } from './shared/error-codes.ts';
export {
  type ErrorData,
  isRepriseError,
  RepriseError,
  type RepriseErrorOptions,
  toErrorData,
} from './shared/errors.ts';
export { sha256, uuidv5 } from './shared/hash.ts';
export { assertId, ID_PATTERN, isId, runStream, streamRunId } from './shared/ids.ts';
export { canonicalJson, type Json, type JsonObject, jsonProblem } from './shared/json.ts';
export { sleep, systemClock, systemIds, systemRandom } from './shared/system.ts';
