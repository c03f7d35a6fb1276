import { EXIT } from '../errors/exit-codes.ts';
import { usageError } from '../errors/usage-error.ts';
import { commandText } from '../output/command-text.ts';
import type { Terminal } from '../output/terminal.ts';
import { count, localTime } from '../output/text.ts';
import { isAgreed } from '../runs/one-or-many.ts';
import { whoOf } from '../runs/said.ts';
import { commandRun } from '../runs/steer-run.ts';
import { withReader } from '../store/with-reader.ts';
import { type MailboxFlags, mailboxCommand, mailboxMeant, ofMailbox } from './mailbox-names.ts';
import { type MailboxStanding, standingOf } from './read-mailboxes.ts';

export interface CloseMailboxFlags extends MailboxFlags {
  readonly yes?: boolean | undefined;
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
}

/** Closes a mailbox of no run, after a question that says what is still open in it. Returns the exit code: 1 when nobody wanted it. */
export async function closeMailbox(typed: string, flags: CloseMailboxFlags, terminal: Terminal): Promise<number> {
  const mailbox = mailboxMeant(typed, flags);
  const { name, runId } = mailbox;
  const { err } = terminal;
  const before = await withReader(flags, async ({ reader }) => standingOf(await reader.state(runId))).catch((error) => {
    throw ofMailbox(error, mailbox, flags);
  });
  if (flags.yes !== true && process.stdin.isTTY !== true)
    throw usageError(
      `That would close @${name} with ${leftIn(before)}, and nobody can be asked here: say --yes, or look first: ${mailboxCommand('show', mailbox, flags)}`,
    );
  const warn = async (): Promise<void> =>
    err.line(
      `This will close @${name} with ${leftIn(before)}. Nothing of that is had by anybody then, and nothing can be sent to it again.`,
    );
  if (!(await isAgreed(flags, `close @${name}`, terminal, warn))) {
    await err.line('Nothing was done.');
    return EXIT.failed;
  }
  await commandRun(runId, flags, terminal, {
    shape: () => ({ mailbox: `@${name}`, open: before.open, dead: before.dead }),
    give: (handle) =>
      handle.signal('close', null, whoOf(flags)).catch((error) => {
        throw ofMailbox(error, mailbox, flags);
      }),
    say: async ({ status }, driven) => {
      const closes = status === 'running' ? 'is being closed' : 'is closed';
      await err.line(`${err.style('bold', `@${name}`)} ${closes}, with ${leftIn(before)}.`);
      if (driven === false && status === 'running')
        await err.line(
          `No process drives the runs of this store now; to have it closed: ${commandText('worker start', flags)}`,
        );
    },
  });
  return EXIT.ok;
}

/** What nobody gets any more. */
function leftIn({ open, held, waitingSince, dead, onTheirWay }: MailboxStanding): string {
  const taken = held === 0 ? '' : `, ${held} of them taken`;
  const since = waitingSince === undefined ? '' : `, the oldest of ${localTime(waitingSince)}`;
  const parts = [
    ...(open === 0 ? [] : [`${count(open, 'open message')} (${`${taken}${since}`.slice(2)})`]),
    ...(dead === 0 ? [] : [count(dead, 'dead letter')]),
    ...(onTheirWay === 0 ? [] : [`${count(onTheirWay, 'message')} on the way to others`]),
  ];
  return parts.length === 0 ? 'nothing left in it' : parts.join(', ');
}
