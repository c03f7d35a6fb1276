import { receiverKey } from '../messaging/mail.ts';
import { beyond, isOutbox } from '../messaging/outbox.ts';
import { owes } from '../messaging/protocols.ts';
import type { RunState } from '../state.ts';
import type { Commitment } from './explanation.ts';

/** What others are to answer the task. */
export function commitmentsTo({ mail }: RunState, id: string): readonly Commitment[] {
  const owed: Commitment[] = [];
  for (const one of mail?.conversations.values() ?? []) {
    const who = owes(one.stage);
    if (who === undefined || (who === 'participant' ? one.initiator : one.participant) !== id) continue;
    const debtor = who === 'participant' ? (one.participant ?? one.mailbox) : one.initiator;
    owed.push({ who: whoIs(debtor), about: one.subject, stage: one.stage, since: one.since, dueAt: one.deadline });
  }
  return owed;
}

/** Of another run, with that. */
function whoIs(key: string): string {
  if (!isOutbox(key)) return key;
  const { run, to } = beyond(key);
  return `${to} of run ${run}`;
}

/** Steps of a chain of waiting that are followed. */
const MOST_STEPS = 32;

/** The tasks of a circle of waiting that the task is in, it first; empty when it is in none that can be seen. It may send while it waits: a circle is no proof. */
export function circleOf(state: RunState, id: string): readonly string[] {
  const walk = (at: string, path: readonly string[]): readonly string[] => {
    for (const next of awaitedBy(state, at)) {
      if (next === id) return path;
      if (path.includes(next) || path.length >= MOST_STEPS) continue;
      const found = walk(next, [...path, next]);
      if (found.length > 0) return found;
    }
    return [];
  };
  return walk(id, [id]);
}

/** Whom a task waits for that waits for messages: whose messages it wants, and who owes it an answer. */
function awaitedBy(state: RunState, id: string): ReadonlySet<string> {
  const { mail } = state;
  const names = new Set<string>();
  const task = state.tasks.get(id);
  if (mail === undefined || task === undefined) return names;
  const waits = [...(mail.attempts.get(id)?.waits ?? [])];
  if (waits.length === 0 && task.awaits === undefined) return names;
  if (task.awaits?.wanted?.from !== undefined) names.add(task.awaits.wanted.from);
  for (const [call, mailbox] of waits) {
    const from = mail.boxes.get(mailbox)?.receivers.get(receiverKey({ taskId: id, call }))?.wanted?.from;
    if (from !== undefined) names.add(from);
  }
  for (const { who } of commitmentsTo(state, id)) names.add(who);
  return names;
}
