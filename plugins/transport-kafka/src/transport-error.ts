import { RepriseError } from '@reprise/core/plugin';

/** What was at the bottom of an error of a client of Kafka. */
export interface Fault {
  /** As the protocol calls it: TOPIC_AUTHORIZATION_FAILED; '' where it did not come from a broker. */
  readonly type: string;
  readonly message: string;
  /** The client itself says that it was not let in. */
  readonly isDenied: boolean;
}

const DENIED = /AUTHORIZATION_FAILED|AUTHENTICATION_FAILED|ILLEGAL_SASL_STATE|UNSUPPORTED_SASL_MECHANISM/;
const REFUSED =
  /^(MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE|INVALID_TOPIC_EXCEPTION|INVALID_REPLICATION_FACTOR|INVALID_PARTITIONS|INVALID_CONFIG|POLICY_VIOLATION|UNKNOWN_TOPIC_OR_PARTITION|INVALID_GROUP_ID|INVALID_SESSION_TIMEOUT|INCONSISTENT_GROUP_PROTOCOL)$/;
const LOST_SEQUENCE =
  /^(OUT_OF_ORDER_SEQUENCE_NUMBER|UNKNOWN_PRODUCER_ID|INVALID_PRODUCER_EPOCH|INVALID_PRODUCER_ID_MAPPING|PRODUCER_FENCED)$/;

export const isDenial = (type: string): boolean => DENIED.test(type);

export const isLostSequence = ({ type }: Fault): boolean => LOST_SEQUENCE.test(type);

/** `what` was being done: "publish to …". Nothing of the options but the brokers is in it, so no secret is. */
export function transportError(fault: Fault, what: string, brokers: readonly string[]): RepriseError {
  const { type, message, isDenied } = fault;
  const where = `Kafka (${brokers.join(', ')})`;
  const saying = `${message}${/[.!?]$/.test(message) ? '' : '.'}`;
  if (isDenied || isDenial(type))
    return new RepriseError('REPRISE_TRANSPORT_DENIED', `${where} did not let this process ${what}: ${saying}`);
  if (REFUSED.test(type))
    return new RepriseError('REPRISE_TRANSPORT_REFUSED', `${where} refused to ${what}: ${saying}`);
  return new RepriseError('REPRISE_TRANSPORT_UNAVAILABLE', `${where} could not be reached to ${what}: ${saying}`);
}

export const missingTopic = (topic: string): RepriseError =>
  new RepriseError(
    'REPRISE_TRANSPORT_REFUSED',
    `The topic ${topic} is not there, and createTopics is false. Make it, or let it be made.`,
  );
