import { definePlugin, type Plugin, systemClock, systemIds, type Transport } from '@reprise/core/plugin';
import { driverOf } from './drivers.ts';
import { KafkaTransport, type Surroundings } from './kafka-transport.ts';
import { type KafkaOptions, resolveOptions } from './options.ts';

/** The transport alone, without an orchestrator. Nothing is connected before start(). Throws REPRISE_CONFIG_INVALID. */
export function createKafkaTransport(
  options: KafkaOptions,
  surroundings: Surroundings = { clock: systemClock, ids: systemIds },
): Transport {
  const resolved = resolveOptions(options);
  return new KafkaTransport(driverOf(resolved), resolved, surroundings);
}

/** Messages go over Kafka. Throws REPRISE_CONFIG_INVALID at once when an option is wrong. */
export function kafkaTransport(options: KafkaOptions): Plugin<'transport'> {
  resolveOptions(options);
  return definePlugin({
    name: 'kafka',
    kind: 'transport',
    create: (context) => createKafkaTransport(options, context),
  });
}
