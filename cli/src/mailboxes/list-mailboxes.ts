import { bothOf, MAILBOX_WORKFLOW, type Query, type RunReader, type RunSummary, runsWhere } from '@reprise/core';
import { statusText } from '../output/status.ts';
import { tableOrFolded } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { isoOrNull, localTime, number, plain } from '../output/text.ts';
import { locateStore, type Whereabouts } from '../store/locate-store.ts';
import { openRunReader } from '../store/open-run-reader.ts';
import { type MailboxStanding, standingOf } from './read-mailboxes.ts';

export interface ListMailboxesFlags extends Whereabouts {
  readonly closed?: boolean | undefined;
  readonly tenant?: string | undefined;
  readonly limit: number;
  readonly after?: string | undefined;
}

const OPEN = ['running', 'paused', 'parked'];

/** Prints a page of mailboxes of no run, the newest first, and how each stands. A store that is not there has none. */
export async function listMailboxes(flags: ListMailboxesFlags, terminal: Terminal): Promise<void> {
  const access = await locateStore(flags, process.cwd());
  if (access.exists === false && flags.store === undefined) return print([], undefined, flags, terminal);
  const storage = await access.openReader();
  const { reader, close } = openRunReader(storage, access);
  try {
    const page = await pageOf(reader, flags);
    const shown = page.slice(0, flags.limit);
    const standings: MailboxStanding[] = [];
    for (const { runId } of shown) standings.push(standingOf(await reader.state(runId)));
    await print(standings, page.length > shown.length ? shown.at(-1)?.cursor : undefined, flags, terminal);
  } finally {
    await close();
    await storage.events.close();
  }
}

function pageOf(reader: RunReader, flags: ListMailboxesFlags): Promise<readonly RunSummary[]> {
  const { closed, tenant, limit, after } = flags;
  const where: Query = [
    ...(closed === true ? [] : [runsWhere('status', OPEN)]),
    ...(tenant === undefined ? [] : [runsWhere('tenant', [tenant])]),
  ].reduce(bothOf, runsWhere('workflow', [MAILBOX_WORKFLOW]));
  return reader.list({ where, limit: limit + 1, ...(after === undefined ? {} : { after }) });
}

async function print(
  all: readonly MailboxStanding[],
  next: string | undefined,
  flags: ListMailboxesFlags,
  { out, err, json }: Terminal,
): Promise<void> {
  if (json) return out.json({ mailboxes: all.map(mailboxShape), next: next ?? null });
  if (all.length === 0)
    return err.line(flags.closed === true ? 'There is no mailbox.' : 'There is no mailbox that is open.');
  const hasTenants = all.some(({ tenant }) => tenant !== undefined);
  const hasStatuses = all.some(({ status }) => status !== 'running');
  const columns = [
    { title: 'MAILBOX', flexible: true },
    ...(hasTenants ? [{ title: 'TENANT', flexible: true }] : []),
    ...(hasStatuses ? [{ title: 'STATUS' }] : []),
    { title: 'OPEN', align: 'right' },
    { title: 'TAKEN', align: 'right' },
    { title: 'WAITING SINCE' },
    { title: 'DEAD', align: 'right' },
    { title: 'ON THEIR WAY', align: 'right' },
    { title: 'RUN' },
  ] as const;
  const rows = all.map((one) => [
    plain(`@${one.name}`),
    ...(hasTenants ? [plain(one.tenant ?? '-')] : []),
    ...(hasStatuses ? [statusText(out, one.status)] : []),
    number(one.open),
    number(one.held),
    one.waitingSince === undefined ? '-' : localTime(one.waitingSince),
    number(one.dead),
    number(one.onTheirWay),
    one.runId,
  ]);
  for (const line of tableOrFolded(out, columns, rows)) await out.line(line);
  if (next !== undefined) await err.line(err.style('dim', `There are more: --after ${next}`));
}

const mailboxShape = ({ name, waitingSince, tenant, ...others }: MailboxStanding): object => ({
  mailbox: `@${name}`,
  tenant: tenant ?? null,
  ...others,
  waitingSince: isoOrNull(waitingSince),
});
