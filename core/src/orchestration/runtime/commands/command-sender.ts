import type { EventStore, RecordedEvent } from '../../../event-store/event-store.ts';
import type { DriverSign } from '../../../event-store/ownership.ts';
import { readStream } from '../../../event-store/read-stream.ts';
import type { Clock } from '../../../shared/clock.ts';
import { isRepriseError, RepriseError } from '../../../shared/errors.ts';
import { runStream } from '../../../shared/ids.ts';
import { COMMAND_CHANNEL } from '../../messaging/channels.ts';
import { type ClientCommand, clientCommandShape, commandEnvelope, wireForm } from '../../messaging/client-commands.ts';
import type { Transport } from '../../messaging/transport.ts';
import { isAnswered } from '../../workflow/decide.ts';
import type { DecisionContext } from '../../workflow/decisions/decision-context.ts';
import { reject } from '../../workflow/decisions/rejection.ts';
import { decodeEvent } from '../../workflow/event-schema.ts';
import type { CommandRejected, RunEvent } from '../../workflow/events.ts';
import { isRefused } from '../../workflow/handle.ts';
import { isTerminal, type RunState } from '../../workflow/state.ts';
import type { Heart } from '../heart.ts';
import type { CommandOutcome } from '../inbox.ts';
import type { EngineOptions } from '../options.ts';

export interface CommandSenderParts {
  /** Names this process beside what it commands. */
  readonly id: string;
  readonly store: EventStore;
  readonly transport: Pick<Transport, 'publish'>;
  readonly heart: Heart;
  readonly clock: Clock;
  readonly options: EngineOptions;
  /** The run as it is on record now. */
  stateOf(runId: string): Promise<RunState>;
  /** Who drives runs; undefined where nobody can tell. */
  drivers(): Promise<readonly DriverSign[]> | undefined;
}

/** How often the stream is looked at beside what its subscription says, in ms: one that broke off costs no more than that. */
const LOOK_MS = 1000;

/** How long a command waits between two looks at a run that is being copied, and in all, in ms. */
const FORKING_MS = 20;
const LONGEST_FORKING_MS = 2000;

/**
 * Sends commands to whoever drives their run, and finds the answers in its stream: there is no other way back. It decides nothing, but tells what an absent or an ended
 * run would answer, as whoever drives has no stream to answer in.
 *
 *   looking ──the run is absent, has ended, or has answered before──► answered
 *      └──publish──► waiting ──an event with the command's id as its cause──► answered
 *                       ├──the run ended without one──► looking
 *                       └──`commandMs`──► unknown: the command is in the topic, and takes effect once
 */
export class CommandSender {
  readonly #parts: CommandSenderParts;

  constructor(parts: CommandSenderParts) {
    this.#parts = parts;
  }

  /** Rejects with REPRISE_OUTCOME_UNKNOWN when there is no answer in time. */
  async send(command: ClientCommand): Promise<CommandOutcome> {
    const { clock, options } = this.#parts;
    const data = wireForm(command);
    const flaw = clientCommandShape(data, command.type);
    if (flaw !== undefined)
      throw new RepriseError('REPRISE_COMMAND_INVALID', `The command cannot be sent: ${flaw.field} ${flaw.problem}.`);
    const late = new AbortController();
    const unknown = Promise.withResolvers<never>();
    const progress = { sent: false };
    const timer = clock.schedule(options.commandMs, () => {
      late.abort();
      void this.#unknown(command, progress.sent).then(unknown.reject, unknown.reject);
    });
    try {
      const answer = await Promise.race([this.#send(command, data, late.signal, progress), unknown.promise]);
      return answer ?? (await unknown.promise);
    } finally {
      late.abort();
      timer.cancel();
    }
  }

  /** Undefined when it was not answered in time. */
  async #send(
    command: ClientCommand,
    data: ReturnType<typeof wireForm>,
    late: AbortSignal,
    progress: { sent: boolean },
  ): Promise<CommandOutcome | undefined> {
    const { store, transport, clock, id } = this.#parts;
    let stirred = Promise.withResolvers<void>();
    const stir = (): void => stirred.resolve();
    // Before the look, so that nothing is missed between the two.
    const subscription = await store.subscribe({
      stream: runStream(command.runId),
      after: 'end',
      onEvents: stir,
      // The stream is looked at all the same.
      onError: () => undefined,
    });
    late.addEventListener('abort', stir);
    try {
      const looked = await this.#look(command, late);
      if ('outcome' in looked) return looked.outcome;
      let { next } = looked;
      progress.sent = true;
      const envelope = commandEnvelope(command, data, { source: id, at: clock.now() });
      await transport.publish([{ channel: COMMAND_CHANNEL, envelope }]).catch((error: unknown) => {
        throw this.#unsent(command, error);
      });
      while (!late.aborted) {
        const answer = await this.#answer(command, next);
        if (answer.outcome !== undefined) return answer.outcome;
        next = answer.next;
        const look = clock.schedule(LOOK_MS, stir);
        await stirred.promise;
        look.cancel();
        stirred = Promise.withResolvers<void>();
      }
      return undefined;
    } finally {
      late.removeEventListener('abort', stir);
      await subscription.close();
    }
  }

  /** What need not be asked; or from which revision on the answer is to be looked for. */
  async #look(
    command: ClientCommand,
    late: AbortSignal,
  ): Promise<{ readonly outcome: CommandOutcome } | { readonly next: number }> {
    const { clock, stateOf } = this.#parts;
    for (let waited = 0; ; waited += FORKING_MS) {
      const state = await stateOf(command.runId);
      if (isAnswered(state, command)) return { outcome: await this.#before(state, command) };
      const outcome = this.#without(state, command);
      if (outcome === undefined) return { next: state.revision + 1 };
      // A run that goes on from another takes commands once it has the history of that one.
      const isForking = outcome.rejection?.code === 'REPRISE_RUN_FORKING';
      if (!isForking || waited >= LONGEST_FORKING_MS || late.aborted) return { outcome };
      await new Promise<void>((resolve) => clock.schedule(FORKING_MS, resolve));
    }
  }

  /** What became of a command that comes again. */
  async #before(state: RunState, command: ClientCommand): Promise<CommandOutcome> {
    if (!state.refused.has(command.commandId)) return { events: [] };
    for await (const recorded of readStream(this.#parts.store, runStream(command.runId))) {
      if (recorded.type !== 'CommandRejected' || recorded.metadata.causationId !== command.commandId) continue;
      return outcomeOf([decodeEvent(recorded)]);
    }
    return { events: [] };
  }

  /** The answer of a run whose stream takes none. */
  #without(state: RunState, command: ClientCommand): CommandOutcome | undefined {
    if (state.status === 'none' && command.type === 'StartRun') return undefined;
    if (state.status !== 'none' && state.status !== 'forking' && !isTerminal(state.status)) return undefined;
    const { heart, clock, options } = this.#parts;
    const { maxPayloadChars, maxRunChars } = options;
    // Nothing that such a run answers goes by chance.
    const context: DecisionContext = { now: clock.now(), random: () => 0, maxPayloadChars, maxRunChars };
    const events = heart.decide(state, command, context);
    return isRefused(command, events, state.status) || isTerminal(state.status) ? outcomeOf(events) : undefined;
  }

