import { createPart, RepriseError, systemClock, systemIds, systemRandom } from '@reprise/core';
import type { Terminal } from '../../output/terminal.ts';
import { plain } from '../../output/text.ts';
import { locateStore, type Whereabouts } from '../locate-store.ts';
import { noRunsYet } from '../with-reader.ts';
import { bytesText } from './bytes-text.ts';
import { ability } from './can-do.ts';

/** Gives back what is free in the store, while nobody drives it: it is owned meanwhile. */
export async function compactStore(where: Whereabouts, { out, json }: Terminal): Promise<void> {
  const access = await locateStore(where, process.cwd());
  if (access.exists === false) throw noRunsYet(access);
  const context = { clock: systemClock, ids: systemIds, random: systemRandom };
  const storage = await createPart(await access.plugin(), context);
  try {
    const compact = ability(storage, 'compact', access);
    await storage.ownership?.start();
    if (storage.ownership?.owns('any') === false)
      throw new RepriseError('REPRISE_STORE_DRIVEN', 'A process drives the runs of this store: stop it first.');
    const before = (await storage.stats?.())?.bytes;
    await compact();
    const after = (await storage.stats?.())?.bytes;
    if (json) return await out.json({ store: access.where, bytesBefore: before ?? null, bytes: after ?? null });
    const sizes =
      before === undefined || after === undefined ? '' : `: ${bytesText(before)} before, ${bytesText(after)} now`;
    await out.line(`${plain(access.where)} is compact${sizes}.`);
  } finally {
    await storage.events.close();
  }
}
