import { workflow } from '../../definition/builder/workflow-builder.ts';
import { MAX_MAILBOX_LIMIT } from '../../shared/message-limits.ts';
import type { StartRun } from '../workflow/commands.ts';
import { MAILBOX_INBOX, MAILBOX_WORKFLOW } from '../workflow/messaging/elsewhere.ts';
import type { RegisteredWorkflow } from './registry.ts';

let built: RegisteredWorkflow | undefined;

/** The workflow of the mailboxes of no run (`@desk`): each is a run of it, which is open until it is sent the signal `close`. */
export function mailboxWorkflow(): RegisteredWorkflow {
  built ??= workflow(MAILBOX_WORKFLOW, {
    mailboxes: { [MAILBOX_INBOX.slice(1)]: { limit: MAX_MAILBOX_LIMIT } },
  })
    .wait('closed', { signal: 'close' })
    .build();
  return built;
}

/** Given again, it starts nothing new. */
export function startMailbox(runId: string, name: string, tenant: string | undefined): StartRun {
  const { definition, hash } = mailboxWorkflow();
  return {
    type: 'StartRun',
    commandId: `mailbox/${runId}`,
    runId,
    definition,
    definitionHash: hash,
    input: { name },
    ...(tenant === undefined ? {} : { tenant }),
    labels: { mailbox: name },
  };
}
