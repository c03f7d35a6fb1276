import { type FSWatcher, watch } from 'node:fs';
import { type ScheduledCall, systemClock } from '@reprise/core';
import { changedFiles, type Scan, scan, type WatchedPlaces } from './watched-files.ts';

/** Quiet for so long after the last sign of a change, in ms: editors and tools save several files, and each in several steps. */
const QUIET_MS = 100;
/** A burst that does not end is taken as it is after this long, in ms. */
const LONGEST_BURST_MS = 1000;
/** Where the system gives no sign (some mounts), or too late for a new folder, it is looked this often, in ms. */
const LOOK_MS = 2000;

/**
 * Says which files of a project have changed: by looking at all of them, which is right whatever an editor does (rename, truncate, delete and
 * make anew), as soon as the system gives any sign that something happened in a folder, and now and then without one.
 *
 *   quiet ──sign──► burst ──quiet for QUIET_MS──► look ──► quiet, and `changed` when something has
 */
export class FileWatch {
  readonly #changed: (files: readonly string[]) => void;
  readonly #watchers = new Map<string, FSWatcher>();
  #places: WatchedPlaces;
  #last: Scan;
  #burst: { readonly since: number; call: ScheduledCall } | undefined;
  #look: ScheduledCall;

  constructor(places: WatchedPlaces, changed: (files: readonly string[]) => void) {
    this.#places = places;
    this.#changed = changed;
    this.#last = scan(places);
    this.#follow();
    this.#look = this.#later();
  }

  get last(): Scan {
    return this.#last;
  }

  /** Watches other places from now on. What is watched only then has not changed by that. */
  move(places: WatchedPlaces): void {
    this.#places = places;
    const before = this.#last.files;
    const { files, ...rest } = scan(places);
    this.#last = { ...rest, files: new Map([...files].map(([path, mark]) => [path, before.get(path) ?? mark])) };
    this.#follow();
  }

  /** Looks now. */
  look(): void {
    this.#burst?.call.cancel();
    this.#burst = undefined;
    const now = scan(this.#places);
    const files = changedFiles(this.#last, now);
    this.#last = now;
    this.#follow();
    if (files.length > 0) this.#changed(files);
  }

  close(): void {
    this.#burst?.call.cancel();
    this.#look.cancel();
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #later(): ScheduledCall {
    return systemClock.schedule(LOOK_MS, () => {
      this.#look = this.#later();
      // Through the burst: what is being written is not to be read half.
      if (this.#burst === undefined && changedFiles(this.#last, scan(this.#places)).length > 0) this.#sign();
    });
  }

  #sign(): void {
    const now = systemClock.now();
    const since = this.#burst?.since ?? now;
    this.#burst?.call.cancel();
    const wait = Math.max(0, Math.min(QUIET_MS, since + LONGEST_BURST_MS - now));
    this.#burst = { since, call: systemClock.schedule(wait, () => this.look()) };
  }

  /** One watcher for each folder. That of one that is gone is closed. */
  #follow(): void {
    const { folders, files } = this.#last;
    const wanted = new Set([...folders, ...[...files.keys()].filter((file) => this.#places.more.includes(file))]);
    for (const [path, watcher] of this.#watchers) {
      if (wanted.has(path)) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
    for (const path of wanted) if (!this.#watchers.has(path)) this.#watch(path);
  }

  #watch(path: string): void {
    try {
      const watcher = watch(path, { persistent: false }, () => this.#sign());
      this.#watchers.set(path, watcher);
      // Gone, or made anew under its name: the next look says which.
      watcher.on('error', () => {
        watcher.close();
        this.#watchers.delete(path);
      });
    } catch {
      // No more watchers are to be had, or it is gone: what is not watched is looked at.
    }
  }
}
