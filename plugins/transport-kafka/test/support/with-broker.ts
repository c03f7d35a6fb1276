import { after, before, describe, it } from 'mocha';
import { KafkaBroker, lacksKafka, type Special } from './kafka-broker.ts';

const isWanted = process.env['REPRISE_TEST_SERVICES'] !== undefined;
const lacking = isWanted ? await lacksKafka() : 'only npm run test:services starts one';

const DRIVERS = ['kafkajs', 'platformatic'] as const;
export type Driver = (typeof DRIVERS)[number];

/** The same tests with each driver, and a broker of its own. */
export function withEachDriver(
  name: string,
  register: (broker: () => KafkaBroker, driver: Driver) => void,
  special?: Special,
): void {
  for (const driver of DRIVERS) withBroker(`${name} (${driver})`, (broker) => register(broker, driver), special);
}

/** Registers tests that need a broker of their own; where there can be none, one line says why. CI has to have one. */
export function withBroker(name: string, register: (broker: () => KafkaBroker) => void, special?: Special): void {
  if (lacking !== undefined) {
    const title = `${name}: not checked, because ${lacking}`;
    if (isWanted && process.env['CI'] === 'true')
      it(title, () => {
        throw new Error(`CI=true, and ${lacking}.`);
      });
    else it(title);
    return;
  }
  describe(name, function () {
    this.timeout(120_000);
    let broker: KafkaBroker | undefined;
    before(async () => {
      broker = await KafkaBroker.open(special === undefined ? {} : { special });
    });
    after(() => broker?.stop());
    register(() => {
      if (broker === undefined) throw new Error('There is a broker inside a test only.');
      return broker;
    });
  });
}
