import { BEGINNING, type Position, type Projection, type RecordedFailure, type Storage } from '@reprise/core';
import { tableOrFolded } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { isoOrNull, localTime, number, plain } from '../output/text.ts';
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
  /** Why whoever built it last came no further. */
  readonly failure: RecordedFailure | undefined;
}

/** Prints which views there are, and how far each is behind. Builds nothing. */
export async function listViews(where: Whereabouts, terminal: Terminal): Promise<void> {
  const { out, err, json } = terminal;
  await withViews(where, terminal, async ({ storage, store, views }) => {
    const standings: Standing[] = [];
    for (const projection of views.projections) {
      const position = await store.checkpoint(projection);
      const failure = await views.recordedFailure(projection.name);
      standings.push({ projection, position, failure, ...(await eventsAfter(storage, position ?? BEGINNING)) });
    }
    if (json) return out.json({ views: standings.map(shapeOf) });
    const columns = [
      { title: 'VIEW' },
      { title: 'VERSION', align: 'right' },
      { title: 'BEHIND', align: 'right' },
      { title: 'SINCE' },
      { title: 'ABOUT', flexible: true },
    ] as const;
    const rows = standings.map(({ projection, position, behind, since, failure }) => [
      projection.name,
      String(projection.version),
      isBuilt(position) ? (behind === 0 ? '-' : `${number(behind)} events`) : 'not built',
      since === undefined || !isBuilt(position) ? '-' : localTime(since),
      failure === undefined ? (projection.about ?? '') : out.style('red', plain(`FAILED ${failure.code}`)),
    ]);
    for (const line of tableOrFolded(out, columns, rows)) await out.line(line);
    for (const { failure } of standings)
      if (failure !== undefined) await err.line(err.style('red', plain(failure.message)));
  });
}

/** One that failed at the first event is at the beginning. */
const isBuilt = (position: Position | undefined): boolean => position !== undefined && position !== BEGINNING;

const shapeOf = ({ projection, position, behind, since, failure }: Standing): object => ({
  view: projection.name,
  version: projection.version,
  about: projection.about ?? null,
  built: isBuilt(position),
  behindEvents: behind,
  behindSince: isoOrNull(since),
  failure: failure ?? null,
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
