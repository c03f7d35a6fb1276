import { BEGINNING, type Position, type Projection, type Storage } from '@reprise/core';
import { table } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { isoOrNull, localTime, number } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { withViews } from './open-views.ts';

/** How far a view was built. */
interface Standing {
  readonly projection: Projection;
  readonly position: Position | undefined;
  /** Events that it has not had. */
  readonly behind: number;
  /** When the oldest of them was; undefined when there is none. */
  readonly since: number | undefined;
}

/** Prints which views there are, and how far each is behind. Builds nothing. */
export async function listViews(where: Whereabouts, terminal: Terminal): Promise<void> {
  const { out, json } = terminal;
  await withViews(where, terminal, async ({ storage, store, views }) => {
    const standings: Standing[] = [];
    for (const projection of views.projections) {
      const position = await store.checkpoint(projection);
      standings.push({ projection, position, ...(await eventsAfter(storage, position ?? BEGINNING)) });
    }
    if (json) return out.json({ views: standings.map(shapeOf) });
    const columns = [
      { title: 'VIEW' },
      { title: 'VERSION', align: 'right' },
      { title: 'BEHIND', align: 'right' },
      { title: 'SINCE' },
      { title: 'ABOUT', flexible: true },
    ] as const;
    const rows = standings.map(({ projection, position, behind, since }) => [
      projection.name,
      String(projection.version),
      position === undefined ? 'not built' : behind === 0 ? '-' : `${number(behind)} events`,
      since === undefined || position === undefined ? '-' : localTime(since),
      projection.about ?? '',
    ]);
    for (const line of table(out, columns, rows)) await out.line(line);
  });
}

const shapeOf = ({ projection, position, behind, since }: Standing): object => ({
  view: projection.name,
  version: projection.version,
  about: projection.about ?? null,
  built: position !== undefined,
  behindEvents: behind,
  behindSince: isoOrNull(since),
});

async function eventsAfter({ events }: Storage, position: Position): Promise<Pick<Standing, 'behind' | 'since'>> {
  let behind = 0;
  let since: number | undefined;
  for (let after = position; ; ) {
    const page = await events.readAll({ after, limit: 1000 });
    const last = page.at(-1);
    if (last === undefined) return { behind, since };
    since ??= page[0]?.time;
    behind += page.length;
    after = last.position;
  }
}
