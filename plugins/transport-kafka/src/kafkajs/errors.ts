import { RepriseError } from '@reprise/core/plugin';

interface KafkaError {
  readonly name?: string;
  readonly message?: string;
  readonly type?: string;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

const DENIED = /AUTHORIZATION_FAILED|AUTHENTICATION_FAILED|ILLEGAL_SASL_STATE|UNSUPPORTED_SASL_MECHANISM/;
const REFUSED =
  /^(MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE|INVALID_TOPIC_EXCEPTION|INVALID_REPLICATION_FACTOR|INVALID_PARTITIONS|INVALID_CONFIG|POLICY_VIOLATION|UNKNOWN_TOPIC_OR_PARTITION|INVALID_GROUP_ID|INVALID_SESSION_TIMEOUT|INCONSISTENT_GROUP_PROTOCOL)$/;

/** What is at the bottom of an error that wraps others. */
export function rootOf(error: unknown): KafkaError {
  const { cause, errors } = (error ?? {}) as KafkaError;
  const inner = errors?.[0] ?? cause;
  return inner instanceof Error ? rootOf(inner) : ((error ?? {}) as KafkaError);
}

/** `what` was being done: "publish to …". Nothing of the options but the brokers is in it, so no secret is. */
export function transportError(error: unknown, what: string, brokers: readonly string[]): RepriseError {
  if (error instanceof RepriseError) return error;
  const { name = '', type = '', message = String(error) } = rootOf(error);
  const where = `Kafka (${brokers.join(', ')})`;
  const saying = `${message}${/[.!?]$/.test(message) ? '' : '.'}`;
  if (DENIED.test(type) || name === 'KafkaJSSASLAuthenticationError')
    return new RepriseError('REPRISE_TRANSPORT_DENIED', `${where} did not let this process ${what}: ${saying}`);
  if (REFUSED.test(type))
    return new RepriseError('REPRISE_TRANSPORT_REFUSED', `${where} refused to ${what}: ${saying}`);
  return new RepriseError('REPRISE_TRANSPORT_UNAVAILABLE', `${where} could not be reached to ${what}: ${saying}`);
}

const LOST_SEQUENCE =
  /^(OUT_OF_ORDER_SEQUENCE_NUMBER|UNKNOWN_PRODUCER_ID|INVALID_PRODUCER_EPOCH|INVALID_PRODUCER_ID_MAPPING|PRODUCER_FENCED)$/;

export const hasLostSequence = (error: unknown): boolean => LOST_SEQUENCE.test(rootOf(error).type ?? '');
