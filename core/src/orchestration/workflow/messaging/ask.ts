import { type ErrorData, errorData, withCause } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { giveUp } from '../decisions/outcome.ts';
import type { MessageSent, RunEvent } from '../events.ts';
import { definitionOf, type RunState } from '../state.ts';
import { mailboxRun } from './elsewhere.ts';
import { isHeldUp } from './hand-out.ts';
import { askOf, type MailState, type Receiver } from './mail.ts';
import type { Ask } from './message.ts';
import { outboxOf } from './outbox.ts';
import { expire, isOver } from './over.ts';

// How tasks of a run take from a name of no run: the run asks there, and what is handed on lies in a mailbox of its own that is called `@name`, until somebody has
// it. What nobody has goes back.
//
//   somebody waits ──ask──► the name: a message that fits is handed on ──► somebody has it ──► done with, or given back: back to the name
//        └─ waits no more ──ask over──► the name
//
//   the name is closed ──ask over──► whoever waits there fails; as it does when the name was closed before it asked

/** What is to be said to the name, one step at a time. Nothing when it knows how things stand. */
export function settleName(
  state: RunState,
  mail: MailState,
  name: string,
  { now: at }: DecisionContext,
): readonly RunEvent[] {
  const run = mailboxRun(state.tenant, name.slice(1));
  const box = mail.boxes.get(name);
  const n = (mail.numbers.get(outboxOf(run, name)) ?? 0) + 1;
  for (const message of box?.messages.values() ?? []) {
    const { id, holder, back, doomed } = message;
    if (holder !== undefined || back !== undefined || doomed) continue;
    if (isOver(mail, message, at)) return expire(state, [message], at);
    return [{ type: 'MessageHandedOn', at, message: id, to: name, run, n }];
  }
  const say = (task: string, ask: Ask): MessageSent => ({
    type: 'MessageSent',
    at,
    message: `${state.runId}/${name}/${n}`,
    from: { task },
    to: name,
    run,
    n,
    ask,
    data: null,
  });
  const waiting = new Set<string>();
  for (const receiver of box?.receivers.values() ?? []) {
    const { taskId, wanted } = receiver;
    if (isHeldUp(state, receiver)) continue;
    const id = askOf(receiver);
    waiting.add(id);
    if (!mail.asks.has(id)) return [say(taskId, { id, ...(wanted === undefined ? {} : { wanted }) })];
  }
  for (const [id, asked] of mail.asks)
    if (asked === name && !waiting.has(id)) return [say(taskOfAsk(id), { id, over: true })];
  return [];
}

/** Whoever asked by this waits in vain: a wait fails, a call of an attempt is refused. */
export function refuseAsk(
  state: RunState,
  name: string,
  ask: string,
  why: ErrorData,
  context: DecisionContext,
): readonly RunEvent[] {
  for (const receiver of state.mail?.boxes.get(name)?.receivers.values() ?? []) {
    if (askOf(receiver) !== ask) continue;
    const { taskId, attempt, call } = receiver;
    const error = why.code === 'REPRISE_MAILBOX_CLOSED' ? why : withCause(closedName(name), why);
    if (call !== 0) return [{ type: 'MessageMissed', at: context.now, taskId, attempt, call, error }];
    const task = state.tasks.get(taskId);
    const definition = task === undefined ? undefined : definitionOf(state, task);
    if (task === undefined || definition === undefined || isHeldUp(state, receiver)) return [];
    return giveUp(state, task, definition, { error }, context);
  }
  return [];
}

const closedName = (name: string): ErrorData =>
  errorData('REPRISE_MAILBOX_CLOSED', `'${name}' is closed: nothing comes from there any more.`);

/** Who waits here from other runs. */
export function* consumersOf(mail: MailState): Generator<NonNullable<Receiver['consumer']>> {
  for (const { receivers } of mail.boxes.values())
    for (const { consumer } of receivers.values()) if (consumer !== undefined) yield consumer;
}

/** Before the end of a name: who waits there from another run is told. */
export function tellConsumer(state: RunState, mail: MailState, at: number): MessageSent | undefined {
  for (const { run, to, ask: id } of consumersOf(mail)) {
    const n = (mail.numbers.get(outboxOf(run, to)) ?? 0) + 1;
    return {
      type: 'MessageSent',
      at,
      message: `${state.runId}/${run}/${n}`,
      from: { client: to },
      to,
      run,
      n,
      ask: { id, over: true },
      data: closedName(to) as unknown as Json,
    };
  }
  return undefined;
}

const taskOfAsk = (id: string): string => id.split('/').slice(0, -3).join('/');
