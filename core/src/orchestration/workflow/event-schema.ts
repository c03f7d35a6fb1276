import type { WorkflowDefinition } from '../../definition/definition.ts';
import { recordDefinition } from '../../definition/recorded.ts';
import { RepriseError } from '../../shared/errors.ts';
import type { JsonObject } from '../../shared/json.ts';
import type { RunEvent, RunEventType, RunStarted } from './events.ts';

/** Current schema version of every event type. */
export const EVENT_VERSIONS: Readonly<Record<RunEventType, number>> = {
  RunStarted: 1,
  RunPaused: 1,
  RunResumed: 1,
  RunParked: 1,
  RunCompleted: 1,
  RunFailed: 1,
  RunCancelled: 1,
  TaskReady: 1,
  MutexGranted: 1,
  TaskSkipped: 1,
  TaskEntered: 1,
  TaskCancelled: 1,
  TaskClosing: 1,
  TasksAdded: 1,
  TasksLinked: 1,
  TasksUnlinked: 1,
  TaskPrioritySet: 1,
  BudgetReached: 1,
  BudgetRaised: 1,
  BudgetAsked: 1,
  DecisionMade: 1,
  DecisionRefused: 1,
  TeamWoken: 1,
  AgentRested: 1,
  AgentBack: 1,
  TasksReset: 1,
  ScopeCaught: 1,
  CompensationBegan: 1,
  SignalReceived: 1,
  MessageReceived: 1,
  MessageTaken: 1,
  MessageHandedOn: 1,
  MessagesHandedOver: 1,
  HandOverAwaited: 1,
  FormAnswered: 1,
  FormAssigned: 1,
  RunForked: 1,
  TaskExpanded: 1,
  ItemsAdded: 1,
  ItemJoined: 1,
  TaskYielded: 1,
  TaskExpired: 1,
  TaskAdopted: 1,
  TaskScheduled: 1,
  TaskStarted: 1,
  TaskCompleted: 1,
  TaskRepeated: 1,
  TaskAttemptCompleted: 1,
  TaskAttemptFailed: 1,
  TaskHandedOff: 1,
  TaskFellBack: 1,
  TaskFailed: 1,
  TaskResultIgnored: 1,
  MessageSent: 1,
  MailboxSubscribed: 1,
  MailboxUnsubscribed: 1,
  MessageAwaited: 1,
  MessageDelivered: 1,
  MessageMissed: 1,
  MessageAcknowledged: 1,
  MessageRejected: 1,
  MessageExpired: 1,
  MessageDeadLettered: 1,
  MessagesClosed: 1,
  ConversationExpired: 1,
  DeadLetterEdited: 1,
  DeadLettersRedriven: 1,
  DeadLettersDiscarded: 1,
  CommandRejected: 1,
  CommandNoted: 1,
};

/** Brings the data of one version of an event type to the next version. Pure. */
export type Upcaster = (data: JsonObject) => JsonObject;

/** By event type, then by the version that is brought up: `upcasters.TaskStarted[1]` turns version 1 into 2. */
export type Upcasters = Readonly<Partial<Record<RunEventType, Readonly<Record<number, Upcaster>>>>>;

/** None yet: every event type is at its first version. */
export const UPCASTERS: Upcasters = {};

/** An event as a store keeps it: `type` and `at` (as `time`) beside the rest. */
export interface StoredEvent {
  readonly type: string;
  readonly time: number;
  readonly data: JsonObject;
  readonly metadata: { readonly schemaVersion: number };
}

/** Recorded forms, made once for each definition object. */
const recordedForms = new WeakMap<WorkflowDefinition, WorkflowDefinition>();

function recordedForm(definition: WorkflowDefinition): WorkflowDefinition {
  let recorded = recordedForms.get(definition);
  if (recorded === undefined) {
    recorded = recordDefinition(definition);
    recordedForms.set(definition, recorded);
  }
  return recorded;
}

/** What stands in another run's history is not stored again. */
function recordedStart(event: RunStarted): Omit<RunStarted, 'input'> {
  const { input, ...others } = event;
  const definition = recordedForm(event.definition);
  return event.inputFrom === undefined ? { ...event, definition } : { ...others, definition };
}

/** The stored form of an event: plain JSON. Functions in a definition drop out, their digests stay. */
export function encodeEvent(event: RunEvent): StoredEvent {
  const { type, at, ...data } = event.type === 'RunStarted' ? recordedStart(event) : event;
  return { type, time: at, data: data as unknown as JsonObject, metadata: { schemaVersion: EVENT_VERSIONS[type] } };
}

/**
 * The event that was stored, brought up to the current version. One with `inputFrom` lacks its `input`: see EventReader. Throws
 * REPRISE_EVENT_UNREADABLE.
 */
export function decodeEvent(
  stored: StoredEvent,
  versions: Readonly<Record<string, number>> = EVENT_VERSIONS,
  upcasters: Upcasters = UPCASTERS,
): RunEvent {
  const current = Object.hasOwn(versions, stored.type) ? versions[stored.type] : undefined;
  if (current === undefined) {
    throw new RepriseError('REPRISE_EVENT_UNREADABLE', `The event type '${stored.type}' is unknown to this build.`);
  }
  let version = stored.metadata.schemaVersion;
  let { data } = stored;
  while (version < current) {
    const upcast = upcasters[stored.type as RunEventType]?.[version];
    if (upcast === undefined) {
      throw new RepriseError(
        'REPRISE_EVENT_UNREADABLE',
        `No upcaster brings '${stored.type}' from version ${version} up.`,
      );
    }
    data = upcast(data);
    version += 1;
  }
  if (version > current) {
    const message = `'${stored.type}' is of version ${version}; this build knows up to ${current}.`;
    throw new RepriseError('REPRISE_EVENT_UNREADABLE', message);
  }
  return { ...data, type: stored.type, at: stored.time } as unknown as RunEvent;
}
