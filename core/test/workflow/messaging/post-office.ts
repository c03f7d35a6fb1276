import type { ReceiveMessage } from '../../../src/orchestration/workflow/commands.ts';
import { outboxesOf } from '../../../src/orchestration/workflow/messaging/mail.ts';
import { beyond, outboxOf } from '../../../src/orchestration/workflow/messaging/outbox.ts';
import type { MailRun } from './mail-run.ts';

/** What the engine does between runs, by hand. */
export class PostOffice {
  readonly runs: ReadonlyMap<string, MailRun>;

  constructor(...runs: readonly MailRun[]) {
    this.runs = new Map(runs.map((run) => [run.runId, run]));
  }

  /** What is on its way from a run, as it would be offered now. */
  offers(run: MailRun): readonly ReceiveMessage[] {
    const { mail, runId } = run.state;
    const offers: ReceiveMessage[] = [];
    for (const outbox of mail === undefined ? [] : [...outboxesOf(mail)]) {
      const { run: to, to: address } = beyond(outbox);
      let after = 0;
      for (const message of mail?.boxes.get(outbox)?.messages.values() ?? []) {
        const { id, from, data, performative, subject, conversation, inReplyTo, sentAt, expiresAt, n = 0 } = message;
        const { deadline, receipt, onBehalf, drop, ask, handedOn, outAt, deliveries, losses, retryAt, failed } =
          message;
        const sent = {
          message: id,
          from: { ...from, run: from.run ?? runId },
          sentAt,
          to: address,
          data,
          ...(performative && { performative }),
          ...(subject && { subject }),
          ...(conversation && { conversation }),
          ...(inReplyTo && { inReplyTo }),
          ...(expiresAt && { expiresAt }),
          ...(deadline && { deadline }),
          ...(receipt && { receipt }),
          ...(ask && { ask }),
          ...(handedOn && {
            handedOn: {
              ...handedOn,
              deliveries,
              losses,
              ...(retryAt && handedOn.ask === undefined && { retryAt }),
              failed,
            },
          }),
          ...(onBehalf && { onBehalf }),
          ...(drop && { drop }),
        };
        offers.push({
          type: 'ReceiveMessage',
          commandId: `r${n}`,
          runId: to,
          from: runId,
          n,
          after,
          since: outAt ?? sentAt,
          sent,
        });
        after = n;
      }
    }
    return offers;
  }

  /** Brings one; returns the code of what it was refused with. */
  bring(offer: ReceiveMessage): string | undefined {
    const [first] = this.runs.get(offer.runId)?.send(offer) ?? [];
    return first?.type === 'CommandRejected' ? this.#refused(offer, first.code) : undefined;
  }

  #refused(offer: ReceiveMessage, code: string): string {
    // It is answered, and not put on record.
    this.runs.get(offer.runId)?.events.pop();
    return code;
  }

  note({ from, runId, sent, n }: ReceiveMessage): void {
    this.runs.get(from)?.send({ type: 'NoteHandedOver', outbox: outboxOf(runId, sent.to), upTo: n });
  }

  refuse({ from, sent }: ReceiveMessage, code: string): void {
    const error = { code, message: `${code}!`, retryable: false };
    this.runs.get(from)?.send({ type: 'NoteUndelivered', message: sent.message, error });
  }

  /** Brings all that is on its way, until nothing is. */
  run(): void {
    for (let count = 0; count < 1000; count += 1) {
      const [first] = [...this.runs.values()].flatMap((run) => this.offers(run));
      if (first === undefined) return;
      const code = this.bring(first);
      if (code === undefined) this.note(first);
      else this.refuse(first, code);
    }
    throw new Error('there is no end to it');
  }
}
