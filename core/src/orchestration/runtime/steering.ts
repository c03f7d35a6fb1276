import type { Ids } from '../../shared/clock.ts';
import { RepriseError } from '../../shared/errors.ts';
import type { Said } from '../workflow/command-base.ts';
import type {
  AnswerForm,
  AssignForm,
  CancelRun,
  Command,
  DeadLetterCommand,
  PauseRun,
  PostMessage,
  ProgramCall,
  ResumeRun,
  RetryTasks,
  SendSignal,
} from '../workflow/commands.ts';
import type { RunChange } from '../workflow/outside/run-changes.ts';

// Commands of people and programs, on their way into a run.

/** What each command of a handle may say beside what it is about. */
export interface CommandOptions extends Said {
  /** Who sends it, in 1 to 256 characters. Recorded beside its events; nobody checks it. */
  readonly by?: string;
  /** Why, in 1 to 4,096 characters. Recorded beside its events. */
  readonly reason?: string;
  /** Makes the command idempotent: the same one with the same id takes effect once. Default: unique. */
  readonly requestId?: string;
}

type Body<C> = C extends unknown ? Omit<C, 'commandId' | 'runId' | 'said'> : never;

/** What a handle says to its run. */
export type SteeringCommand = Body<
  | AnswerForm
  | AssignForm
  | CancelRun
  | PauseRun
  | ResumeRun
  | RetryTasks
  | SendSignal
  | PostMessage
  | ProgramCall
  | DeadLetterCommand
  | RunChange
>;

/** What ids of commands begin with, where that is not their type: a repetition is recognised by it, so it stays. */
const KINDS: Readonly<Record<string, string>> = { SendSignal: 'signal', AnswerForm: 'answer', AssignForm: 'assign' };

/** The command, with an id. Throws REPRISE_COMMAND_INVALID for a sender, a reason or an id that cannot be taken. */
export function steering(runId: string, body: SteeringCommand, options: CommandOptions, ids: Ids): Command {
  const { requestId } = options;
  const said = saidOf(options);
  if (requestId !== undefined) assertText('requestId', requestId, 512);
  const kind = KINDS[body.type] ?? body.type;
  const commandId = requestId === undefined ? `${kind}-${ids.next()}` : `${kind}/${requestId}`;
  return { ...body, commandId, runId, ...(said === undefined ? {} : { said }) } as Command;
}

/** Who and why, checked; undefined when neither is said. */
export function saidOf({ by, reason }: Said): Said | undefined {
  if (by === undefined && reason === undefined) return undefined;
  if (by !== undefined) assertText('by', by, 256);
  if (reason !== undefined) assertText('reason', reason, 4096);
  return { ...(by === undefined ? {} : { by }), ...(reason === undefined ? {} : { reason }) };
}

function assertText(name: string, text: unknown, most: number): void {
  if (typeof text === 'string' && text.length > 0 && text.length <= most) return;
  throw new RepriseError('REPRISE_COMMAND_INVALID', `\`${name}\` of a command is a text of 1 to ${most} characters.`, {
    fix: `Give \`${name}\` as such a text, or leave it out.`,
  });
}
