import { isRepriseError, RepriseError } from '../../shared/errors.ts';
import type { RunReader } from '../reading/run-reader.ts';
import type { StartRunOptions } from './run-starts.ts';

/** Names that are tried, for a run that is to have one of its own. */
const TRIES = 1000;

/**
 * Starts a run, and does what `onConflict` says where there is one of that id: see StartRunOptions. `begin` starts one (default: under the id that was given),
 * and says which; it rejects with REPRISE_RUN_EXISTS. Returns the id of the run that there is now.
 */
export async function startUnderId(
  runs: RunReader,
  {
    workflow,
    id,
    requestId,
    onConflict = 'reject',
  }: Pick<StartRunOptions, 'id' | 'requestId' | 'onConflict'> & { readonly workflow: string },
  begin: (id?: string) => Promise<string>,
): Promise<string> {
  if (!POLICIES.includes(onConflict))
    throw new RepriseError(
      'REPRISE_CONFIG_INVALID',
      `onConflict is ${JSON.stringify(onConflict)}, not one of ${POLICIES.join(', ')}.`,
    );
  if (id === undefined || onConflict === 'reject') return begin();
  if (onConflict === 'existing') {
    // A start that is refused is on record in the run that has the id: so it is looked for first.
    if (await isOf(runs, id, workflow)) return id;
    return begin().catch(async (error: unknown) => {
      if (isRepriseError(error, 'REPRISE_RUN_EXISTS') && (await isOf(runs, id, workflow))) return id;
      throw error;
    });
  }
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? id : `${id}-${n}`;
    // The same request may have begun any of them.
    if (requestId === undefined && (await exists(runs, name))) {
      if (n < TRIES) continue;
      throw new RepriseError('REPRISE_RUN_EXISTS', `There are runs '${id}' to '${name}' already.`);
    }
    try {
      return await begin(name);
    } catch (error) {
      // Somebody else was first.
      if (!isRepriseError(error, 'REPRISE_RUN_EXISTS') || n >= TRIES) throw error;
    }
  }
}

const POLICIES = ['reject', 'existing', 'new'];

const exists = (runs: RunReader, id: string): Promise<boolean> => isOf(runs, id, undefined);

/** Whether there is a run of that id, and of that workflow. */
async function isOf(runs: RunReader, id: string, workflow: string | undefined): Promise<boolean> {
  try {
    const { name } = await runs.definition(id);
    return workflow === undefined || name === workflow;
  } catch (error) {
    if (isRepriseError(error, 'REPRISE_RUN_NOT_FOUND')) return false;
    throw error;
  }
}
