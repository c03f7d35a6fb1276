import { RepriseError, systemClock } from '@reprise/core';

/** Milliseconds that what loads code of others may take. Connecting belongs to a start, not to loading. */
const LOAD_MS = 30_000;

const underWay = new Map<symbol, string>();

/** Runs what loads code of others, under a name for loadingNow(). Rejects with REPRISE_PLUGIN_INVALID when that takes too long. */
export async function whileLoading<Value>(
  what: string,
  load: () => Promise<Value>,
  limitMs: number = LOAD_MS,
): Promise<Value> {
  const key = Symbol(what);
  underWay.set(key, what);
  const late = Promise.withResolvers<never>();
  // Where nothing else is left to do, the process ends before.
  const limit = systemClock.schedule(limitMs, () => {
    late.reject(
      new RepriseError('REPRISE_PLUGIN_INVALID', `Still loading after ${limitMs / 1000} s: ${what}.`, {
        fix: 'Look for what it waits for while it is loaded; what connects belongs into create().',
      }),
    );
  });
  const loaded = load();
  loaded.catch(() => undefined);
  try {
    return await Promise.race([loaded, late.promise]);
  } finally {
    limit.cancel();
    underWay.delete(key);
  }
}

/** Runs what loads code of others, under a name for loadingNow(), however long it takes. */
export async function named<Value>(what: string, load: () => Promise<Value>): Promise<Value> {
  const key = Symbol(what);
  underWay.set(key, what);
  try {
    return await load();
  } finally {
    underWay.delete(key);
  }
}

/** What is being loaded at this moment: where the process ends now, one of these has ended it. */
export const loadingNow = (): readonly string[] => [...new Set(underWay.values())];
