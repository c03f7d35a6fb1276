// Every name by which telemetry calls something: attributes, events of spans, instruments. `gen_ai.*`, `messaging.*`, `error.*` and `nodejs.*` are OpenTelemetry's
// (semantic conventions 1.38), pinned here so that a newer version of them changes no name by itself; `reprise.*` are ours. docs/telemetry.md says what each is.

/** Attributes of spans, log records and measurements. */
export const ATTRIBUTES = {
  runId: 'reprise.run.id',
  rootRunId: 'reprise.run.root_id',
  runStatus: 'reprise.run.status',
  runPart: 'reprise.run.part',
  revision: 'reprise.append.revision',
  events: 'reprise.append.events',
  forkOf: 'reprise.run.fork_of',
  retryOf: 'reprise.run.retry_of',
  workflow: 'reprise.workflow.name',
  workflowVersion: 'reprise.workflow.version',
  tenant: 'reprise.tenant',
  taskId: 'reprise.task.id',
  taskStatus: 'reprise.task.status',
  performer: 'reprise.task.performer',
  via: 'reprise.task.via',
  attempt: 'reprise.attempt.number',
  attemptOutcome: 'reprise.attempt.outcome',
  worker: 'reprise.worker.id',
  queuedMs: 'reprise.attempt.queued_ms',
  tokens: 'reprise.usage.tokens',
  cost: 'reprise.usage.cost',
  scope: 'reprise.scope',
  strategy: 'reprise.decision.strategy',
  decision: 'reprise.decision.kind',
  decisionNumber: 'reprise.decision.number',
  decisionTasks: 'reprise.decision.tasks',
  decisionWhy: 'reprise.decision.why',
  performative: 'reprise.message.performative',
  messageOutcome: 'reprise.message.outcome',
  linkKind: 'reprise.link',
  retryable: 'reprise.error.retryable',
  budget: 'reprise.budget',
  command: 'reprise.command',
  reason: 'reprise.reason',
  limit: 'reprise.limit',
  view: 'reprise.view',
  monitor: 'reprise.monitor',
  signal: 'reprise.signal',
  telemetrySignal: 'reprise.telemetry.signal',
  agent: 'gen_ai.agent.name',
  operation: 'gen_ai.operation.name',
  messagingSystem: 'messaging.system',
  messagingOperation: 'messaging.operation.type',
  messagingOperationName: 'messaging.operation.name',
  destination: 'messaging.destination.name',
  messageId: 'messaging.message.id',
  conversationId: 'messaging.message.conversation_id',
  errorType: 'error.type',
  errorMessage: 'error.message',
} as const;

/** Events of spans. */
export const SPAN_EVENTS = {
  paused: 'reprise.run.paused',
  resumed: 'reprise.run.resumed',
  parked: 'reprise.run.parked',
  signal: 'reprise.signal.received',
  closing: 'reprise.task.closing',
  expired: 'reprise.task.expired',
  retry: 'reprise.task.retry',
  fellBack: 'reprise.task.fell_back',
  handedOff: 'reprise.task.handed_off',
  assigned: 'reprise.form.assigned',
  caught: 'reprise.scope.caught',
  round: 'reprise.scope.round',
  budgetReached: 'reprise.budget.reached',
  budgetAsked: 'reprise.budget.asked',
  budgetRaised: 'reprise.budget.raised',
  rested: 'reprise.agent.rested',
  rejected: 'reprise.command.rejected',
  started: 'reprise.attempt.started',
  deadLettered: 'reprise.message.dead_lettered',
} as const;

/** A metric: its kind, name, unit (UCUM) and description. */
export interface Instrument {
  readonly kind: 'counter' | 'histogram' | 'gauge';
  readonly name: string;
  /** UCUM; a noun in braces is a count of that. */
  readonly unit: string;
  readonly description: string;
}

