import { hashDefinition } from '../../../definition/recorded.ts';
import type { Clock, Random } from '../../../shared/clock.ts';
import { type ErrorData, errorData, isRepriseError, toErrorData } from '../../../shared/errors.ts';
import { takeJson } from '../../../shared/take-json.ts';
import {
  CLIENT_PAYLOADS,
  type ClientCommand,
  clientCommandShape,
  isOfClients,
} from '../../messaging/client-commands.ts';
import { isOfWorkers } from '../../messaging/messages.ts';
import type { Delivery } from '../../messaging/transport.ts';
import type { RefuseCommand, StartRun } from '../../workflow/commands.ts';
import { definitionFlaw, MAX_DEFINITION_CHARS } from '../../workflow/untrusted/definition-shape.ts';
import { type InboxItem, RunMoved } from '../inbox.ts';
import type { Refused, Results } from '../results.ts';
import type { RunRepository } from '../run-repository.ts';

export interface CommandBorderParts {
  readonly results: Results;
  readonly repository: Pick<RunRepository, 'bind'>;
  readonly clock: Clock;
  readonly random: Random;
  /** Characters of JSON that a payload may have. */
  readonly maxPayloadChars: number;
  post(runId: string, item: InboxItem): void;
  /** The messages of the transport outlive this process. */
  readonly durable: boolean;
  /** Whether commands are still taken. */
  takes(): boolean;
}

interface ToDecide extends Pick<InboxItem, 'begins'> {
  readonly command: ClientCommand | RefuseCommand;
}

/** Of what a client calls itself: it goes to histories. */
const NAME_CHARS = 1024;

/** When a command is tried again that could not be put on record, in ms. */
const AGAIN_MS = 1000;

/** How often a start is tried that throws. */
const STARTS = 5;

/** What does not come right by itself while this process has the run. */
const FINAL: ReadonlySet<string> = new Set(['REPRISE_DEFINITION_CHANGED', 'REPRISE_STORE_TOO_LARGE']);

/** Within how long one is given back, in ms, that came to another than who drives the run: at random, so that two do not change places for ever. */
const MOVED_MS = 20;

/** Characters beside the payload. */
const BESIDE_CHARS = MAX_DEFINITION_CHARS + 1024 * 1024;

/**
 * The border that commands of clients come over, to whoever drives their run. Each is answered in the stream of the run, by events that it causes. It is acknowledged once
 * they are durable and what they lead to is sent: one that comes again (because this process was killed in between, say) is known by its id. What is no command is
 * refused, as with results.
 */
export class CommandBorder {
  readonly #parts: CommandBorderParts;

  constructor(parts: CommandBorderParts) {
    this.#parts = parts;
  }

  take(delivery: Delivery): void {
    const read = this.#read(delivery);
    if ('code' in read) return this.#parts.results.refuse(delivery, 'a command', read);
    this.#submit(delivery, read);
  }

  #submit(delivery: Delivery, item: ToDecide, tries = 1): void {
    const { durable, post } = this.#parts;
    post(item.command.runId, {
      ...item,
      fromOutside: true,
      done: (_outcome, sent) => {
        if (sent === undefined || !durable) delivery.ack();
        else void sent.then(() => delivery.ack());
      },
      failed: (error) => this.#failed(delivery, item, error, tries),
    });
  }

  /**
   * A run that lacks functions here refuses what needs them, on record, and what the store will never take. All else may be put on record yet: it is tried again, and
   * nothing that comes for the run meanwhile waits for it (a cancellation, say). A start has no run that could refuse it: one that cannot be is a dead letter.
   */
  #failed(delivery: Delivery, item: ToDecide, error: unknown, tries: number): void {
    const { clock, random, takes, results } = this.#parts;
    const { command } = item;
    if (delivery.revoked || !takes()) return;
    if (error instanceof RunMoved)
      return delivery.nack({ reason: 'another orchestrator drives the run', delayMs: 1 + random() * MOVED_MS });
    if (command.type === 'StartRun') {
      if (isRepriseError(error) && !error.retryable && (tries >= STARTS || FINAL.has(error.code)))
        return results.refuse(delivery, 'a command', { code: error.code, why: error.message });
    } else if (command.type !== 'RefuseCommand' && isRepriseError(error) && FINAL.has(error.code))
      return this.#submit(delivery, { command: refusal(command, toErrorData(error, error.code)) });
    clock.schedule(AGAIN_MS, () => {
      if (!delivery.revoked && takes()) this.#submit(delivery, item, tries + 1);
    });
  }

  #read({ envelope }: Delivery): ToDecide | Refused {
    const { data, source, type } = envelope;
    const named = (data as { readonly type?: unknown } | null)?.type;
    if (isOfWorkers(named)) return { code: 'REPRISE_CHANNEL_REFUSED', why: 'results go over reprise.results' };
    if (type !== 'reprise.client-command' || (typeof named === 'string' && !isOfClients(named)))
      return { code: 'REPRISE_CHANNEL_REFUSED', why: 'over reprise.commands clients command runs, and nothing else' };
    const { maxPayloadChars } = this.#parts;
    const taken = takeJson(data, maxPayloadChars + BESIDE_CHARS);
    if (!taken.ok)
      return {
        code: 'REPRISE_MESSAGE_INVALID',
        why: taken.reason === 'not-json' ? `it is not plain JSON: ${taken.problem}` : 'it is too large',
      };
    const flaw = clientCommandShape(taken.value, 'data');
    if (flaw !== undefined) return { code: 'REPRISE_MESSAGE_INVALID', why: `${flaw.field} ${flaw.problem}` };
    const sender = { client: source.slice(0, NAME_CHARS), verified: false };
    const command = { ...(taken.value as unknown as ClientCommand), sender };
    const large = this.#tooLarge(command);
    if (command.type === 'StartRun')
      return large === undefined ? this.#start(command) : { code: 'REPRISE_PAYLOAD_TOO_LARGE', why: large.message };
    return { command: large === undefined ? command : refusal(command, large) };
  }

  #tooLarge(command: ClientCommand): ErrorData | undefined {
    const { maxPayloadChars } = this.#parts;
    for (const name of CLIENT_PAYLOADS) {
      const payload = (command as unknown as Readonly<Record<string, unknown>>)[name];
      if (payload === undefined || takeJson(payload, maxPayloadChars).ok) continue;
      const message = `Its ${name} is larger than the limit of ${maxPayloadChars} characters of JSON that holds where the run is driven.`;
      return errorData('REPRISE_PAYLOAD_TOO_LARGE', message);
    }
    return undefined;
  }

  /** With the functions that this process has of the definition. One that it does not have itself is looked at as what it may be: anything. */
  #start(command: StartRun): ToDecide | Refused {
    const { definition, definitionHash } = command;
    const bound = this.#parts.repository.bind(definition, definitionHash);
    if (!bound.same) {
      const flaw = definitionFlaw(definition, hashDefinition(definition), definitionHash);
      if (flaw !== undefined) return { code: 'REPRISE_MESSAGE_INVALID', why: `${flaw.field} ${flaw.problem}` };
    }
    const { missing, changed } = bound;
    return { command: { ...command, definition: bound.definition }, begins: { missing, changed } };
  }
}

const refusal = ({ commandId, runId, type, said, sender }: ClientCommand, error: ErrorData): RefuseCommand => ({
  type: 'RefuseCommand',
  commandId,
  runId,
  refused: type,
  error,
  ...(said === undefined ? {} : { said }),
  ...(sender === undefined ? {} : { sender }),
});
