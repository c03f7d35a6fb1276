import { after, before, describe, it } from 'mocha';
import { KafkaBroker, lacksKafka, type Special } from './kafka-broker.ts';

const lacking = await lacksKafka();

/** Registers tests that need a broker of their own; where there can be none, one line says why. */
export function withBroker(name: string, register: (broker: () => KafkaBroker) => void, special?: Special): void {
  if (lacking !== undefined) {
    it(`${name}: not checked, because ${lacking}`);
    return;
  }
  describe(name, function () {
    this.timeout(120_000);
    let broker: KafkaBroker | undefined;
    before(async () => {
      broker = await KafkaBroker.open(special);
    });
    after(() => broker?.stop());
    register(() => {
      if (broker === undefined) throw new Error('There is a broker inside a test only.');
      return broker;
    });
  });
}
