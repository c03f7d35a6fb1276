import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Storage } from '@reprise/core';
import { createSqliteStorage } from '@reprise/event-store-sqlite';

/** Stores in files of SQLite, each new and in a folder of its own; deleted together. */
export class SqliteFiles {
  readonly #folder = mkdtempSync(join(tmpdir(), 'reprise-simulated-'));
  #count = 0;

  open(): Promise<Storage> {
    this.#count += 1;
    return createSqliteStorage({ path: join(this.#folder, String(this.#count), 'store.db') });
  }

  delete(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
