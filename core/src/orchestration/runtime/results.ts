import type { Clock } from '../../shared/clock.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { type ErrorData, errorData } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { takeJson } from '../../shared/take-json.ts';
import type { DispatchTokens } from '../messaging/dispatch-tokens.ts';
import type { Envelope } from '../messaging/envelope.ts';
import { flawOf } from '../messaging/flaw-of.ts';
import { isOfWorkers, readWorkerCommand, type WorkerCommand } from '../messaging/messages.ts';
import type { Delivery } from '../messaging/transport.ts';
import { attemptKey } from '../workflow/attempt-key.ts';
import type { Sender } from '../workflow/command-base.ts';
import { isCall } from '../workflow/commands.ts';
import type { MonitorHub } from './monitor-hub.ts';

export interface ResultsParts {
  /** Others than this process may have sent it. */
  readonly spans: boolean;
  readonly tokens: DispatchTokens | undefined;
  readonly monitors: MonitorHub;
  readonly clock: Clock;
  /** Characters of JSON that a payload may have. */
  readonly maxPayloadChars: number;
}

/** Why something is no result. */
export interface Refused {
  readonly code: ErrorCode;
  readonly why: string;
}

/** What workers may fill as they like. */
const PAYLOADS = ['output', 'directives', 'error', 'messages'] as const;

/** Of what a stranger calls himself, his message or a run: it goes to logs and histories. */
const NAME_CHARS = 1024;

/** Refusals that are told in one second: somebody who floods the channel does not flood the log as well. */
const TOLD_A_SECOND = 20;

/**
 * The border that results come over. Of what another process sent, only what a worker may say is taken, in the shape that it has, with the token of its
 * dispatch where tokens are asked for, and with payloads that are plain JSON and no larger than an agent's here. All else is refused: counted,
 * told to monitors with its code, and kept where the transport keeps dead letters; no run hears of it. Of an attempt whose worker
 * did prove itself, what cannot be taken is the attempt's failure: it would wait for its lease otherwise.
 */
export class Results {
  readonly #parts: ResultsParts;
  #refused = 0;
  /** Of the second that began at `since`; `untold` counts on. */
  #telling = { since: 0, told: 0, untold: 0 };

  constructor(parts: ResultsParts) {
    this.#parts = parts;
  }

  /** How many were refused. */
  get refused(): number {
    return this.#refused;
  }

  /** What is to be decided. Undefined of what was refused: its delivery is settled then. */
  take(delivery: Delivery): WorkerCommand | undefined {
    const read = this.#parts.spans ? this.#read(delivery) : readWorkerCommand(delivery.envelope.data);
    if (read !== undefined && 'type' in read) return read;
    this.refuse(delivery, 'a command of a worker', read ?? { code: 'REPRISE_MESSAGE_INVALID', why: 'it is none' });
    return undefined;
  }

  refuse(delivery: Delivery, as: string, { code, why }: Refused): void {
    this.#refused += 1;
    this.#tell(delivery.envelope, `sent as ${as}: ${why}`, code);
    // It would come again and again.
    if (delivery.reject === undefined) delivery.ack();
    else delivery.reject({ reason: `${code}: ${why}` });
  }

  #tell({ source, runid, id }: Envelope, what: string, code: ErrorCode): void {
    const { clock, monitors } = this.#parts;
    const now = clock.now();
    const { since, told, untold } = this.#telling;
    const fresh = now - since >= 1000 || now < since;
    if (!fresh && told >= TOLD_A_SECOND) {
      this.#telling.untold += 1;
      return;
    }
    this.#telling = { since: fresh ? now : since, told: fresh ? 1 : told + 1, untold: 0 };
    const more = untold === 0 ? '' : ` (${untold} more were refused and not told one by one)`;
    const message = `dropped what '${source.slice(0, NAME_CHARS)}' ${what}${more}`;
    const runId = runid === undefined ? {} : { runId: runid.slice(0, NAME_CHARS) };
    const fields = { code, messageId: id.slice(0, NAME_CHARS), refused: this.#refused };
    monitors.notice({ kind: 'log', level: 'warn', message, ...runId, fields });
  }

  #read({ envelope }: Delivery): WorkerCommand | Refused {
    const { data, source, dispatchtoken } = envelope;
    if (typeof typeOf(data) === 'string' && !isOfWorkers(typeOf(data)))
      return {
        code: 'REPRISE_CHANNEL_REFUSED',
        why: 'over reprise.results workers report of attempts, and nothing else',
      };
    const flaw = flawOf(envelope, 'command');
    if (flaw !== undefined) return { code: 'REPRISE_MESSAGE_INVALID', why: flaw };
    // Of what it has beside, nothing is its to say.
    const { said: _said, sender: _sender, ...command } = data as unknown as WorkerCommand;
    const { tokens } = this.#parts;
    const verified = tokens?.enabled === true;
    if (verified && !tokens.verifies(subjectOf(command), dispatchtoken)) {
      const why = dispatchtoken === undefined ? 'it has no token' : 'its token is not of this attempt';
      return { code: 'REPRISE_RESULT_UNVERIFIED', why };
    }
    const sender = { worker: source.slice(0, NAME_CHARS), verified };
    return this.#withPayloads(command as WorkerCommand, sender);
  }

  #withPayloads(command: WorkerCommand, sender: Sender): WorkerCommand | Refused {
    const taken: Record<string, Json> = {};
    for (const name of PAYLOADS) {
      const payload = (command as unknown as Readonly<Record<string, Json | undefined>>)[name];
      if (payload === undefined) continue;
      const { maxPayloadChars } = this.#parts;
      const copy = takeJson(payload, maxPayloadChars);
      if (copy.ok) taken[name] = copy.value;
      else if (copy.reason === 'not-json')
        return unusable(command, sender, 'REPRISE_INVALID_PAYLOAD', `its ${name} is not plain JSON: ${copy.problem}`);
      else {
        const why = `its ${name} is larger than the limit of ${maxPayloadChars} characters of JSON`;
        return unusable(command, sender, 'REPRISE_PAYLOAD_TOO_LARGE', why);
      }
    }
    return { ...command, ...taken, sender } as WorkerCommand;
  }
}

/** The end of an attempt is its end, with an error that says what was wrong with it; a call is made again, or given up, by who made it. */
function unusable(command: WorkerCommand, sender: Sender, code: ErrorCode, why: string): WorkerCommand | Refused {
  if (isCall(command) || command.type === 'StartTask') return { code, why };
  const { commandId, runId, taskId, attempt } = command;
  const error: ErrorData = {
    ...errorData(code, `What the worker reported cannot be taken: ${why}.`),
    retryable: false,
  };
  return { type: 'FailTask', commandId: `${commandId}/refused`, runId, taskId, attempt, error, sender };
}

const subjectOf = ({ runId, taskId, attempt }: Pick<WorkerCommand, 'runId' | 'taskId' | 'attempt'>) => ({
  runId,
  taskId,
  attempt,
  dispatchId: attemptKey(runId, taskId, attempt),
});

const typeOf = (data: Json): Json | undefined => (data as { readonly type?: Json } | null)?.type;
