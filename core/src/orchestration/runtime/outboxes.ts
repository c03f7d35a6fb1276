import type { Clock, ScheduledCall } from '../../shared/clock.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { errorData } from '../../shared/errors.ts';
import type { ReceiveMessage, StartRun } from '../workflow/commands.ts';
import type { OpenMessage } from '../workflow/messaging/mail.ts';
import { beyond } from '../workflow/messaging/outbox.ts';
import { isTerminal, type RunState } from '../workflow/state.ts';
import type { CommandOutcome, InboxItem } from './inbox.ts';

export interface OutboxesParts {
  readonly clock: Clock;
  /** After which the store, which did not answer, is asked again, in ms. */
  readonly againMs: number;
  post(runId: string, item: InboxItem): void;
  /** The command that starts the mailbox `name` (`@desk`). */
  mailbox(runId: string, name: string, tenant: string | undefined): StartRun;
}

/** Messages of one outbox that are out at once. */
const WINDOW = 256;

/** Until what could not be taken is offered again, in ms; doubled each time. */
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 5_000;

/** A run that is about to be started may be written to before it is there. */
export const NOT_YET_MS = 2_000;

/** Nobody takes it now; it may be taken later. */
export const LATER: ReadonlySet<string> = new Set([
  'REPRISE_MAILBOX_FULL',
  'REPRISE_MESSAGE_OUT_OF_ORDER',
  'REPRISE_RUN_FORKING',
]);

/** One outbox of a run. Its messages are those of the state. */
interface Line {
  state: RunState;
  readonly outbox: string;
  /** The highest number that is durable, and that was offered. */
  durable: number;
  offered: number;
  /** Offered, and not answered yet. */
  out: number;
  /** The highest that was taken, and whether that is to be put on record. */
  taken: number;
  noting: boolean;
  /** One was not taken: when all are answered, the first that is left is offered again, after so many ms at the least; 0: after a pause that grows. */
  refused: number | undefined;
  pauses: number;
  pause: ScheduledCall | undefined;
}

/**
 * Carries what runs say to each other: what is in an outbox is offered to the other run, in its order, and that it was taken is put on record in the run that
 * said it. Nothing is kept here that cannot be derived again: what comes twice, the other run tells by its number.
 *
 *   in the outbox ──offered──► taken ──NoteHandedOver──► gone
 *                     │└─ not now ──pause──► offered again, from the first on
 *                     └─ never ──NoteUndelivered──► a dead letter
 */
export class Outboxes {
  readonly #parts: OutboxesParts;
  readonly #runs = new Map<string, Map<string, Line>>();

  constructor(parts: OutboxesParts) {
    this.#parts = parts;
  }

  /** Of a run whose state is durable. */
  offer(state: RunState, outbox: string): void {
    const box = state.mail?.boxes.get(outbox);
    if (box === undefined || isTerminal(state.status)) return this.#done(state.runId, outbox);
    const line = this.#line(state, outbox);
    line.state = state;
    let last = 0;
    for (const { n = 0 } of box.messages.values()) last = n;
    line.durable = last;
    this.#fill(line);
  }

