import type { Json, RunEvent } from '@reprise/core';
import { workflow } from '@reprise/core';
import type { TaskDefinition, WorkflowDefinition } from '../../../src/definition/definition.ts';
import { liesIn, RunMessages } from '../../../src/orchestration/reading/run-messages.ts';
import type { AwaitMessages, SettleMessages } from '../../../src/orchestration/workflow/commands.ts';
import { stateDigest } from '../../../src/orchestration/workflow/digest/state-digest.ts';
import { endDigest, isEnd } from '../../../src/orchestration/workflow/end-of-run.ts';
import { evolve } from '../../../src/orchestration/workflow/evolve.ts';
import type { OpenMessage } from '../../../src/orchestration/workflow/messaging/mail.ts';
import type { Outgoing } from '../../../src/orchestration/workflow/messaging/message.ts';
import { initialState, isTerminal, type RunState } from '../../../src/orchestration/workflow/state.ts';
import { restoreState, serializeState } from '../../../src/orchestration/workflow/state-codec.ts';
import { EVENT_SHAPES } from '../../../src/orchestration/workflow/untrusted/event-shapes.ts';
import { followsFlaw } from '../../../src/orchestration/workflow/untrusted/follows.ts';
import type { Wanted } from '../../../src/shared/received-message.ts';
import { PureRun } from '../pure-run.ts';

type Tasks = Readonly<Record<string, Partial<TaskDefinition>>>;

/** A workflow of agents that may send, and of whatever else is said. */
export function mailWorkflow(
  tasks: Tasks,
  mailboxes?: WorkflowDefinition['mailboxes'],
  topics?: WorkflowDefinition['topics'],
) {
  const { definition } = workflow('mail').task('a', 'a').build();
  const [plain] = definition.tasks;
  const all = Object.entries(tasks).map(([id, more]) => {
    const { agent: _agent, ...base } = plain as TaskDefinition;
    const isAgent = !['wait', 'send', 'set', 'scope', 'sleep'].some((performer) => performer in more);
    return { ...base, id, ...(isAgent ? { agent: id, may: ['send'] as const } : {}), ...more } as TaskDefinition;
  });
  const whole: WorkflowDefinition = {
    ...definition,
    tasks: all,
    ...(mailboxes === undefined ? {} : { mailboxes }),
    ...(topics === undefined ? {} : { topics }),
  };
  return { definition: whole };
}

/** A run whose agents talk: calls are made by hand. */
export class MailRun extends PureRun {
  readonly #calls = new Map<string, number>();

  /** Schedules and begins all that is ready. */
  beginAll(): void {
    for (const id of this.ready()) {
      this.schedule(id);
      this.begin(id);
    }
  }

  #call(task: string): { taskId: string; attempt: number; worker: string; call: number } {
    const { attempt } = this.task(task);
    const key = `${task}/${attempt}`;
    const call = (this.#calls.get(key) ?? 0) + 1;
    this.#calls.set(key, call);
    return { taskId: task, attempt, worker: 'w', call };
  }

  /** Returns the events, or the code of what it was refused with. */
  say(task: string, to: string, data: Json, more: Partial<Outgoing> = {}) {
    return this.#told(this.send({ type: 'SendMessages', ...this.#call(task), messages: [{ to, data, ...more }] }));
  }

  publish(task: string, topic: string, data: Json, more: Partial<Outgoing> = {}) {
    return this.#told(this.send({ type: 'SendMessages', ...this.#call(task), messages: [{ topic, data, ...more }] }));
  }

  subscribe(task: string, topic: string, filter?: Wanted) {
    const wanted = filter === undefined ? {} : { filter };
    return this.#told(this.send({ type: 'SubscribeMailbox', ...this.#call(task), topic, ...wanted }));
  }

  unsubscribe(task: string, topic: string) {
    return this.#told(this.send({ type: 'UnsubscribeMailbox', ...this.#call(task), topic }));
  }

  hear(
    task: string,
    more: Partial<Pick<AwaitMessages, 'mailbox' | 'wanted' | 'schema' | 'max' | 'timeoutMs' | 'question'>> = {},
  ) {
    return this.#told(this.send({ type: 'AwaitMessages', ...this.#call(task), ...more }));
  }

  settle(task: string, what: Pick<SettleMessages, 'acknowledge' | 'reject'>) {
    return this.#told(this.send({ type: 'SettleMessages', ...this.#call(task), ...what }));
  }

  post(to: string, data: Json, more: Partial<Outgoing> = {}) {
    return this.#told(this.send({ type: 'PostMessage', from: 'me', message: { to, data, ...more } }));
  }

  due(): readonly RunEvent[] {
    return this.send({ type: 'FireTimer', timer: { kind: 'messages' }, at: this.now });
  }

  open(id: string): OpenMessage | undefined {
    return this.state.mail?.open.get(id);
  }

  #told(events: readonly RunEvent[]): string | readonly string[] {
    const [first] = events;
    return first?.type === 'CommandRejected' ? first.code : events.map(({ type }) => type);
  }

  /** Every event may follow the one before; folded anew, and from a snapshot at every revision, the run is what it is. */
  check(): void {
    const again = initialState();
    const read = new RunMessages();
    for (const event of JSON.parse(JSON.stringify(this.events)) as RunEvent[]) {
      const { type, at: _at, ...data } = event;
      const flaw =
        EVENT_SHAPES[type](data, 'data') ?? (event.type === 'RunStarted' ? undefined : followsFlaw(again, event));
      if (flaw !== undefined) throw new Error(`${type} ${JSON.stringify(data)}: ${flaw.field} ${flaw.problem}`);
      if (isEnd(event) && endDigest(again, event) !== event.stateDigest)
        throw new Error('a replay comes to another end');
      evolve(again, event);
      read.fold(event, again.revision);
      const apart = whereApart(read, again);
      if (apart !== undefined) throw new Error(`after ${type} the reading of messages has another ${apart}`);
      const digest = stateDigest(again);
      const text = serializeState(again);
      const restored = restoreState(text, (definition) => definition);
      if (stateDigest(restored) !== digest) throw new Error(`a snapshot after ${type} comes to another state`);
      if (serializeState(restored) !== text) throw new Error(`a snapshot of a snapshot after ${type} is another one`);
      if (restored.inFlight !== again.inFlight)
        throw new Error(`after ${type} a snapshot counts ${restored.inFlight} in flight`);
    }
    if (stateDigest(again) !== stateDigest(this.state)) throw new Error('a replay comes to another state');
  }
}

/** Where what is read of a history and the state differ in what is open, and where it lies; undefined where they do not. */
function whereApart(read: RunMessages, state: RunState): string | undefined {
  if (isTerminal(state.status)) return undefined;
  const open = new Map<string, string>();
  // Of those that are about to be dead letters, the one has it before the other.
  const doomed = new Set<string>();
  for (const { id, mailbox, receipt, ask, doomed: isDoomed } of state.mail?.open.values() ?? []) {
    if (isDoomed) doomed.add(id);
    else if (ask === undefined && receipt !== 'acknowledged' && receipt !== 'failed') open.set(id, mailbox);
  }
  for (const one of read.all) {
    if (doomed.has(one.id) || !['on-its-way', 'open', 'held', 'dead'].includes(one.status)) continue;
    if (open.get(one.id) !== liesIn(one)) return `${one.id} (${one.status}, ${liesIn(one)}, not ${open.get(one.id)})`;
    open.delete(one.id);
  }
  const [left] = open;
  return left === undefined ? undefined : left.join(' ');
}
