import { didYouMean, EVERYTHING, type Query, type RunReader, runsWhere, withoutMailboxes } from '@reprise/core';
import { loadProject } from '../config/load-project.ts';
import type { Whereabouts } from '../store/locate-store.ts';

const LOOKED_AT = 500;

/**
 * Of a query that no run fits: the workflow that it asks for and that is nowhere, neither in the store nor in the configuration, in words. The
 * project is loaded only when the store has no run of it.
 */
export async function unknownWorkflow(
  reader: RunReader | undefined,
  { terms }: Query,
  where: Whereabouts,
): Promise<{ readonly name: string; readonly problem: string; readonly known: readonly string[] } | undefined> {
  const wanted = terms.flatMap((term) => {
    if (!('field' in term) || term.field !== 'workflow' || term.not === true || !':='.includes(term.operator))
      return [];
    const [one, ...others] = term.values;
    return one !== undefined && others.length === 0 && 'equals' in one ? [String(one.equals)] : [];
  });
  for (const name of wanted) {
    if (reader !== undefined && (await reader.list({ where: runsWhere('workflow', [name]), limit: 1 })).length > 0)
      continue;
    const names = new Set([...(await ofProject(where)), ...(await ofStore(reader))]);
    if (names.has(name)) continue;
    const known = [...names];
    const list = known.length === 0 ? '' : ` (there are ${known.join(', ')})`;
    return { name, problem: `There is no workflow '${name}'${didYouMean(name, known)}${list}.`, known };
  }
  return undefined;
}

const ofStore = async (reader: RunReader | undefined): Promise<readonly string[]> =>
  (await reader?.list({ where: withoutMailboxes(EVERYTHING), limit: LOOKED_AT }))?.map(({ workflow }) => workflow) ??
  [];

async function ofProject({ config }: Whereabouts): Promise<readonly string[]> {
  try {
    return (await loadProject(config, process.cwd())).workflows.map(({ workflow }) => workflow.definition.name);
  } catch {
    return []; // Runs can be listed without a project that loads; commands that need one say so.
  }
}
