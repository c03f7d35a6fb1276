import { uuidv5 } from '../../../shared/hash.ts';
import { isId } from '../../../shared/ids.ts';
import { isTaskPath } from '../../../shared/task-path.ts';
import { problem, type Refusal } from '../decisions/refusal.ts';
import type { RunState } from '../state.ts';
import type { Party } from './message.ts';

// What is beyond a run: other runs, names of no run, and programs. What is on its way to a mailbox of another run lies in an outbox, which is a mailbox of the
// state that nobody takes from: `>RUN/ADDRESS`. There is one for each such mailbox, and what is in it arrives in its order.

const OUTBOX = '>';

/** Names whoever asks from outside the runs: what is said to them is done with as soon as it is on record. */
const CLIENT = 'client:';

export const outboxOf = (run: string, address: string): string => `${OUTBOX}${run}/${address}`;

export const isOutbox = (mailbox: string): boolean => mailbox.startsWith(OUTBOX);

export const isClient = (address: string): boolean => address.startsWith(CLIENT);

/** Where what is in an outbox is to go. */
export function beyond(outbox: string): { readonly run: string; readonly to: string } {
  const end = outbox.indexOf('/');
  return { run: outbox.slice(OUTBOX.length, end), to: outbox.slice(end + 1) };
}

/** The mailbox of the state that a message is put into. */
export const sentTo = ({ to, run }: { readonly to: string; readonly run?: string }): string =>
  run === undefined ? to : outboxOf(run, to);

/** Tells parties apart, those of other runs, too: as an address of the state is written. */
export const partyKey = (from: Party): string => {
  const name = from.task ?? from.client;
  return from.run === undefined ? name : outboxOf(from.run, name);
};

/** For people: `'writer' of run 'r1'`. */
export function placeText(mailbox: string): string {
  if (!isOutbox(mailbox)) return `'${mailbox}'`;
  const { run, to } = beyond(mailbox);
  return to.startsWith('@') ? `'${to}'` : `'${to}' of run '${run}'`;
}

/** How long a run remembers what it had of another that is silent. What was sent before that, and comes so late, is not taken. */
export const DEDUPE_MS = 7 * 24 * 60 * 60 * 1000;

/** The workflow whose runs are the mailboxes of no run. */
export const MAILBOX_WORKFLOW = 'reprise.mailbox';

/** Where in such a run the messages are. */
export const MAILBOX_INBOX = '#inbox';

/** The run that `@name` is. */
export const mailboxRun = (tenant: string | undefined, name: string): string => uuidv5(`mailbox/${tenant ?? ''}`, name);

/** Whether the run is that of `@name`. */
export const isMailboxRun = ({ definition, runId, tenant }: RunState, address: string): boolean =>
  definition.name === MAILBOX_WORKFLOW && runId === mailboxRun(tenant, address.slice(1));

/** What an address says beside where in the run it is. `run` undefined: this one. */
export interface Place {
  readonly run: string | undefined;
  readonly to: string;
}

/** Where a message is to go; a refusal when that cannot be. What is in another run, only that can say. */
export function placeOf(state: RunState, to: string, run: string | undefined): Place | Refusal {
  if (to.startsWith('@')) {
    if (run !== undefined)
      return problem('REPRISE_MESSAGE_INVALID', `\`run\` cannot stand beside '${to}', which is in no run.`);
    if (!isId(to.slice(1))) return unknown(to, 'the name behind @ is no name (letters, digits, and . _ - in it)');
    const named = mailboxRun(state.tenant, to.slice(1));
    return named === state.runId ? { run: undefined, to } : { run: named, to };
  }
  const meant = run === 'parent' ? state.parent?.runId : run;
  if (run === 'parent' && meant === undefined)
    return unknown(to, `the run has no parent: it was started by itself (\`run: parent\`)`);
  if (meant === undefined || meant === state.runId) return { run: undefined, to };
  if (!isId(meant))
    return problem('REPRISE_MESSAGE_INVALID', `\`run\` is ${JSON.stringify(meant)}, which is no id of a run.`);
  if (isClient(to) || to.startsWith('#') || isTaskPath(to)) return { run: meant, to };
  return unknown(to, `it is neither the path of a task of run '${meant}' nor a name`);
}

const unknown = (address: string, why: string): Refusal =>
  problem('REPRISE_MAILBOX_UNKNOWN', `There is no mailbox ${JSON.stringify(address.slice(0, 200))}: ${why}.`);

/** Who is at an address of the state: a task, or whoever takes from a name. */
export function partyAt(mailbox: string): Party {
  if (!isOutbox(mailbox)) return mailbox.startsWith('#') ? { client: mailbox } : { task: mailbox };
  const { run, to } = beyond(mailbox);
  return to.startsWith('#') || to.startsWith('@') ? { client: to, run } : { task: to, run };
}
