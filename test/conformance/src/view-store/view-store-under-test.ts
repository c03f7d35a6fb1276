import type { ViewStore } from '@reprise/core/plugin';

/** The store of the running test. */
export interface ViewStoreUnderTest {
  current(): ViewStore;
  readonly reopen: (() => Promise<ViewStore>) | undefined;
  readonly openSecond: (() => Promise<ViewStore>) | undefined;
}