  /** Nothing is in it. */
  #done(runId: string, outbox: string): void {
    const lines = this.#runs.get(runId);
    const line = lines?.get(outbox);
    if (lines === undefined || line === undefined || line.out > 0) return;
    line.pause?.cancel();
    lines.delete(outbox);
    if (lines.size === 0) this.#runs.delete(runId);
  }

  /** The run has ended, or is another process's. */
  forget(runId: string): void {
    for (const line of this.#runs.get(runId)?.values() ?? []) line.pause?.cancel();
    this.#runs.delete(runId);
  }

  clear(): void {
    for (const runId of [...this.#runs.keys()]) this.forget(runId);
  }

  #line(state: RunState, outbox: string): Line {
    let lines = this.#runs.get(state.runId);
    if (lines === undefined) {
      lines = new Map();
      this.#runs.set(state.runId, lines);
    }
    let line = lines.get(outbox);
    if (line === undefined) {
      line = {
        state,
        outbox,
        durable: 0,
        offered: 0,
        out: 0,
        taken: 0,
        noting: false,
        refused: undefined,
        pauses: 0,
        pause: undefined,
      };
      lines.set(outbox, line);
    }
    return line;
  }

  #isKnown = (line: Line): boolean => this.#runs.get(line.state.runId)?.get(line.outbox) === line;

  #fill(line: Line): void {
    if (line.pause !== undefined || line.refused !== undefined) return;
    const { state, outbox } = line;
    let after = 0;
    for (const message of state.mail?.boxes.get(outbox)?.messages.values() ?? []) {
      const { n = 0 } = message;
      if (n > line.durable || line.out >= WINDOW) break;
      if (n > line.offered) {
        line.offered = n;
        this.#offer(line, message, n, after);
      }
      after = n;
    }
  }

  #offer(line: Line, message: OpenMessage, n: number, after: number): void {
    const { state, outbox } = line;
    const { run } = beyond(outbox);
    line.out += 1;
    const command: ReceiveMessage = {
      type: 'ReceiveMessage',
      commandId: `receive/${state.runId}/${outbox}/${n}`,
      runId: run,
      from: state.runId,
      ...(state.tenant === undefined ? {} : { tenant: state.tenant }),
      n,
      after,
      since: message.outAt ?? message.sentAt,
      sent: sentOf(state, message),
    };
    this.#parts.post(run, {
      command,
      done: (outcome) => this.#answered(line, message, n, outcome),
      failed: () => {
        line.out -= 1;
        this.#refuse(line, this.#parts.againMs);
      },
    });
  }

  #answered(line: Line, message: OpenMessage, n: number, { rejection }: CommandOutcome): void {
    line.out -= 1;
    if (!this.#isKnown(line)) return;
    if (rejection === undefined) {
      line.pauses = 0;
      line.taken = Math.max(line.taken, n);
      this.#note(line);
      if (line.refused !== undefined) this.#refuse(line, line.refused);
      return;
    }
    const { code } = rejection;
    if (LATER.has(code) || this.#isNotYet(line, message, code)) return this.#refuse(line, 0);
    const error = errorData(code as ErrorCode, rejection.message);
    const { runId } = line.state;
    this.#parts.post(runId, {
      command: { type: 'NoteUndelivered', commandId: `undelivered/${message.id}`, runId, message: message.id, error },
      failed: () => this.#again(runId),
    });
    // Those behind it go on once that is on record.
    this.#refuse(line, FIRST_PAUSE_MS);
  }

  /** Whether the run may be there in a moment. A name of no run is there from the first message on. */
  #isNotYet({ state, outbox }: Line, { sentAt, outAt = sentAt }: OpenMessage, code: string): boolean {
    if (code !== 'REPRISE_RUN_NOT_FOUND') return false;
    const { run, to } = beyond(outbox);
    if (!to.startsWith('@')) return this.#parts.clock.now() - outAt < NOT_YET_MS;
    this.#parts.post(run, { command: this.#parts.mailbox(run, to.slice(1), state.tenant) });
    return true;
  }

  /** Once all that is out is answered, it begins anew with the first that is left, after a pause. */
  #refuse(line: Line, ms: number): void {
    line.refused = Math.max(line.refused ?? 0, ms);
    if (line.out > 0 || line.pause !== undefined || !this.#isKnown(line)) return;
    const growing = Math.min(FIRST_PAUSE_MS * 2 ** line.pauses, LONGEST_PAUSE_MS);
    if (line.refused === 0) line.pauses += 1;
    line.pause = this.#parts.clock.schedule(line.refused === 0 ? growing : line.refused, () => {
      line.pause = undefined;
      line.refused = undefined;
      line.offered = 0;
      if (this.#isKnown(line)) this.#fill(line);
    });
  }

  /** One note for all that was taken in a turn of the other run. */
  #note(line: Line): void {
    if (line.noting) return;
    line.noting = true;
    queueMicrotask(() => {
      line.noting = false;
      if (!this.#isKnown(line)) return;
      const { runId } = line.state;
      const { outbox, taken: upTo } = line;
      this.#parts.post(runId, {
        command: { type: 'NoteHandedOver', commandId: `handed-over/${outbox}/${upTo}`, runId, outbox, upTo },
        failed: () => this.#again(runId),
      });
    });
  }

  /** The store did not answer: the run is read again, and what is in its outboxes is derived from it. */
  #again(runId: string): void {
    const { clock, againMs, post } = this.#parts;
    clock.schedule(againMs, () => post(runId, { refresh: true }));
  }
}

/** As the other run is to have it on record. */
function sentOf(state: RunState, message: OpenMessage): ReceiveMessage['sent'] {
  const { id, from, mailbox, data, performative, subject, conversation, inReplyTo, sentAt, expiresAt, drop } = message;
  const { receipt, deadline, onBehalf, ask, handedOn } = message;
  return {
    message: id,
    from: { ...from, run: from.run ?? state.runId },
    sentAt,
    to: beyond(mailbox).to,
    data,
    ...(receipt === undefined ? {} : { receipt }),
    ...(ask === undefined ? {} : { ask }),
    ...(handedOn === undefined ? {} : { handedOn: { ...handedOn, ...becameOf(message, handedOn.ask === undefined) } }),
    ...(performative === undefined ? {} : { performative }),
    ...(subject === undefined ? {} : { subject }),
    ...(conversation === undefined ? {} : { conversation }),
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(onBehalf === undefined ? {} : { onBehalf }),
    ...(drop === undefined ? {} : { drop }),
  };
}

/** `back`: to the name, where it may be had again when it is due. */
const becameOf = ({ deliveries, losses, retryAt, failed }: OpenMessage, back: boolean) => ({
  deliveries,
  losses,
  ...(retryAt === undefined || !back ? {} : { retryAt }),
  ...(failed.length === 0 ? {} : { failed }),
});
