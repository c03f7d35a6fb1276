import { systemClock, systemIds, systemRandom } from '@reprise/core';
import type { StoreAccess } from './store-access.ts';

/** Whether a process drives the runs of the store now; undefined for a store that does not say. Asks for the driving and gives it back at once. */
export async function isDriven(access: StoreAccess): Promise<boolean | undefined> {
  const plugin = await access.plugin();
  const { events, ownership } = await plugin.create({ clock: systemClock, ids: systemIds, random: systemRandom });
  try {
    if (ownership === undefined) return undefined;
    const release = await ownership.acquire();
    await release?.();
    return release === undefined;
  } finally {
    await events.close();
  }
}
