import type { RunEvent } from '../events.ts';
import type { RunState } from '../state.ts';
import type { MailState } from './mail.ts';

/** Messages that are named by the event that closes them. */
const MOST_NAMED = 1000;

/** The event by which open messages are gone. */
export function closedOf(mail: MailState, scope: string, ids: readonly string[], at: number): RunEvent {
  let dead = 0;
  for (const id of ids) if (mail.open.get(id)?.dead !== undefined) dead += 1;
  return { type: 'MessagesClosed', at, scope, messages: ids.slice(0, MOST_NAMED), open: ids.length, dead };
}

/** Before the end of the run: what is open ends with it. */
export const closingMail = ({ mail }: RunState, at: number): readonly RunEvent[] =>
  mail === undefined || mail.open.size === 0 ? [] : [closedOf(mail, '', [...mail.open.keys()], at)];
