import { RepriseError, type Storage } from '@reprise/core';
import type { StoreAccess } from '../store-access.ts';

/** What not every store can do. */
type Ability = 'stats' | 'backup' | 'compact' | 'remove';

/** The ability of a store. Throws REPRISE_STORE_UNAVAILABLE when it does not have it. */
export function ability<Name extends Ability>(
  storage: Storage,
  name: Name,
  { where }: StoreAccess,
): NonNullable<Storage[Name]> {
  const found = storage[name];
  if (found !== undefined) return found as NonNullable<Storage[Name]>;
  throw cannot(name, where);
}

export const cannot = (name: string, where: string): RepriseError =>
  new RepriseError('REPRISE_STORE_UNAVAILABLE', `The store (${where}) has no way to do this by itself: ${name}.`, {
    retryable: false,
    fix: 'Use the tools of that store; `reprise store copy` copies histories from any store to another.',
  });
