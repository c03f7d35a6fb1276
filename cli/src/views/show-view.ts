import {
  formatDuration,
  type JsonObject,
  type Projection,
  parseQuery,
  type QueryField,
  systemClock,
  type ViewRow,
} from '@reprise/core';
import { usageError } from '../errors/usage-error.ts';
import { tableOrFolded } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { briefJson, localTime, plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { type OpenViews, withViews } from './open-views.ts';
import { sortOrder } from './sort-order.ts';

export interface ShowViewFlags extends Whereabouts {
  readonly query?: string | undefined;
  /** The same, by a flag. */
  readonly where?: string | undefined;
  /** A field, with `:desc` behind it for the greatest first. */
  readonly sort?: string | undefined;
  readonly limit: number;
  readonly after?: string | undefined;
  /** Shown as it is, not brought up to date. */
  readonly stale?: boolean | undefined;
}

/** Prints rows of a view, which is brought up to date before. */
export async function showView(name: string, flags: ShowViewFlags, terminal: Terminal): Promise<void> {
  await withViews(flags, terminal, async (open) => {
    const projection = projectionOf(open, name);
    if (flags.query !== undefined && flags.where !== undefined)
      throw usageError('Give the query once: as the argument, or by --where.');
    const order =
      flags.sort === undefined ? undefined : sortOrder(`The view '${name}'`, projection.fields ?? {}, flags.sort);
    const where = parseQuery(flags.query ?? flags.where ?? '', {
      fields: projection.fields ?? {},
      now: systemClock.now(),
    });
    if (flags.stale !== true) await bringUpToDate(open, name);
    const { after } = flags;
    const page = await open.views.list(name, {
      ...{ where, limit: flags.limit },
      ...(order === undefined ? {} : { order }),
      ...(after === undefined ? {} : { after }),
    });
    await print(projection, page.rows, page.next, terminal);
  });
}

/** Builds a view anew, to its end. */
export async function rebuildView(name: string, where: Whereabouts, terminal: Terminal): Promise<void> {
  const { err, out, json } = terminal;
  await withViews(where, terminal, async (open) => {
    const projection = projectionOf(open, name);
    await open.store.clear(projection);
    await bringUpToDate(open, name);
    const { position, skipped } = open.views.lag(name);
    if (json) return out.json({ view: name, version: projection.version, position, skippedEvents: skipped });
    const left = skipped === 0 ? '' : ` ${skipped} events could not be read, and are left out.`;
    await err.line(`The view '${plain(name)}' is built anew.${left}`);
  });
}

/** Throws REPRISE_VIEW_UNKNOWN. */
function projectionOf({ views }: OpenViews, name: string): Projection {
  return views.projection(name);
}

/** Rejects with what stopped the view: its projection threw. */
async function bringUpToDate({ views }: OpenViews, name: string): Promise<void> {
  await views.start([name]);
  await views.reachEnd(name);
}

async function print(
  projection: Projection,
  rows: readonly ViewRow[],
  next: string | undefined,
  { out, err, json }: Terminal,
): Promise<void> {
  if (json) return out.json({ rows: rows.map(({ key, row }) => ({ key, ...row })), next: next ?? null });
  if (rows.length === 0) return err.line('No row fits.');
  const fields = Object.entries(projection.fields ?? {});
  // A field that is the key shows it already.
  const hasKey = !fields.some(([, field]) => rows.every(({ key, row }) => cell(row, field) === plain(key)));
  const columns = [
    ...(hasKey ? [{ title: 'KEY' }] : []),
    ...fields.map(([name, { type }]) => ({
      title: name.toUpperCase(),
      ...(type === 'number' || type === 'duration' ? ({ align: 'right' } as const) : {}),
    })),
  ];
  const cells = rows.map(({ key, row }) => [...(hasKey ? [key] : []), ...fields.map(([, field]) => cell(row, field))]);
  for (const line of tableOrFolded(out, columns, cells)) await out.line(line);
  if (next !== undefined) await err.line(err.style('dim', `There are more: --after '${next}'`));
}

function cell(row: JsonObject, { path, type }: QueryField): string {
  let value: unknown = row;
  for (const key of path) value = (value as JsonObject | undefined)?.[key];
  if (value === undefined || value === null) return '-';
  if (type === 'time' && typeof value === 'number') return localTime(value);
  if (type === 'duration' && typeof value === 'number') return formatDuration(value);
  return typeof value === 'object' ? briefJson(value as JsonObject, 60) : plain(String(value));
}
