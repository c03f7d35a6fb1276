import { DEAD_LETTERS, MAILBOX_INBOX, type RunStatus, type RunSummary, type RunView } from '@reprise/core';

/** How a mailbox of no run stands. Times are ms since the Unix epoch. */
export interface MailboxStanding {
  readonly name: string;
  readonly tenant: string | undefined;
  readonly runId: string;
  readonly status: RunStatus;
  /** Messages that wait in it, and those of them that a program has. */
  readonly open: number;
  readonly held: number;
  /** When the oldest of them was sent. */
  readonly waitingSince: number | undefined;
  readonly dead: number;
  /** On their way to runs: answers, and what runs have asked for. */
  readonly onTheirWay: number;
}

/** The name that the run was started with. */
export const nameOfMailbox = ({ labels, runId }: Pick<RunSummary, 'labels' | 'runId'>): string =>
  labels['mailbox'] ?? runId;

export function standingOf(state: RunView): MailboxStanding {
  const inbox = state.mailboxes.get(MAILBOX_INBOX)?.messages ?? [];
  let onTheirWay = 0;
  for (const [address, { messages }] of state.mailboxes) if (address.startsWith('>')) onTheirWay += messages.length;
  return {
    name: nameOfMailbox(state),
    tenant: state.tenant,
    runId: state.runId,
    status: state.status,
    open: inbox.length,
    held: inbox.filter(({ holder }) => holder !== undefined).length,
    waitingSince: inbox.length === 0 ? undefined : Math.min(...inbox.map(({ sentAt }) => sentAt)),
    dead: state.mailboxes.get(DEAD_LETTERS)?.messages.length ?? 0,
    onTheirWay,
  };
}
