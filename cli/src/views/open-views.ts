import {
  BUILT_IN_VIEWS,
  createInMemoryStorage,
  createInMemoryViewStore,
  isRepriseError,
  type Projection,
  type Storage,
  systemClock,
  type ViewStore,
  Views,
} from '@reprise/core';
import { loadProject, type Project } from '../config/load-project.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import { locateStore, type Whereabouts } from '../store/locate-store.ts';
import type { StoreAccess } from '../store/store-access.ts';
import { viewStoreOf } from '../store/view-store-of.ts';

export interface OpenViews {
  readonly storage: Storage;
  readonly store: ViewStore;
  readonly views: Views;
  readonly access: StoreAccess;
  /** Undefined when there is no configuration. */
  readonly project: Project | undefined;
}

/**
 * The views of a store: those that Reprise brings and those of the configuration, in the view store that the configuration names, or else in the file
 * `<store>-views` beside it. They are not built until start().
 */
export async function withViews<Result>(
  where: Whereabouts,
  { err }: Terminal,
  use: (open: OpenViews) => Promise<Result>,
): Promise<Result> {
  const access = await locateStore(where, process.cwd());
  const project = await projectOf(where);
  // Before the first run, as in `run list`, there is nothing; it leaves nothing behind, either.
  const isAbsent = access.exists === false && where.store === undefined;
  const storage = isAbsent ? createInMemoryStorage() : await access.openReader();
  try {
    const store = isAbsent ? createInMemoryViewStore() : await viewStoreOf(access, project?.plugins ?? []);
    const projections = allProjections(project?.config.projections ?? []);
    const views = new Views({
      store: storage.events,
      views: store,
      projections,
      clock: systemClock,
      notice: (notice) => {
        // What stopped a view is told by who waits for it.
        if (notice.kind === 'log' && notice.fields?.['code'] === undefined)
          void err.line(err.style('yellow', plain(notice.message)));
      },
    });
    try {
      return await use({ storage, store, views, access, project });
    } finally {
      await views.close();
    }
  } finally {
    await storage.events.close();
  }
}

/** With --store alone, no configuration is needed. */
async function projectOf(where: Whereabouts): Promise<Project | undefined> {
  try {
    return await loadProject(where.config, process.cwd());
  } catch (error) {
    const mayBeAbsent = where.config === undefined && isRepriseError(error, 'REPRISE_CONFIG_NOT_FOUND');
    if (mayBeAbsent) return undefined;
    throw error;
  }
}

function allProjections(own: readonly Projection[]): readonly Projection[] {
  const names = new Set(own.map(({ name }) => name));
  return [...BUILT_IN_VIEWS.filter(({ name }) => !names.has(name)), ...own];
}
