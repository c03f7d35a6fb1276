import { receiverKey } from '../messaging/mail.ts';
import { beyond, isOutbox } from '../messaging/outbox.ts';
import { owes } from '../messaging/protocols.ts';
import type { RunState } from '../state.ts';
import type { Commitment } from './explanation.ts';

/** What others are to answer the task. */
export const commitmentsTo = (state: RunState, id: string): readonly Commitment[] =>
  Array.from(debtsTo(state, id), ({ one, debtor }) => {
    return { who: whoIs(debtor), about: one.subject, stage: one.stage, since: one.since, dueAt: one.deadline };
  });

/** Conversations in which the task is owed an answer, and where from: a mailbox, or an outbox. */
function* debtsTo({ mail }: RunState, id: string) {
  for (const one of mail?.conversations.values() ?? []) {
    const who = owes(one.stage);
    if (who === undefined || (who === 'participant' ? one.initiator : one.participant) !== id) continue;
    yield { one, debtor: who === 'participant' ? (one.participant ?? one.mailbox) : one.initiator };
  }
}

/** Of another run, with that. */
function whoIs(key: string): string {
  if (!isOutbox(key)) return key;
  const { run, to } = beyond(key);
  return `${to} of run ${run}`;
}

/** Steps of a chain of waiting that are followed. */
const MOST_STEPS = 32;

/** Other runs that are looked into for one explanation. */
const MOST_RUNS = 8;

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

/**
 * As circleOf, of each task that is owed something by another run, over runs. `stateOf`: of a run that others name; undefined when it cannot be had. The
 * runs are seen one after another, so that a circle may be over by the time it is told.
 */
export async function circlesBetween(
  state: RunState,
  stateOf: (runId: string) => Promise<RunState | undefined>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const circles = new Map<string, readonly string[]>();
  if (state.mail === undefined || state.mail.conversations.size === 0) return circles;
  const seen = new Map<string, RunState | undefined>([[state.runId, state]]);
  const found = async (runId: string): Promise<RunState | undefined> => {
    if (!seen.has(runId) && seen.size <= MOST_RUNS) seen.set(runId, await stateOf(runId));
    return seen.get(runId);
  };
  const walk = async (at: Place, path: readonly Place[]): Promise<readonly Place[]> => {
    const there = await found(at.run);
    for (const key of there === undefined ? [] : awaitedBy(there, at.id)) {
      const next = placeOf(key, at.run);
      if (isSame(next, path[0])) return path;
      if (path.some((one) => isSame(next, one)) || path.length >= MOST_STEPS) continue;
      const round = await walk(next, [...path, next]);
      if (round.length > 0) return round;
    }
    return [];
  };
  const owed = new Set<string>();
  for (const { initiator, participant, mailbox } of state.mail.conversations.values())
    for (const [one, other] of [
      [initiator, participant ?? mailbox],
      [participant, initiator],
    ])
      if (one !== undefined && other !== undefined && isOutbox(other) && state.tasks.has(one)) owed.add(one);
  for (const id of owed) {
    const first = { run: state.runId, id };
    const round = await walk(first, [first]);
    const names = round.map(({ run, id: task }) => (run === state.runId ? task : `${task} of run ${run}`));
    if (names.length > 0) circles.set(id, names);
  }
  return circles;
}

/** A task of a run. */
interface Place {
  readonly run: string;
  readonly id: string;
}

function placeOf(key: string, here: string): Place {
  if (!isOutbox(key)) return { run: here, id: key };
  const { run, to } = beyond(key);
  return { run, id: to };
}

const isSame = (one: Place, other: Place | undefined): boolean => one.run === other?.run && one.id === other.id;

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
  for (const { debtor } of debtsTo(state, id)) names.add(debtor);
  return names;
}
