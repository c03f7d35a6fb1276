import { type Labels, MAILBOX_INBOX, MAILBOX_WORKFLOW, type Party } from '@reprise/core';

// Where messages are from and go to, in words: a task or name of the run, of another run, a name of no run (`@desk`), or a program.

/** An address of the state: `>RUN/ADDRESS` is where what goes to another run lies until that has it. */
const OUTBOX = /^>([^/]+)\/(.*)$/s;

/** `critic`, `critic of run r-2`, `@desk`, `the team 'review'`. */
export function placeText(address: string, run?: string): string {
  if (address.startsWith('client:team:')) return nameText(address.slice('client:'.length));
  const [, beyond = run, to = address] = OUTBOX.exec(address) ?? [];
  return beyond === undefined || to.startsWith('@') ? to : `${to} of run ${beyond}`;
}

/** What a run is called that is a mailbox of no run (`@desk`); undefined of any other. Its messages lie in an inbox, of which nobody has to know. */
export const mailboxOf = (workflow: string, labels: Labels = {}): string | undefined =>
  workflow === MAILBOX_WORKFLOW && labels['mailbox'] !== undefined ? `@${labels['mailbox']}` : undefined;

/** placeText() of a mailbox of a run that may be one of no run itself. */
export const placeIn = (own: string | undefined, address: string, run?: string): string =>
  own !== undefined && address === MAILBOX_INBOX && run === undefined ? own : placeText(address, run);

/** As a party of conversations, a team has the path of its block behind this; nobody from outside may be called so. */
const TEAM = /^team:(.*)$/s;

/** `writer`, `writer of run r-1`, `kim (from outside)`, `the team 'review'`. A name answers only where the run does so for whoever takes from it. */
export function partyText(from: Party): string {
  const { task, run } = from;
  return placeText(task ?? nameText(from.client), run);
}

function nameText(client: string): string {
  const [, team] = TEAM.exec(client) ?? [];
  if (team !== undefined) return team === '' ? 'the team' : `the team '${team}'`;
  return /^[#@]/.test(client) ? client : `${client} (from outside)`;
}
