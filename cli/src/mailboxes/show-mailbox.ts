import type { Terminal } from '../output/terminal.ts';
import { showMessages } from '../runs/show-messages.ts';
import { type MailboxFlags, mailboxMeant, ofMailbox } from './mailbox-names.ts';

export interface ShowMailboxFlags extends MailboxFlags {
  readonly data?: boolean | undefined;
}

/** Prints the messages of a mailbox of no run, and what became of each, as those of a run are. */
export async function showMailbox(typed: string, flags: ShowMailboxFlags, terminal: Terminal): Promise<void> {
  const mailbox = mailboxMeant(typed, flags);
  const { tenant: _tenant, ...where } = flags;
  try {
    await showMessages(mailbox.runId, where, terminal);
  } catch (error) {
    throw ofMailbox(error, mailbox, flags);
  }
}
