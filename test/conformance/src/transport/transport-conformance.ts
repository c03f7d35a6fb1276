import type { Transport } from '@reprise/core/plugin';
import { afterEach, beforeEach, describe } from 'mocha';
import { bePatient } from '../patience.ts';
import { backPressureSuite } from './back-pressure-suite.ts';
import { broadcastSuite } from './broadcast-suite.ts';
import { closeSuite } from './close-suite.ts';
import { deliverySuite } from './delivery-suite.ts';
import { groupSuite } from './group-suite.ts';
import { heldSuite } from './held-suite.ts';
import { orderSuite } from './order-suite.ts';
import { propertySuite } from './property-suite.ts';
import { stopSuite } from './stop-suite.ts';
import type { TransportUnderTest } from './transport-under-test.ts';

export interface TransportFactory {
  /** A transport that is not started yet. Called before every test, at times twice. */
  create(): Promise<Transport>;
  /** Called after every test; the transport may be stopped already. Default: stop(). */
  destroy?(transport: Transport): Promise<void>;
  /** How long one test may take, in ms. Default 30,000, whatever the runner's own limit is. */
  readonly timeoutMs?: number;
}

/**
 * Registers a mocha suite that checks a transport against the whole contract of the port. Channels and groups have new names in
 * every test. Duplicates are allowed everywhere, because at-least-once is what is promised.
 */
export function transportConformance(name: string, factory: TransportFactory): void {
  describe(`transport conformance: ${name}`, function () {
    bePatient(this, factory.timeoutMs);
    let started: Transport | undefined;
    const made: Transport[] = [];
    const create = async (): Promise<Transport> => {
      const transport = await factory.create();
      made.push(transport);
      return transport;
    };
    const under: TransportUnderTest = {
      current: () => {
        if (started === undefined) throw new Error('There is a transport inside a test only.');
        return started;
      },
      unstarted: create,
    };

    beforeEach(async () => {
      started = await create();
      await started.start();
    });
    afterEach(async () => {
      started = undefined;
      for (const transport of made.splice(0)) {
        if (factory.destroy === undefined) await transport.stop();
        else await factory.destroy(transport);
      }
    });

    groupSuite(under);
    deliverySuite(under);
    orderSuite(under);
    backPressureSuite(under);
    closeSuite(under);
    broadcastSuite(under);
    stopSuite(under);
    propertySuite(under);
    heldSuite(under);
  });
}
