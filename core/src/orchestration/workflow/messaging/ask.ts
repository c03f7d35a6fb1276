import type { DecisionContext } from '../decisions/decision-context.ts';
import type { MessageSent, RunEvent } from '../events.ts';
import type { RunState } from '../state.ts';
import { mailboxRun } from './elsewhere.ts';
import { isHeldUp } from './hand-out.ts';
import { askOf, type MailState } from './mail.ts';
import type { Ask } from './message.ts';
import { outboxOf } from './outbox.ts';

// How tasks of a run take from a name of no run: the run asks there, and what is handed on lies in a mailbox of its own that is called `@name`, until somebody has
// it. What nobody has goes back.
//
//   somebody waits ──ask──► the name: a message that fits is handed on ──► somebody has it ──► done with, or given back: back to the name
//        └─ waits no more ──ask over──► the name

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
  for (const { id: message, holder, back, doomed } of box?.messages.values() ?? [])
    if (holder === undefined && back === undefined && !doomed)
      return [{ type: 'MessageHandedOn', at, message, to: name, run, n }];
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

const taskOfAsk = (id: string): string => id.split('/').slice(0, -3).join('/');
