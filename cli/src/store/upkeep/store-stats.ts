import { EVERYTHING, MAILBOX_WORKFLOW } from '@reprise/core';
import { statusText } from '../../output/status.ts';
import type { Terminal } from '../../output/terminal.ts';
import { isoOrNull, localTime, number, plain } from '../../output/text.ts';
import type { Whereabouts } from '../locate-store.ts';
import { withReader } from '../with-reader.ts';
import { bytesText } from './bytes-text.ts';
import { ability } from './can-do.ts';

const PAGE = 1000;

/** Prints what the store holds. */
export async function storeStats(where: Whereabouts, { out, json }: Terminal): Promise<void> {
  await withReader(where, async ({ reader, storage, access }) => {
    const stats = await ability(storage, 'stats', access)();
    const runs = new Map<string, number>();
    let mailboxes = 0;
    for (let after: string | undefined; ; ) {
      const page = await reader.list({ where: EVERYTHING, limit: PAGE, ...(after === undefined ? {} : { after }) });
      for (const { status, workflow } of page) {
        if (workflow === MAILBOX_WORKFLOW) mailboxes += 1;
        else runs.set(status, (runs.get(status) ?? 0) + 1);
      }
      after = page.at(-1)?.cursor;
      if (after === undefined || page.length < PAGE) break;
    }
    const { events, streams, bytes, freeBytes, firstAt, lastAt } = stats;
    if (json) {
      const sizes = { bytes: bytes ?? null, freeBytes: freeBytes ?? null };
      const times = { firstAt: isoOrNull(firstAt), lastAt: isoOrNull(lastAt) };
      return out.json({
        store: access.where,
        events,
        streams,
        ...sizes,
        ...times,
        runs: Object.fromEntries(runs),
        mailboxes,
      });
    }
    const total = [...runs.values()].reduce((sum, some) => sum + some, 0);
    const facts: (readonly [string, string])[] = [
      ['Store', plain(access.where)],
      ...(bytes === undefined
        ? []
        : [
            [
              'Size',
              `${bytesText(bytes)}${freeBytes === undefined ? '' : ` (${bytesText(freeBytes)} of it free)`}`,
            ] as const,
          ]),
      ['Events', number(events)],
      ['Runs', number(total)],
      ...[...runs].map(([status, some]) => ['', `${number(some)} ${statusText(out, status)}`] as const),
      ...(mailboxes === 0 ? [] : [['Mailboxes', number(mailboxes)] as const]),
      ...(firstAt === undefined ? [] : [['First event', localTime(firstAt)] as const]),
      ...(lastAt === undefined ? [] : [['Last event', localTime(lastAt)] as const]),
    ];
    for (const [name, value] of facts) await out.line(`${out.style('dim', name.padEnd(11))}  ${value}`);
  });
}
