import type { DeadLetterRow } from '@reprise/core';
import { mailboxOf, placeIn, placeText } from '../output/message-places.ts';
import { tableOrFolded } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { isoTime, localTime, number, plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { shortId } from './message-names.ts';
import { deadLettersWhere, pageOfDeadLetters } from './read-dead-letters.ts';

export interface ListDeadLettersFlags extends Whereabouts {
  readonly query?: string | undefined;
  readonly closed?: boolean | undefined;
  readonly limit: number;
  readonly after?: string | undefined;
}

/** Prints a page of dead letters, without what they say. */
export async function listDeadLetters(flags: ListDeadLettersFlags, terminal: Terminal): Promise<void> {
  const { out, err, json } = terminal;
  const { query = '', closed } = flags;
  const where = deadLettersWhere(query, closed === true ? ['open', 'closed'] : ['open']);
  const { rows, next } = await pageOfDeadLetters(where, flags, flags, terminal);
  if (json) return out.json({ deadLetters: rows.map(deadLetterShape), next: next ?? null });
  if (rows.length === 0) return err.line(query === '' ? 'There is no dead letter.' : 'No dead letter fits.');
  const hasStatuses = rows.some(({ status }) => status !== 'open');
  const columns = [
    { title: 'RUN', flexible: true },
    { title: 'MESSAGE', flexible: true },
    { title: 'MAILBOX', flexible: true },
    { title: 'FROM', flexible: true },
    { title: 'ABOUT', flexible: true },
    { title: 'SINCE' },
    { title: 'DELIVERIES', align: 'right' },
    ...(hasStatuses ? [{ title: 'STATUS' }] : []),
    { title: 'CODE' },
    { title: 'REASON', flexible: true },
  ] as const;
  const cells = rows.map((row) => [
    plain(row.run),
    plain(shortId(row.run, row.message)),
    plain(placeIn(mailboxOf(row.workflow, row.labels), row.mailbox, row.toRun)),
    plain(placeText(row.from, row.fromRun)),
    plain(aboutOf(row)),
    localTime(row.since),
    number(row.deliveries),
    ...(hasStatuses ? [row.status] : []),
    plain(row.code),
    plain(row.reason),
  ]);
  for (const line of tableOrFolded(out, columns, cells)) await out.line(line);
  if (next !== undefined) await err.line(err.style('dim', `There are more: --after '${next}'`));
}

const aboutOf = ({ performative, subject }: DeadLetterRow): string =>
  subject === undefined ? performative : `${performative} ${subject}`;

/** A dead letter in JSON. Members that are not known are null. */
const deadLetterShape = (row: DeadLetterRow): object => ({
  runId: row.run,
  workflow: row.workflow,
  tenant: row.tenant ?? null,
  labels: row.labels ?? {},
  message: row.message,
  mailbox: row.mailbox,
  toRun: row.toRun ?? null,
  from: row.from,
  fromRun: row.fromRun ?? null,
  type: row.subject ?? null,
  performative: row.performative,
  code: row.code,
  reason: row.reason,
  since: isoTime(row.since),
  deliveries: row.deliveries,
  edited: row.edited,
  redriven: row.redriven,
  status: row.status,
});
