import type { EventStore } from '@reprise/core/plugin';

/** The store of the running test. */
export interface StoreUnderTest {
  current(): EventStore;
  /** Closes and opens the current store; undefined when the factory cannot. */
  readonly reopen: (() => Promise<EventStore>) | undefined;
  /** Another handle on what the current store keeps, closed after the test; undefined when the factory cannot. */
  readonly openSecond: (() => Promise<EventStore>) | undefined;
}
