import { ATTRIBUTES, SPAN_EVENTS } from '@reprise/core/plugin';
import type { Fact, SeenEvent } from '../seen-event.ts';
import { list, number, type OpenSpan, text } from './open-span.ts';
import type { SpanLink } from './span.ts';
import { linkTo, type SpanTree } from './span-tree.ts';
import type { SpanPlace, TraceIds } from './trace-ids.ts';

/** Messages of a run that are remembered, so that their deliveries can name them. */
const REMEMBERED = 10_000;

interface Sent {
  /** Absent when it was copied from another run. */
  readonly place: SpanPlace | undefined;
  readonly mailbox: string;
}

/** Sending a message is a span without a duration; each delivery is one from when somebody had it to when he was done with it, linked to that. */
export class MessageSpans {
  readonly #tree: SpanTree;
  readonly #traceOf: (runId: string) => TraceIds | undefined;
  readonly #sent = new Map<string, Sent>();
  readonly #deliveries = new Map<string, { readonly span: OpenSpan; readonly task: string }>();

  /** `traceOf`: the ids of another run, if they are known. */
  constructor(tree: SpanTree, traceOf: (runId: string) => TraceIds | undefined) {
    this.#tree = tree;
    this.#traceOf = traceOf;
    // What an attempt had comes back with its end.
    tree.attemptEnds = (path, time) => {
      for (const [id, { task }] of this.#deliveries) if (task === path) this.#done(id, time, 'ended');
    };
  }

  fold(event: SeenEvent): void {
    const { type, time, facts } = event;
    const id = text(facts['message']) ?? '';
    switch (type) {
      case 'MessageSent':
        this.#send(event, id);
        break;
      case 'MessageReceived':
        this.#receive(event, id);
        break;
      case 'MessageDelivered':
      case 'MessageTaken':
        for (const one of list(facts['messages'])) this.#deliver(event, one);
        break;
      case 'MessageAcknowledged':
        for (const one of list(facts['messages'])) this.#done(one, time, 'acknowledged');
        break;
      case 'MessageRejected':
        this.#done(id, time, 'rejected', text(facts['code']) ?? 'rejected');
        break;
      case 'MessageDeadLettered':
        this.#tree.run.event(SPAN_EVENTS.deadLettered, time, {
          [ATTRIBUTES.messageId]: id,
          [ATTRIBUTES.destination]: facts['mailbox'],
          [ATTRIBUTES.errorType]: facts['code'],
        });
        this.#sent.delete(id);
        break;
      default:
        break;
    }
  }

  /** Whoever had messages has ended. */
  close(time: number): void {
    for (const id of [...this.#deliveries.keys()]) this.#done(id, time, 'ended');
  }

  #send(event: SeenEvent, id: string): void {
    const { facts, time } = event;
    const part = this.#tree.partOf(event);
    const mailbox = text(facts['to']) ?? '';
    const place = this.#tree.ids.message(part, id);
    const task = text(facts['from.task']) ?? '';
    this.#tree.point(place, part, task, time, {
      name: `send ${mailbox}`,
      kind: 'producer',
      attributes: { ...messaging('send', mailbox, id), ...talk(facts) },
    });
    const copies = list(facts['recipients']);
    if (copies.length === 0) this.#remember(id, place, mailbox);
    for (const one of copies) this.#remember(`${id}@${one}`, place, one);
  }

  #receive(event: SeenEvent, id: string): void {
    const { facts, time } = event;
    const part = this.#tree.partOf(event);
    const mailbox = text(facts['to']) ?? '';
    const sender = this.#traceOf(text(facts['from.run']) ?? '');
    const links: SpanLink[] = sender === undefined ? [] : [linkTo(sender.message(0, id), 'message')];
    const place = this.#tree.ids.delivery(part, id, event.revision);
    this.#tree.point(place, part, '', time, {
      name: `receive ${mailbox}`,
      kind: 'consumer',
      attributes: { ...messaging('receive', mailbox, id), ...talk(facts) },
      links,
    });
    this.#remember(id, place, mailbox);
  }

  #deliver(event: SeenEvent, id: string): void {
    // Who has it already has it for longer.
    if (this.#deliveries.has(id)) return;
    const { facts, time } = event;
    const part = this.#tree.partOf(event);
    const { place: sent, mailbox = '' } = this.#sent.get(id) ?? {};
    const task = text(facts['taskId']) ?? '';
    const span = this.#tree.begin(this.#tree.ids.delivery(part, id, event.revision), part, task, time, {
      name: `process ${mailbox}`,
      kind: 'consumer',
      attributes: {
        ...messaging('process', mailbox, id),
        [ATTRIBUTES.taskId]: task === '' ? undefined : task,
        [ATTRIBUTES.attempt]: number(facts['attempt']),
      },
      links: sent === undefined ? [] : [linkTo(sent, 'message')],
    });
    this.#deliveries.set(id, { span, task });
  }

  #done(id: string, time: number, outcome: string, error?: string): void {
    const span = this.#deliveries.get(id)?.span;
    if (outcome === 'acknowledged') this.#sent.delete(id);
    if (span === undefined) return;
    this.#deliveries.delete(id);
    span.set({ [ATTRIBUTES.messageOutcome]: outcome });
    this.#tree.end(span, time, error);
  }

  #remember(id: string, place: SpanPlace, mailbox: string): void {
    this.#sent.set(id, { place: this.#tree.isCopied ? undefined : place, mailbox });
    if (this.#sent.size <= REMEMBERED) return;
    for (const oldest of this.#sent.keys()) {
      this.#sent.delete(oldest);
      break;
    }
  }
}

const messaging = (operation: string, mailbox: string, id: string): Readonly<Record<string, Fact>> => ({
  [ATTRIBUTES.messagingSystem]: 'reprise',
  [ATTRIBUTES.messagingOperation]: operation,
  [ATTRIBUTES.messagingOperationName]: operation,
  [ATTRIBUTES.destination]: mailbox,
  [ATTRIBUTES.messageId]: id,
});

const talk = (facts: SeenEvent['facts']): Readonly<Record<string, Fact | undefined>> => ({
  [ATTRIBUTES.performative]: facts['performative'] ?? 'inform',
  [ATTRIBUTES.conversationId]: facts['conversation'],
});
