import type { Party } from './message.ts';

// What is beyond a run: other runs, names of no run, and programs. What is on its way to a mailbox of another run lies in an outbox, which is a mailbox of the
// state that nobody takes from: `>RUN/ADDRESS`. There is one for each such mailbox, and what is in it arrives in its order.

const OUTBOX = '>';

/** Names whoever asks from outside the runs: what is said to them is done with as soon as it is on record. */
const CLIENT = 'client:';

export const outboxOf = (run: string, address: string): string => `${OUTBOX}${run}/${address}`;

export const isOutbox = (mailbox: string): boolean => mailbox.startsWith(OUTBOX);

export const isClient = (address: string): boolean => address.startsWith(CLIENT);

/** Of what a team is called as a party of conversations. */
export const TEAM = 'team:';

/** Whether a name is that of a team: nobody else is called so. */
export const isTeamName = (name: string): boolean => name.startsWith(TEAM);

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
  const { run } = from;
  if (run === undefined) return from.task ?? from.client;
  return outboxOf(run, from.task ?? (/^[#@]/.test(from.client) ? from.client : `${CLIENT}${from.client}`));
};

/** Who an address of the state is that of: the key of a program of this run is its name. */
export const partyAddressed = (mailbox: string): string => (isClient(mailbox) ? mailbox.slice(CLIENT.length) : mailbox);

/** For people: `'writer' of run 'r1'`. */
export function placeText(mailbox: string): string {
  if (!isOutbox(mailbox)) return `'${mailbox}'`;
  const { run, to } = beyond(mailbox);
  return to.startsWith('@') ? `'${to}'` : `'${isClient(to) ? to.slice(CLIENT.length) : to}' of run '${run}'`;
}

/** How long a run remembers what it had of another that is silent. What was sent before that, and comes so late, is not taken. */
export const DEDUPE_MS = 7 * 24 * 60 * 60 * 1000;

/** Who is at an address of the state: a task, or whoever takes from a name. */
export function partyAt(mailbox: string): Party {
  if (!isOutbox(mailbox)) return /^[#@]/.test(mailbox) ? { client: mailbox } : { task: mailbox };
  const { run, to } = beyond(mailbox);
  if (isClient(to)) return { client: to.slice(CLIENT.length), run };
  return to.startsWith('#') || to.startsWith('@') ? { client: to, run } : { task: to, run };
}
