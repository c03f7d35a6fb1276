import { systemClock } from '@reprise/core/plugin';
import { lookFor, type WatchedFile, watched } from './file-identity.ts';
import type { StoreFault } from './store-fault.ts';

/**
 * Looks every `intervalMs` whether the paths of an open store still name the files that were opened, also while nothing is read or
 * written. Does not keep the process alive.
 *
 *   looking ──one is gone or replaced──► stopped (onLost is called)
 *      └──stop()──► stopped
 */
export class FileGuard {
  readonly #intervalMs: number;
  readonly #onLost: (fault: StoreFault) => void;
  #files: readonly WatchedFile[] = [];
  #owner: WatchedFile | undefined;
  #looping = false;
  #stopped = false;

  constructor(intervalMs: number, onLost: (fault: StoreFault) => void) {
    this.#intervalMs = intervalMs;
    this.#onLost = onLost;
  }

  watch(files: readonly WatchedFile[]): void {
    this.#files = files;
    if (!this.#looping && !this.#stopped) void this.#loop();
  }

  /** Watches what the path names now. */
  watchPath(path: string): void {
    const file = watched(path);
    if (file !== undefined) this.watch([file]);
  }

  /** The lock file of the owner, as long as there is one. */
  watchOwner(file: WatchedFile | undefined): void {
    this.#owner = file;
  }

  look(): void {
    if (this.#stopped) return;
    const fault = lookFor(this.#owner === undefined ? this.#files : [...this.#files, this.#owner]);
    if (fault?.code !== 'REPRISE_STORE_REPLACED') return; // what cannot be seen now is looked for again
    this.#stopped = true;
    this.#onLost(fault);
  }

  stop(): void {
    this.#stopped = true;
  }

  async #loop(): Promise<void> {
    this.#looping = true;
    while (!this.#stopped) {
      await new Promise<void>((resolve) => systemClock.schedule(this.#intervalMs, resolve));
      this.look();
    }
    this.#looping = false;
  }
}
