import { resolve } from 'node:path';
import {
  type AnyPlugin,
  createReprise,
  type Orchestrator,
  type Plugin,
  type RepriseConfig,
  type Storage,
} from '@reprise/core';
import { loadProject, type Project } from '../config/load-project.ts';
import { secretsOf } from '../config/secrets-of.ts';
import { keepLogs } from '../logs/keep-logs.ts';
import { configuredStore, type Whereabouts } from '../store/locate-store.ts';
import { fileStore, type StoreAccess } from '../store/store-access.ts';

/** An orchestrator that is made and not started, and the storage under it. stop() closes both. */
export interface Opened {
  readonly orchestrator: Orchestrator;
  readonly storage: Storage;
  readonly access: StoreAccess;
}

/** Everything that the configuration names, ready to drive runs. An `extra` plugin gives way to one of the same name. `loaded`: that configuration, if it is loaded already. */
export async function openProject(
  where: Whereabouts,
  extra: readonly AnyPlugin[] = [],
  loaded?: Project,
): Promise<Opened & { readonly project: Project }> {
  const from = process.cwd();
  const project = loaded ?? (await loadProject(where.config, from));
  const access =
    where.store === undefined ? configuredStore(project, project.plugins) : fileStore(resolve(from, where.store));
  const { config, agents, workflows, plugins } = project;
  const { limits, admission, clock, ids, random, projections } = config;
  const dispatchSecret = secretsOf(project);
  const others = plugins.filter((plugin) => plugin.kind !== 'event-store');
  const parts: RepriseConfig = {
    ...(limits === undefined ? {} : { limits }),
    ...(admission === undefined ? {} : { admission }),
    ...(dispatchSecret === undefined ? {} : { dispatchSecret }),
    ...(clock === undefined ? {} : { clock }),
    ...(ids === undefined ? {} : { ids }),
    ...(random === undefined ? {} : { random }),
    ...(projections === undefined ? {} : { projections }),
    agents,
    workflows: workflows.map(({ workflow }) => workflow),
    plugins: [
      ...others,
      ...extra.filter(({ name }) => others.every((plugin) => plugin.name !== name)),
      ...(await keptViews(access, others)),
      ...(await keepLogs(access, others)),
    ],
  };
  return { ...(await open(access, parts)), project };
}

/** A store that lists no runs by itself has a view of them, which is not to be built anew at each start. */
async function keptViews({ path, views }: StoreAccess, plugins: readonly AnyPlugin[]): Promise<readonly AnyPlugin[]> {
  if (path !== undefined || views === undefined || plugins.some(({ kind }) => kind === 'view-store')) return [];
  const { sqliteViewStore } = await import('@reprise/view-store-sqlite');
  return [sqliteViewStore({ path: views })];
}

/** For commands that only add to a run's history: no agent and no workflow is loaded, and nothing is driven. */
export const openToSteer = (access: StoreAccess): Promise<Opened> => open(access, {});

async function open(access: StoreAccess, parts: RepriseConfig): Promise<Opened> {
  const plugin = await access.plugin();
  let storage: Storage | undefined;
  const observed: Plugin<'event-store'> = {
    ...plugin,
    create: async (context) => {
      storage = await plugin.create(context);
      return storage;
    },
  };
  const orchestrator = await createReprise({ ...parts, plugins: [...(parts.plugins ?? []), observed] });
  if (storage === undefined) throw new Error('the event store was not made'); // createReprise makes it, or throws
  return { orchestrator, storage, access };
}
