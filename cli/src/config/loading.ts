const underWay = new Map<symbol, string>();

/** Runs what loads code of others, under a name for loadingNow(). */
export async function whileLoading<Value>(what: string, load: () => Promise<Value>): Promise<Value> {
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
