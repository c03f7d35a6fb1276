import { isId, isRepriseError, mailboxRun, RepriseError } from '@reprise/core';
import { usageError } from '../errors/usage-error.ts';
import { commandText } from '../output/command-text.ts';
import { plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';

export interface MailboxFlags extends Whereabouts {
  readonly tenant?: string | undefined;
}

/** A mailbox of no run, and the run that it is. */
export interface Mailbox {
  readonly name: string;
  readonly runId: string;
}

/** The mailbox that is meant, with or without its @. Throws REPRISE_USAGE. */
export function mailboxMeant(typed: string, { tenant }: MailboxFlags): Mailbox {
  const name = typed.startsWith('@') ? typed.slice(1) : typed;
  if (typed.startsWith('#'))
    throw usageError(
      `'${typed}' is a mailbox of a workflow, which its runs have: run messages RUN --mailbox '${typed}'.`,
    );
  if (!isId(name)) throw usageError(`'${typed}' is no name of a mailbox: letters, digits, and . _ - in it.`);
  return { name, runId: mailboxRun(tenant, name) };
}

/** The command for the same mailbox. */
export const mailboxCommand = (command: 'send' | 'show', { name }: Mailbox, flags: MailboxFlags): string => {
  const tenant = flags.tenant === undefined ? '' : ` --tenant ${plain(flags.tenant)}`;
  return commandText(`mailbox ${command} ${name}${tenant}`, flags);
};

/** What is to be said of a mailbox whose run is not there, or has ended: nobody has to know of that run. */
export function ofMailbox(error: unknown, mailbox: Mailbox, flags: MailboxFlags): unknown {
  const whose = flags.tenant === undefined ? '' : ` of the tenant '${flags.tenant}'`;
  const which = `'@${mailbox.name}'${whose}`;
  const details = { mailbox: `@${mailbox.name}`, tenant: flags.tenant ?? null };
  if (isRepriseError(error, 'REPRISE_RUN_NOT_FOUND'))
    return new RepriseError('REPRISE_RUN_NOT_FOUND', `There is no mailbox ${which} yet.`, {
      details,
      fix: `It is there from the first message on: \`${mailboxCommand('send', mailbox, flags)}\`. Those that are there: \`${commandText('mailbox list', flags)}\`.`,
    });
  if (isRepriseError(error, 'REPRISE_RUN_CLOSED'))
    return new RepriseError('REPRISE_RUN_CLOSED', `The mailbox ${which} was closed, and takes nothing any more.`, {
      details,
      fix: `Use another name. What was in it: \`${mailboxCommand('show', mailbox, flags)}\`.`,
    });
  return error;
}
