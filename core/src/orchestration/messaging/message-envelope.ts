import type { EventMetadata } from '../../event-store/event-store.ts';
import { toIsoTime } from '../../shared/clock.ts';
import type { MessageSent } from '../workflow/events.ts';
import { type Ask, nameOf, type Party } from '../workflow/messaging/message.ts';
import type { Envelope } from './envelope.ts';
import { KINDS } from './message-types.ts';

// What one agent says to another, as its run has it on record and as it goes over a border.

/** A message of a run. */
export interface RecordedMessage {
  /** The run that has it on record. */
  readonly runId: string;
  readonly event: MessageSent;
  readonly metadata: Pick<EventMetadata, 'causationId' | 'correlationId' | 'traceparent'>;
  /** Of one that is being delivered: 1 for the first time. */
  readonly delivery?: number;
}

/** Each member of the event has its attribute: fromMessageEnvelope() gives it back. */
export function toMessageEnvelope({ runId, event, metadata, delivery }: RecordedMessage): Envelope {
  const { from, performative, subject, conversation, inReplyTo, expiresAt, deadline, key, call, worker } = event;
  const { causationId, correlationId, traceparent } = metadata;
  return {
    specversion: '1.0',
    id: event.message,
    source: sourceOf(runId, from),
    ...KINDS.message,
    subject: event.to,
    time: toIsoTime(event.at),
    datacontenttype: 'application/json',
    runid: runId,
    ...(from.task !== undefined && { taskid: from.task, ...(from.attempt !== undefined && { attempt: from.attempt }) }),
    correlationid: correlationId,
    causationid: causationId,
    partitionkey: runId,
    replyto: nameOf(from),
    ...(expiresAt !== undefined && { expirytime: toIsoTime(expiresAt) }),
    ...(traceparent !== undefined && { traceparent }),
    ...(performative !== undefined && { performative }),
    ...(conversation !== undefined && { conversationid: conversation }),
    ...(inReplyTo !== undefined && { inreplyto: inReplyTo }),
    ...(delivery !== undefined && { deliveryattempt: delivery }),
    ...(call !== undefined && { sequence: String(call).padStart(10, '0') }),
    ...(subject !== undefined && { messagetype: subject }),
    ...(key !== undefined && { messagekey: key }),
    ...(deadline !== undefined && { replyby: toIsoTime(deadline) }),
    ...(event.drop === true && { dropexpired: true }),
    ...(event.onBehalf === true && { onbehalf: true }),
    ...(worker !== undefined && { worker }),
    ...farOf(event),
    data: event.data,
  };
}

/** Of an envelope that readMessage() has taken, and whose type is `reprise.message`. */
export function fromMessageEnvelope(envelope: Envelope): RecordedMessage {
  const { runid = '', performative, conversationid, inreplyto, expirytime, replyby, sequence, traceparent } = envelope;
  const { messagetype, messagekey, worker, deliveryattempt } = envelope;
  const from = partyOf(envelope);
  return {
    runId: runid,
    event: {
      type: 'MessageSent',
      at: Date.parse(envelope.time),
      message: envelope.id,
      from,
      to: envelope.subject,
      data: envelope.data,
      ...(performative !== undefined && { performative }),
      ...(messagetype !== undefined && { subject: messagetype }),
      ...(conversationid !== undefined && { conversation: conversationid }),
      ...(inreplyto !== undefined && { inReplyTo: inreplyto }),
      ...(expirytime !== undefined && { expiresAt: Date.parse(expirytime) }),
      ...(replyby !== undefined && { deadline: Date.parse(replyby) }),
      ...(envelope.onbehalf === true && { onBehalf: true }),
      ...(envelope.dropexpired === true && { drop: true }),
      ...(messagekey !== undefined && { key: messagekey }),
      ...(sequence !== undefined && { call: Number(sequence) }),
      ...(worker !== undefined && { worker }),
      ...nearOf(envelope),
      // A command brings one from outside, and is what it follows from; what the run says for a name it says by itself.
      ...(from.task === undefined &&
        envelope.onbehalf !== true &&
        envelope.decision === undefined && { commandId: envelope.causationid }),
    },
    metadata: {
      causationId: envelope.causationid,
      correlationId: envelope.correlationid,
      ...(traceparent !== undefined && { traceparent }),
    },
    ...(deliveryattempt !== undefined && { delivery: deliveryattempt }),
  };
}

/** What is said of where it goes beside its address, and how it was said. */
const farOf = ({ run, n, receipt, ask, recipients, late, on, decidedBy }: MessageSent) => ({
  ...(run !== undefined && { torun: run }),
  ...(n !== undefined && { runsequence: n }),
  ...(receipt !== undefined && { receipt }),
  ...(ask !== undefined && { ask: JSON.stringify(ask) }),
  ...(recipients !== undefined && { recipients: JSON.stringify(recipients) }),
  ...(late === true && { toolate: true }),
  ...(on !== undefined && { oncompletion: true }),
  ...(decidedBy !== undefined && { decision: decidedBy }),
});

const nearOf = ({ torun, runsequence, receipt, ask, recipients, toolate, oncompletion, decision }: Envelope) => ({
  ...(torun !== undefined && { run: torun }),
  ...(runsequence !== undefined && { n: runsequence }),
  ...(receipt !== undefined && { receipt }),
  ...(ask !== undefined && { ask: JSON.parse(ask) as Ask }),
  ...(recipients !== undefined && { recipients: JSON.parse(recipients) as readonly string[] }),
  ...(toolate === true && { late: true }),
  ...(oncompletion === true && { on: 'completion' as const }),
  ...(decision !== undefined && { decidedBy: decision }),
});

const CLIENTS = '/clients/';

const sourceOf = (runId: string, { task, client }: Party & { readonly client?: string }): string =>
  task === undefined ? `${CLIENTS}${encoded(client ?? '')}` : `/runs/${runId}/tasks/${encoded(task)}`;

const encoded = (text: string): string => encodeURIComponent(text.toWellFormed());

function partyOf({ source, taskid, attempt, replyto }: Envelope): Party {
  if (taskid !== undefined) return { task: taskid, ...(attempt !== undefined && { attempt }) };
  return { client: replyto ?? source };
}
