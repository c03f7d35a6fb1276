import { uuidv5 } from '../../../shared/hash.ts';
import { isId } from '../../../shared/ids.ts';
import { isTaskPath } from '../../../shared/task-path.ts';
import { problem, type Refusal } from '../decisions/refusal.ts';
import type { RunState } from '../state.ts';
import { isClient } from './outbox.ts';

// Where a message is to go: in the run, in another, or to a name of no run, which is a run of its own.

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
