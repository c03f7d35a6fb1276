import type { KafkaDriver } from './driver.ts';
import { kafkajsDriver } from './kafkajs/kafkajs-driver.ts';
import type { ResolvedOptions } from './options.ts';
import { platformaticDriver } from './platformatic/platformatic-driver.ts';

/** Nothing is connected. Throws REPRISE_CONFIG_INVALID where the driver that was chosen cannot be had. */
export const driverOf = (options: ResolvedOptions): KafkaDriver =>
  options.driver === 'platformatic' ? platformaticDriver(options) : kafkajsDriver(options);
