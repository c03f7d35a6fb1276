import type { EventStore, Storage } from '@reprise/core/plugin';

/** What the running test is about. */
export interface StoreUnderTest {
  current(): EventStore;
  /** The store with what is beside it. */
  storage(): Storage;
  /** Closes and opens the current storage; undefined when the factory cannot. */
  readonly reopen: (() => Promise<Storage>) | undefined;
  /** Another handle on what the current storage keeps, closed after the test; undefined when the factory cannot. */
  readonly openSecond: (() => Promise<Storage>) | undefined;
}
