import { isRepriseError, type Json, type JsonObject, type ViewId, type ViewStore } from '@reprise/core/plugin';
import { expect } from 'chai';

export const VIEW: ViewId = { name: 'sample', version: 2 };

/** Commits rows by key (`null`: the row is gone), from the checkpoint that there is. */
export async function put(
  store: ViewStore,
  rows: Readonly<Record<string, JsonObject | null>>,
  next: string,
  view = VIEW,
): Promise<void> {
  const changes = Object.entries(rows).map(([key, row]) => (row === null ? { key } : { key, row }));
  await store.commit(view, { expected: await store.checkpoint(view), next, changes });
}

/** All rows that are listed, page by page. */
export async function allRows(store: ViewStore, view = VIEW): Promise<Readonly<Record<string, Json>>> {
  const rows: Record<string, Json> = {};
  for (let after: string | undefined; ; ) {
    const page = await store.list(view, { limit: 7, ...(after === undefined ? {} : { after }) });
    for (const { key, row } of page.rows) {
      expect(rows, 'a row comes once').not.to.have.own.property(key);
      rows[key] = row;
    }
    if (page.next === undefined) return rows;
    expect(page.rows, 'what is not the last page').to.have.length(7);
    after = page.next;
  }
}

export const codeOf = (error: unknown): string => (isRepriseError(error) ? error.code : String(error));

/** The code that something rejects with, or what it resolved to. */
export const outcomeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then((value) => `resolved: ${String(value)}`, codeOf);
