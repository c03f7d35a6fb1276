export type { DriverName, KafkaOptions, SaslOptions, TlsOptions } from './options.ts';
export { createKafkaTransport, kafkaTransport } from './plugin.ts';
