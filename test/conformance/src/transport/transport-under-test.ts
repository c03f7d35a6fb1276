import type { Transport } from '@reprise/core/plugin';

/** The transport of the running test. */
export interface TransportUnderTest {
  /** Started. */
  current(): Transport;
  /** Another one, which is not. Taken down with the test. */
  unstarted(): Promise<Transport>;
}
