import type { MessageDelivery, MessageEdit, MessageReceipt, RunMessage } from '@reprise/core';
import { isoOrNull, isoTime } from '../output/text.ts';

/** A message in JSON; what it says only where it was read. Members that are not known are null. */
export const messageShape = (one: RunMessage): object => ({
  message: one.id,
  revision: one.revision,
  sentAt: isoTime(one.sentAt),
  from: one.from.task ?? one.from.client,
  attempt: one.from.task === undefined ? null : (one.from.attempt ?? null),
  outside: one.from.task === undefined,
  fromRun: one.from.run ?? null,
  onBehalf: one.onBehalf ?? false,
  mailbox: one.mailbox,
  toRun: one.run ?? null,
  performative: one.performative,
  type: one.type ?? null,
  conversation: one.conversation ?? null,
  inReplyTo: one.inReplyTo ?? null,
  deadline: isoOrNull(one.deadline),
  size: one.size,
  status: one.status,
  since: isoTime(one.since),
  deliveries: one.deliveries.map(deliveryShape),
  receipt: one.receipt === undefined ? null : receiptShape(one.receipt),
  death: one.death === undefined ? null : { ...one.death, at: isoTime(one.death.at) },
  edited: one.edited,
  redriven: one.redriven,
  lastEdit: one.lastEdit === undefined ? null : editShape(one.lastEdit),
  ...(one.data === undefined ? {} : { data: one.data }),
});

const editShape = ({ at, by, reason }: MessageEdit): object => ({
  at: isoTime(at),
  by: by ?? null,
  reason: reason ?? null,
});

const receiptShape = ({ at, outcome, error }: MessageReceipt): object => ({
  at: isoTime(at),
  outcome,
  error: error ?? null,
});

const deliveryShape = ({ task, client, attempt, at, until, outcome, ...end }: MessageDelivery): object => ({
  taskId: task ?? null,
  client: client ?? null,
  attempt: attempt ?? null,
  at: isoTime(at),
  until: isoOrNull(until),
  outcome: outcome ?? null,
  endedAt: isoOrNull(end.endedAt),
  reason: end.reason ?? null,
  code: end.code ?? null,
  because: end.because ?? null,
});
