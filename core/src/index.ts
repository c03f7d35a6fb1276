export {
  type Agent,
  type AgentContext,
  type AgentLogger,
  type AgentTask,
  defineAgent,
  type WrittenTasks,
} from './agent/agent.ts';
export type {
  Message,
  MessageFilter,
  Messages,
  NackOptions,
  Published,
  PublishOptions,
  ReceiveOptions,
  RequestOptions,
  SendOptions,
  Sent,
  SubscribeOptions,
  Subscription,
} from './agent/messages.ts';
export {
  graphScheduler,
  inMemoryEventStore,
  inMemoryViewStore,
  inProcessTransport,
  sequentialScheduler,
} from './container/builtin-plugins.ts';
export { type AnyWorkflow, defineConfig, type RepriseConfig } from './container/config.ts';
export { type Client, type ClientConfig, createClient } from './container/create-client.ts';
export { createReprise } from './container/create-reprise.ts';
export { createWorker, type Worker, type WorkerConfig } from './container/create-worker.ts';
export type { SecretSource } from './container/dispatch-secrets.ts';
export { type AnyPlugin, assertPlugin, createPart, definePlugin, type Plugin } from './container/plugin.ts';
export type {
  BuiltTasks,
  CatchClause,
  CaughtFeedback,
  LoopOption,
  ScopeOptions,
} from './definition/builder/block-options.ts';
export type {
  CaseOption,
  ChildOptions,
  EnteredOptions,
  InputOption,
  RaiseOption,
  SleepOption,
  WaitOption,
} from './definition/builder/entered-options.ts';
export type {
  BudgetOption,
  CompensateOption,
  ErrorScope,
  ItemScope,
  MutexOption,
  OutputScope,
  PlainTaskOptions,
  RetryOption,
  StartOptions,
  TaskScope,
  TaskTimeoutOption,
  TemplateOption,
  TimeoutOption,
  WorkflowOptions,
} from './definition/builder/options.ts';
export type { ChildChoice, FailedTask } from './definition/builder/task-types.ts';
export type { AddedTasksBuilder } from './definition/builder/workflow-builder.ts';
export { WorkflowBuilder, workflow } from './definition/builder/workflow-builder.ts';
export { type DefinitionChange, definitionChanges } from './definition/changes.ts';
export {
  type AgentBudget,
  type AmountKind,
  type Block,
  BUDGETS,
  type Budget,
  type BudgetKind,
  type Catch,
  type ChildWorkflow,
  type Compensate,
  type CountKind,
  DEFAULT_CONCURRENCY,
  DEFAULT_RETRY,
  type End,
  type Escalation,
  type Expression,
  type Fallback,
  type ForEach,
  type Form,
  type FunctionExpression,
  isForAgents,
  type Join,
  type Loop,
  type MaxUsage,
  type Mutex,
  type OnBudget,
  PERFORMERS,
  PERMISSIONS,
  type Performer,
  type Permission,
  performerOf,
  type Raise,
  type Repeat,
  type RetryPolicy,
  type Scope,
  type Sleep,
  type StrategyOption,
  type Switch,
  type TaskDefinition,
  type TaskTimeouts,
  tasksWithin,
  type Wait,
  type WorkflowDefinition,
} from './definition/definition.ts';
export { didYouMean, nearest } from './definition/did-you-mean.ts';
export { evaluate } from './definition/evaluate.ts';
export { type CelExpression, cel, type TemplateExpression, template } from './definition/expression.ts';
export type { AddedBy } from './definition/grown-graph.ts';
export { toMermaid } from './definition/mermaid.ts';
export { type DefinitionProblem, formatPath, formatProblem } from './definition/problem.ts';
export { type BoundDefinition, bindDefinition, hashDefinition, recordDefinition } from './definition/recorded.ts';
export { type RemoteAgent, remoteAgent } from './definition/remote-agent.ts';
export type { Approval } from './definition/schema/approval.ts';
export { flawText, type SchemaFlaw, schemaFlaws } from './definition/schema/json-schema.ts';
export type { TasksToAdd } from './definition/tasks-to-add.ts';
export { numberProblem } from './definition/text/number-literal.ts';
export { type ParsedText, parseText, type TextOptions } from './definition/text/parse-document.ts';
export { loadDefinition, type ParseOptions, parseWorkflow } from './definition/text/parse-workflow.ts';
export { workflowToYaml } from './definition/text/workflow-to-yaml.ts';
export type { KnownAgent } from './definition/validation/agent-rules.ts';
export type { KnownWorkflow } from './definition/validation/child-rules.ts';
export { definitionWarnings } from './definition/validation/definition-warnings.ts';
export { type ValidationOptions, validateDefinition } from './definition/validation/validate-definition.ts';
export { jsonSchemaOfInput } from './definition/values/schema-shape.ts';
export type { AgentReference, LocalAgent, Workflow, WorkflowInput, WorkflowOutput } from './definition/workflow.ts';
export {
  type EventMetadata,
  type EventStore,
  type NewEvent,
  NO_STREAM,
  type RecordedEvent,
  type StreamSummary,
} from './event-store/event-store.ts';
export { createInMemoryStorage } from './event-store/in-memory-storage.ts';
export type { DriverSign, Ownership } from './event-store/ownership.ts';
export { BEGINNING, decodePosition, encodePosition, type Position } from './event-store/position.ts';
export { readStream } from './event-store/read-stream.ts';
export type { Storage, StoreFinding, StoreStats, StreamQuery } from './event-store/storage.ts';
export { createInProcessTransport } from './orchestration/messaging/in-process-transport.ts';
export type { Transport, TransportHealth } from './orchestration/messaging/transport.ts';
export type {
  TopicChange,
  TopicDifference,
  TopicSettings,
  TopicStanding,
  TransportTopics,
} from './orchestration/messaging/transport-topics.ts';
export type {
  EngineMeasures,
  Monitor,
  Notice,
  ObservedEvent,
  WatchedAttempt,
  WatchedEngine,
} from './orchestration/monitoring/monitor.ts';
export { type AttemptsByTask, RunAttempts, type TimelineAttempt } from './orchestration/reading/attempts.ts';
export {
  type CriticalLink,
  type CriticalPart,
  type CriticalPath,
  criticalPath,
} from './orchestration/reading/critical-path/critical-path.ts';
export {
  type DeleteRunOptions,
  type DeletingParts,
  deleteRun,
  lookAtDeletion,
} from './orchestration/reading/deletion/delete-runs.ts';
export {
  AUDIT_STREAM,
  type DeletedRun,
  type Deletion,
  deletions,
  lastDeletion,
} from './orchestration/reading/deletion/deletions.ts';
export { type Drivers, lookForDrivers, silentSummary, silentText } from './orchestration/reading/drivers.ts';
export { EventReader } from './orchestration/reading/event-reader.ts';
export type { Keyframe, KeyframeStore } from './orchestration/reading/keyframe-store.ts';
export { matches } from './orchestration/reading/query/matches.ts';
export { type ParseQueryOptions, parseQuery } from './orchestration/reading/query/parse-query.ts';
export { printQuery } from './orchestration/reading/query/print-query.ts';
export {
  bothOf,
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
export { RUN_FIELDS, RUN_STATUSES } from './orchestration/reading/query/run-fields.ts';
export { RunFrames, type RunFramesOptions } from './orchestration/reading/run-frames.ts';
export {
  type ListRuns,
  listByView,
  OPEN_RUNS,
  type RunQuery,
  runsFrom,
  runsWhere,
  withoutMailboxes,
} from './orchestration/reading/run-list.ts';
export {
  liesIn,
  type MessageDeath,
  type MessageDelivery,
  type MessageEdit,
  type MessageReceipt,
  type RunMessage,
  type RunMessageStatus,
} from './orchestration/reading/run-messages.ts';
export { type HistoryEntry, RunReader } from './orchestration/reading/run-reader.ts';
export { type RunSummary, summaryOf } from './orchestration/reading/run-summary.ts';
export { type AgentRow, agents } from './orchestration/reading/views/built-in/agents.ts';
export { BUILT_IN_VIEWS } from './orchestration/reading/views/built-in/built-in-views.ts';
export {
  type ConversationRow,
  type ConversationStage,
  conversations,
} from './orchestration/reading/views/built-in/conversations.ts';
export { type CriticalPathsRow, criticalPaths } from './orchestration/reading/views/built-in/critical-paths.ts';
export {
  DEAD_LETTER_STATUSES,
  type DeadLetterRow,
  type DeadLetterStatus,
  deadLetters,
} from './orchestration/reading/views/built-in/dead-letters.ts';
export { type FormRow, type FormsRow, forms } from './orchestration/reading/views/built-in/forms.ts';
export { type RunRow, runIndex } from './orchestration/reading/views/built-in/run-index.ts';
export { type TaskTimesRow, taskTimes } from './orchestration/reading/views/built-in/task-times.ts';
export { type ThroughputRow, throughput } from './orchestration/reading/views/built-in/throughput.ts';
export { type TimelineRow, timelines } from './orchestration/reading/views/built-in/timelines.ts';
export { type WaitingCause, type WaitingRow, waiting } from './orchestration/reading/views/built-in/waiting.ts';
export { type WhoToldWhomRow, whoToldWhom } from './orchestration/reading/views/built-in/who-told-whom.ts';
export { foldView } from './orchestration/reading/views/fold-events.ts';
export { isOutdated, type RecordedFailure } from './orchestration/reading/views/followed-view.ts';
export { createInMemoryViewStore } from './orchestration/reading/views/in-memory-view-store.ts';
export {
  defineProjection,
  type Projection,
  type RowsBefore,
  type RunFacts,
  type ViewEvent,
} from './orchestration/reading/views/projection.ts';
export {
  Projector,
  type ProjectorOptions,
  type ProjectorParts,
  type ViewLag,
} from './orchestration/reading/views/projector.ts';
export type {
  ViewBatch,
  ViewChange,
  ViewId,
  ViewOrder,
  ViewPage,
  ViewQuery,
  ViewRow,
  ViewStore,
} from './orchestration/reading/views/view-store.ts';
export { type AsNew, type ViewPageAsNew, Views } from './orchestration/reading/views/views.ts';
export type { AgentFailure } from './orchestration/runtime/admission/breaker.ts';
export type {
  AdmissionConfig,
  AdmissionLimit,
  BreakerConfig,
  NamedLimits,
} from './orchestration/runtime/admission/options.ts';
export type { AgentPresence } from './orchestration/runtime/agent-directory.ts';
export type { ForkPlan } from './orchestration/runtime/fork-plan.ts';
export type { HealthCheck } from './orchestration/runtime/health.ts';
export {
  type IsolatedAgent,
  type IsolatedAgentSource,
  type IsolationLimits,
  isolatedAgent,
} from './orchestration/runtime/isolation/isolated-agent.ts';
export type { Isolation } from './orchestration/runtime/isolation/isolation-options.ts';
export type { MonitorHealth } from './orchestration/runtime/monitor-hub.ts';
export { DEFAULT_ENGINE_OPTIONS, type EngineOptions } from './orchestration/runtime/options.ts';
export { type BoundTopics, type DriveOptions, Orchestrator } from './orchestration/runtime/orchestrator.ts';
export type { Role } from './orchestration/runtime/ownership/driving.ts';
export type {
  ProgramMessages,
  ProgramRequestOptions,
  ProgramSendOptions,
  TakenMessage,
  TakeOptions,
  Whereto,
} from './orchestration/runtime/program-messages.ts';
export {
  type AddTasksOptions,
  type AnswerOptions,
  type CancelOptions,
  type OutcomeOptions,
  RunHandle,
  type RunOutcome,
  type RunSendOptions,
  type RunStuck,
  type SignalOptions,
} from './orchestration/runtime/run-handle.ts';
export { heldByAgents, heldByFunctions, type RunHold } from './orchestration/runtime/run-hold.ts';
export type { ForkRunOptions, RetryRunOptions, StartRunOptions } from './orchestration/runtime/run-starts.ts';
export { type OutsideWaits, outsideWaits } from './orchestration/runtime/run-waits.ts';
export type { CommandOptions } from './orchestration/runtime/steering.ts';
export { graphStrategy, sequentialStrategy } from './orchestration/scheduler/graph-strategy.ts';
export type { AnyStrategy, SchedulerStrategy } from './orchestration/scheduler/scheduler-strategy.ts';
export { strategyProblems } from './orchestration/scheduler/strategy-problems.ts';
export type { BudgetAnswer } from './orchestration/workflow/budget-questions.ts';
export {
  CompatCheck,
  type CompatWorkflow,
  compatOf,
  type RunChange,
  type RunCompat,
} from './orchestration/workflow/compat.ts';
export { diffRuns } from './orchestration/workflow/diff/diff-runs.ts';
export type {
  Difference,
  DiffersIn,
  DiffSide,
  DiffTask,
  Parting,
  RunCost,
  RunDiff,
  Said,
  TaskCosts,
} from './orchestration/workflow/diff/run-diff.ts';
export type { CancelTasks, Directive, Finish, HandOff, Spawn } from './orchestration/workflow/directives.ts';
export { isEnd, type RunEnd } from './orchestration/workflow/end-of-run.ts';
export { decodeEvent, EVENT_VERSIONS, encodeEvent, type StoredEvent } from './orchestration/workflow/event-schema.ts';
export type {
  DecisionMade,
  DecisionRefused,
  Lineage,
  MessageReceived,
  MessageSent,
  ParentTask,
  PutBefore,
  RunEvent,
  RunEventType,
  TaskEntered,
  TaskHandedOff,
  TasksAdded,
  TasksReset,
  TeamWoken,
  Usage,
  Via,
} from './orchestration/workflow/events.ts';
export { explainRun } from './orchestration/workflow/explain/explain-run.ts';
export type {
  ExplainFacts,
  Explanation,
  Mover,
  Reason,
  RootFailure,
  RunExplanation,
  StandIn,
  Takers,
} from './orchestration/workflow/explain/explanation.ts';
export { DRAINING } from './orchestration/workflow/explain/wording.ts';
export { MAILBOX_INBOX, MAILBOX_WORKFLOW, mailboxRun } from './orchestration/workflow/messaging/elsewhere.ts';
export { DEAD_LETTERS, type Party } from './orchestration/workflow/messaging/message.ts';
export {
  type RunGraph,
  type RunGraphEdge,
  type RunGraphNode,
  runGraph,
  workflowGraph,
} from './orchestration/workflow/picture/run-graph.ts';
export { type RunPictureOptions, runToMermaid } from './orchestration/workflow/picture/run-to-mermaid.ts';
export { Replay, type ReplayResult, replay } from './orchestration/workflow/replay.ts';
export type {
  BudgetUse,
  BudgetView,
  ClosingView,
  FormView,
  ItemsView,
  MailboxView,
  MessageView,
  RunView,
  TaskView,
  TaskViews,
} from './orchestration/workflow/run-view.ts';
export type { RecordedPlace, Reference, Source, SourceOf } from './orchestration/workflow/sources/source.ts';
export {
  type HandedOff,
  isTerminal,
  type PausedBy,
  type RunStatus,
  type TaskStatus,
} from './orchestration/workflow/state.ts';
export type { Flaw } from './orchestration/workflow/untrusted/shape.ts';
export { UntrustedHistory } from './orchestration/workflow/untrusted/untrusted-history.ts';
export type { Clock, Ids, Random, ScheduledCall } from './shared/clock.ts';
export { type Duration, formatDuration, parseDuration } from './shared/duration.ts';
export { ERROR_CODES, type ErrorCode, type ErrorCodeEntry } from './shared/error-codes.ts';
export {
  type ErrorData,
  isRepriseError,
  RepriseError,
  type RepriseErrorOptions,
  stackOf,
  toErrorData,
} from './shared/errors.ts';
export type { Finding } from './shared/finding.ts';
export { sha256, uuidv5 } from './shared/hash.ts';
export { assertId, ID_PATTERN, isId, runStream, streamRunId } from './shared/ids.ts';
export { canonicalJson, type Json, type JsonObject, jsonProblem } from './shared/json.ts';
export type { Labels } from './shared/labels.ts';
export { sleep, systemClock, systemIds, systemRandom } from './shared/system.ts';
export { TASK_ID_PATTERN, type TaskPaths, taskPaths } from './shared/task-path.ts';
export { frameText, type StackFrame, userFrame } from './shared/user-frame.ts';
export { oneLine, visibleJson, visibleText } from './shared/visible-text.ts';
