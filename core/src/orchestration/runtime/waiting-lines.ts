/** Those of this process who wait for the same: one at a time looks whether it is there, in the order in which they came. So what comes wakes one, not all. */
export class WaitingLines {
  readonly #lines = new Map<string, Set<() => void>>();

  /** Resolves with what ends the turn, once it is there; undefined when `over` aborts before. A turn that is aborted has ended. */
  turn(name: string, over: AbortSignal): Promise<(() => void) | undefined> {
    if (over.aborted) return Promise.resolve(undefined);
    const line = this.#lines.get(name) ?? new Set();
    this.#lines.set(name, line);
    return new Promise((resolve) => {
      const leave = (): void => {
        if (!line.delete(call)) return;
        over.removeEventListener('abort', giveUp);
        if (line.size === 0) this.#lines.delete(name);
        // To one that has its turn already this says nothing.
        for (const first of line) return first();
      };
      const call = (): void => resolve(leave);
      const giveUp = (): void => {
        leave();
        resolve(undefined);
      };
      line.add(call);
      over.addEventListener('abort', giveUp, { once: true });
      if (line.size === 1) call();
    });
  }
}
