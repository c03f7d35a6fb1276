import { type ErrorData, errorData, isRepriseError, RepriseError, toErrorData } from '../../../shared/errors.ts';
import type { Sender } from '../../workflow/command-base.ts';
import { type Command, FROM_OUTSIDE, UNRECORDED } from '../../workflow/commands.ts';
import type { CommandOutcome, InboxItem } from '../inbox.ts';

// Who is to blame when something throws in a turn (see RunWriter): a person's command is refused, a worker's result fails its
// attempt, and what nobody sent (a timer, what follows by itself) parks the run.

/** Something threw while `item`, or what follows by itself (then there is none), was decided. */
export class Undecidable extends Error {
  readonly item: InboxItem | undefined;
  /** What was to be decided: the type of a command, or what the engine was about. */
  readonly what: string;

  constructor(what: string, cause: unknown, item?: InboxItem) {
    super(what, { cause });
    this.what = what;
    this.item = item;
  }
}

/** The history of a run cannot be folded: an event in it made the fold throw. */
export class Unfoldable extends Error {
  readonly revision: number;

  constructor(revision: number, cause: unknown) {
    super(`event ${revision}`, { cause });
    this.revision = revision;
  }
}

/** What was thrown, as an error that an event carries. */
export function undecidable(what: string, cause: unknown): ErrorData {
  const { code, message } = toErrorData(cause, 'REPRISE_UNDECIDABLE');
  const said = code === 'REPRISE_UNDECIDABLE' ? message : `${code}: ${message}`;
  return errorData('REPRISE_UNDECIDABLE', `${what} could not be decided: ${said}`);
}

const BY_WORKERS: ReadonlySet<string> = new Set(['StartTask', 'CompleteTask', 'FailTask']);

/** What is to be decided instead of an item that could not be; undefined when nobody sent it, or the second try failed, too. */
export function substituteFor(item: InboxItem, cause: unknown): InboxItem | undefined {
  const { command } = item;
  if (command === undefined || item.contained === true) return undefined;
  const error = undecidable(command.type, cause);
  if (UNRECORDED.has(command.type)) return refusedCall(item, error);
  if (BY_WORKERS.has(command.type)) return { ...item, contained: true, command: failureOf(command, error) };
  if (!FROM_OUTSIDE.has(command.type)) return undefined;
  const { commandId, runId, type, said, sender } = command;
  const from = { ...(said === undefined ? {} : { said }), ...by(sender) };
  return {
    command: { type: 'RefuseCommand', commandId, runId, refused: type, error, ...from },
    contained: true,
    ...(item.fromOutside === true ? { fromOutside: true } : {}),
    done: () => item.failed?.(refusal(error, cause)),
    failed: (other) => item.failed?.(other),
  };
}

/** The call is refused, and whoever made it goes on. That it could not be decided is on record: it is no fault of theirs alone. */
function refusedCall(item: InboxItem, error: ErrorData): InboxItem {
  const { commandId, runId, type } = item.command as Command;
  const rejected = { commandId, command: type, code: error.code, message: error.message };
  return {
    command: { type: 'RefuseCommand', commandId, runId, refused: type, error },
    contained: true,
    done: () => item.done?.({ events: [], rejection: { type: 'CommandRejected', at: 0, ...rejected } }),
    failed: (other) => item.failed?.(other),
  };
}

const refusal = (error: ErrorData, cause: unknown): RepriseError =>
  new RepriseError('REPRISE_UNDECIDABLE', error.message, { cause });

function failureOf(command: Command, error: ErrorData): Command {
  const { runId, taskId, attempt, commandId, sender } = command as Extract<Command, { type: 'CompleteTask' }>;
  return { type: 'FailTask', commandId: `${commandId}/undecidable`, runId, taskId, attempt, error, ...by(sender) };
}

/** A completion that no store takes (or what follows from it) fails its attempt instead, so that it is not brought again for ever. */
export function asFailure(item: InboxItem | undefined, error: RepriseError): InboxItem | undefined {
  if (item?.command?.type !== 'CompleteTask') return undefined;
  const { runId, taskId, attempt, commandId, sender } = item.command;
  const data = { ...toErrorData(error, 'REPRISE_STORE_TOO_LARGE'), retryable: false };
  return {
    ...item,
    command: {
      type: 'FailTask',
      commandId: `${commandId}/too-large`,
      runId,
      taskId,
      attempt,
      error: data,
      ...by(sender),
    },
  };
}

const by = (sender: Sender | undefined) => (sender === undefined ? {} : { sender });

/** Errors of the store itself: nobody's command is to blame for them, and putting them on record would fail alike. */
export function isStoreError(error: unknown): boolean {
  if (!isRepriseError(error)) return false;
  return (
    error.code === 'REPRISE_STOPPED' ||
    error.code === 'REPRISE_EVENT_UNREADABLE' ||
    error.code.startsWith('REPRISE_STORE_')
  );
}

export const settled: CommandOutcome = { events: [] };

/** Puts on record that something threw. */
export const parkCommand = (runId: string, error: ErrorData, what: string, at: number): Command => ({
  type: 'ParkRun',
  commandId: `${runId}/park/${at}`,
  runId,
  error,
  command: what,
});
