// @reprise/core/plugin: what a plugin is made of. The contract, the ports with all that they hand over, coded errors, and the helpers that
// implementations share. A plugin package needs nothing else of the core, and this entry loads neither the engine nor its dependencies.

export { type Agent, type AgentContext, type AgentLogger, type AgentTask, defineAgent } from './agent/agent.ts';
export {
  type AnyPlugin,
  assertPlugin,
  definePlugin,
  type Plugin,
  type PluginContext,
  type PluginKind,
  type PluginParts,
} from './container/plugin.ts';
export type { MaxUsage } from './definition/definition.ts';
export { didYouMean, nearest } from './definition/did-you-mean.ts';
export { literalTemplate } from './definition/template.ts';
export { EventLog } from './event-store/event-log.ts';
export {
  type AppendOptions,
  type AppendResult,
  type EventMetadata,
  type EventPage,
  type EventStore,
  type EventStoreSubscription,
  type NewEvent,
  NO_STREAM,
  type ReadAllOptions,
  type ReadOptions,
  type RecordedEvent,
  type StreamSummary,
  type SubscribeOptions,
  type SubscribeToAll,
  type SubscribeToStream,
  type SubscriptionCallbacks,
} from './event-store/event-store.ts';
export type { DriverSign, Ownership, OwnershipChange } from './event-store/ownership.ts';
export { OwnershipListeners } from './event-store/ownership-listeners.ts';
export { BEGINNING, decodePosition, encodePosition, type Position } from './event-store/position.ts';
export { type PullSource, PullSubscription } from './event-store/pull-subscription.ts';
export { readStream } from './event-store/read-stream.ts';
export type {
  ForeignAppends,
  ListedStream,
  RemovalRecord,
  Snapshot,
  SnapshotCache,
  Storage,
  StoreFinding,
  StoreStats,
  StreamCatalog,
  StreamEnd,
  StreamQuery,
} from './event-store/storage.ts';
export { storeClosed, storeConflict } from './event-store/store-errors.ts';
export {
  compareListed,
  DEFAULT_LIST_LIMIT,
  decodeCursor,
  encodeCursor,
  type ListPlace,
  matchesQuery,
} from './event-store/stream-query.ts';
export { type SubscribedStore, Subscriptions } from './event-store/subscriptions.ts';
export { type BinaryMessage, carriedBy, toBinary } from './orchestration/messaging/binary-mode.ts';
export {
  ABORT_CHANNEL,
  agentChannel,
  COMMAND_CHANNEL,
  COMMAND_GROUP,
  HEARTBEAT_CHANNEL,
  RESULT_CHANNEL,
  WORKER_CHANNEL,
  workerChannel,
} from './orchestration/messaging/channels.ts';
export { ConsumerGroup, type Queued } from './orchestration/messaging/consumer-group.ts';
export type { Envelope } from './orchestration/messaging/envelope.ts';
export type {
  Delivery,
  DeliveryHandler,
  OutgoingMessage,
  SubscriptionOptions,
  Transport,
  TransportHealth,
  TransportSubscription,
} from './orchestration/messaging/transport.ts';
export type {
  TopicChange,
  TopicDifference,
  TopicSettings,
  TopicStanding,
  TransportTopics,
} from './orchestration/messaging/transport-topics.ts';
export {
  ATTRIBUTES,
  INSTRUMENTS,
  type Instrument,
  SPAN_EVENTS,
} from './orchestration/monitoring/attributes.ts';
export type {
  EngineMeasures,
  Monitor,
  Notice,
  ObservedEvent,
  WatchedAttempt,
  WatchedEngine,
} from './orchestration/monitoring/monitor.ts';
export type { Keyframe, KeyframeStore } from './orchestration/reading/keyframe-store.ts';
export { folded, hasText, matches } from './orchestration/reading/query/matches.ts';
export {
  EVERYTHING,
  type FieldTerm,
  type FieldType,
  type Query,
  type QueryField,
  type QueryFields,
  type QueryOperator,
  type QueryTerm,
  type QueryValue,
  type TextTerm,
} from './orchestration/reading/query/query.ts';
export {
  isSqlPath,
  queryToSql,
  SQL_FUNCTIONS,
  type SqlCondition,
  sqlNumber,
  sqlText,
} from './orchestration/reading/query/query-sql.ts';
export { decodeRowPlace, encodeRowPlace, type RowPlace } from './orchestration/reading/views/view-cursor.ts';
export { viewConflict, viewStoreClosed } from './orchestration/reading/views/view-errors.ts';
export {
  DEFAULT_VIEW_LIMIT,
  type ViewBatch,
  type ViewChange,
  type ViewId,
  type ViewOrder,
  type ViewPage,
  type ViewQuery,
  type ViewRow,
  type ViewStore,
} from './orchestration/reading/views/view-store.ts';
export { assignInOrder } from './orchestration/scheduler/graph-strategy.ts';
export type {
  AgentView,
  AnyStrategy,
  Assignment,
  ReadyGroup,
  ReadyTask,
  SchedulerStrategy,
  SchedulingView,
  TeamExpression,
  TeamSchedulingView,
  TeamStrategy,
} from './orchestration/scheduler/scheduler-strategy.ts';
export type {
  Accept,
  Add,
  Announce,
  Ask,
  Assign,
  Award,
  Decision,
  Drop,
  Finish,
  GiveUp,
  HandOver,
  News,
  Note,
  Reject,
  TeamBudget,
  TeamNames,
  TeamTask,
  TeamTaskStatus,
  TeamView,
} from './orchestration/scheduler/team.ts';
export type { CallTimes } from './shared/call-meter.ts';
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
export type { Finding } from './shared/finding.ts';
export { sha256, uuidv5 } from './shared/hash.ts';
export { assertId, isId, runStream, streamRunId } from './shared/ids.ts';
export { canonicalJson, type Json, type JsonObject, jsonProblem } from './shared/json.ts';
export { nextTurn, sleep, systemClock, systemIds, systemRandom } from './shared/system.ts';
export { enclosing } from './shared/task-path.ts';
export { attemptPart, RunTrace } from './shared/trace.ts';
export { frameText, type StackFrame, userFrame } from './shared/user-frame.ts';
export { oneLine, visibleJson, visibleText } from './shared/visible-text.ts';