const counter = (name: string, unit: string, description: string): Instrument => ({
  kind: 'counter',
  name,
  unit,
  description,
});
const seconds = (name: string, description: string): Instrument => ({
  kind: 'histogram',
  name,
  unit: 's',
  description,
});
const gauge = (name: string, unit: string, description: string): Instrument => ({
  kind: 'gauge',
  name,
  unit,
  description,
});

/** What is measured. */
export const INSTRUMENTS = {
  runsStarted: counter('reprise.runs.started', '{run}', 'Runs that began, by workflow.'),
  runsEnded: counter('reprise.runs.ended', '{run}', 'Runs that ended, by workflow and status.'),
  runsParked: counter('reprise.runs.parked', '{run}', 'Runs that could not be decided any further, by workflow.'),
  runDuration: seconds('reprise.run.duration', 'From the start of a run to its end, by workflow and status.'),
  tasksEnded: counter('reprise.tasks.ended', '{task}', 'Tasks that ended, by workflow and status.'),
  taskDuration: seconds('reprise.task.duration', 'From when a task was ready to its end, by workflow and status.'),
  attemptsStarted: counter('reprise.attempts.started', '{attempt}', 'Attempts that were assigned to an agent.'),
  attemptsEnded: counter('reprise.attempts.ended', '{attempt}', 'Attempts that ended, by agent, outcome and error.'),
  attemptDuration: seconds('reprise.attempt.duration', 'From when a worker began an attempt to its end, by agent.'),
  attemptQueued: seconds('reprise.attempt.queued', 'From when a task was ready to when a worker began it, by agent.'),
  retries: counter('reprise.attempts.retried', '{attempt}', 'Attempts that are made again, by agent and error.'),
  fallbacks: counter('reprise.tasks.fell_back', '{task}', 'Tasks for which something else stood in, by error.'),
  messagesSent: counter('reprise.messages.sent', '{message}', 'Messages that were sent, by performative.'),
  messagesDead: counter('reprise.messages.dead_lettered', '{message}', 'Messages that became dead letters, by error.'),
  commandsRejected: counter('reprise.commands.rejected', '{command}', 'Commands that did not fit, by error.'),
  decisions: counter('reprise.decisions', '{decision}', 'Decisions of strategies, by strategy and kind.'),
  agentsRested: counter('reprise.agents.rested', '{rest}', 'How often an agent was rested, because it kept failing.'),
  budgetsReached: counter('reprise.budgets.reached', '{budget}', 'Budgets that were spent, by kind.'),
  tokens: counter('reprise.usage.tokens', '{token}', 'Tokens that agents say they used, by agent.'),
  cost: counter('reprise.usage.cost', '{unit}', "Cost that agents say they caused, in the user's unit, by agent."),
  attemptsRunning: gauge('reprise.attempts.running', '{attempt}', 'Attempts that are under way, by agent.'),
  attemptsWaiting: gauge('reprise.attempts.waiting', '{attempt}', 'Attempts that wait for room, by limit.'),
  runsOpen: gauge('reprise.runs.open', '{run}', 'Runs of which this process has seen something and no end.'),
  viewLag: gauge('reprise.view.lag', 's', 'Age of what a view has seen last; 0 is up to date.'),
  storeAppend: seconds(
    'reprise.store.append.duration',
    'How long appends to the store took; one of eight is measured.',
  ),
  loopDelayMean: gauge('nodejs.eventloop.delay.mean', 's', 'Mean delay of the event loop since the last measurement.'),
  loopDelayP99: gauge('nodejs.eventloop.delay.p99', 's', '99th percentile of the same.'),
  loopDelayMax: gauge('nodejs.eventloop.delay.max', 's', 'The longest of the same.'),
  monitorDropped: counter('reprise.monitor.dropped', '{observation}', "What a monitor's queue could not hold."),
  monitorFailures: counter('reprise.monitor.failures', '{failure}', 'How often something failed in a monitor.'),
  telemetryLost: counter('reprise.telemetry.lost', '{item}', 'Spans, records and observations that were not sent.'),
} as const satisfies Readonly<Record<string, Instrument>>;
