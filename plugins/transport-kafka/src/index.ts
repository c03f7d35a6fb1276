export type { KafkaOptions, SaslOptions, TlsOptions } from './options.ts';
export { createKafkaTransport, kafkaTransport } from './plugin.ts';
