import type { Fault } from '../transport-error.ts';

interface KafkaError {
  readonly name?: string;
  readonly message?: string;
  readonly type?: string;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

/** What is at the bottom of an error that wraps others. */
function rootOf(error: unknown): KafkaError {
  const { cause, errors } = (error ?? {}) as KafkaError;
  const inner = errors?.[0] ?? cause;
  return inner instanceof Error ? rootOf(inner) : ((error ?? {}) as KafkaError);
}

export function faultOf(error: unknown): Fault {
  const { name, type = '', message = String(error) } = rootOf(error);
  return { type, message, isDenied: name === 'KafkaJSSASLAuthenticationError' };
}
