import type { RunState } from '../workflow/state.ts';
import { mutexOf } from '../workflow/transitions/mutex.ts';

/** A mutex as all runs name it: the workflow is part of it, or the tenant is. */
export function globalName({ definition, tenant }: Pick<RunState, 'definition' | 'tenant'>, name: string): string {
  const { key, across } = mutexOf(name);
  return JSON.stringify([across, across === 'workflow' ? definition.name : (tenant ?? null), key]);
}