  /** What the stream has of the command from revision `from` on. All that it led to is in one append. */
  async #answer(
    command: ClientCommand,
    from: number,
  ): Promise<{ readonly outcome: CommandOutcome | undefined; readonly next: number }> {
    const { store, stateOf, clock, options } = this.#parts;
    const { commandId, runId } = command;
    const events: RunEvent[] = [];
    let next = from;
    let last: RecordedEvent | undefined;
    for await (const recorded of readStream(store, runStream(runId), from)) {
      next = recorded.revision + 1;
      last = recorded;
      if (recorded.metadata.causationId === commandId) events.push(decodeEvent(recorded));
      else if (recorded.revision === 0 && command.type === 'StartRun') {
        const { maxPayloadChars, maxRunChars } = options;
        const context: DecisionContext = { now: clock.now(), random: () => 0, maxPayloadChars, maxRunChars };
        const message = `The run '${runId}' exists already.`;
        return { outcome: outcomeOf([reject(command, 'REPRISE_RUN_EXISTS', message, context)]), next };
      }
    }
    if (events.length > 0) return { outcome: outcomeOf(events), next };
    if (last === undefined || !ENDS.has(last.type)) return { outcome: undefined, next };
    return { outcome: this.#without(await stateOf(runId), command), next };
  }

  /** It was not taken over, or nobody knows. */
  #unsent({ type, runId, commandId }: ClientCommand, cause: unknown): RepriseError {
    if (isRepriseError(cause, 'REPRISE_TRANSPORT_REFUSED') || isRepriseError(cause, 'REPRISE_TRANSPORT_DENIED'))
      return cause;
    const message = `Whether ${type} of run '${runId}' was sent to the orchestrator that drives it is not known: ${cause instanceof Error ? cause.message : String(cause)}`;
    return new RepriseError('REPRISE_OUTCOME_UNKNOWN', message, { cause, details: { runId, commandId } });
  }

  async #unknown({ type, runId, commandId }: ClientCommand, sent: boolean): Promise<RepriseError> {
    const { commandMs } = this.#parts.options;
    const drivers = sent ? await Promise.resolve(this.#parts.drivers()).catch(() => undefined) : undefined;
    const where = !sent
      ? 'the store does not answer, so it was not sent'
      : drivers?.length === 0
        ? `no orchestrator drives runs now. It is in ${COMMAND_CHANNEL}, and takes effect once, when one does`
        : `whoever drives the run has not answered. It is in ${COMMAND_CHANNEL}, and takes effect once, when it is read`;
    const message = `${type} of run '${runId}' got no answer within ${commandMs} ms (limits.commandMs): ${where}.`;
    return new RepriseError('REPRISE_OUTCOME_UNKNOWN', message, { details: { runId, commandId } });
  }
}

const ENDS: ReadonlySet<string> = new Set(['RunCompleted', 'RunFailed', 'RunCancelled']);

function outcomeOf(events: readonly RunEvent[]): CommandOutcome {
  const rejection = events.find((event): event is CommandRejected => event.type === 'CommandRejected');
  return { events, ...(rejection === undefined ? {} : { rejection }) };
}
