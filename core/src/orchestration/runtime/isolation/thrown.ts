import { ERROR_CODES, type ErrorCode } from '../../../shared/error-codes.ts';
import { type ErrorData, isMistake, RepriseError, stackOf, toErrorData } from '../../../shared/errors.ts';
import type { Thrown } from './protocol.ts';

/** Any thrown value, as it goes to the other side. */
export function thrownOf(value: unknown): Thrown {
  const error = toErrorData(value, 'REPRISE_AGENT_FAILED');
  const stack = stackOf(value);
  const uncoded = error.code === 'REPRISE_AGENT_FAILED' && isMistake(value);
  return { error, ...(uncoded ? { uncoded } : {}), ...(stack === undefined ? {} : { stack }) };
}

/** An error that says of itself what the thrown value did. */
export function errorOf({ error, uncoded, stack }: Thrown): Error {
  const { code, message, ...more } = error;
  const made = Object.assign(new Error(message), uncoded === true ? more : { ...more, code });
  // That of here says nothing of the agent.
  Object.defineProperty(made, 'stack', { value: stack, configurable: true, writable: true });
  return made;
}

/** What a call was answered with: an error of ours, or what a function of the agent threw. */
export const refusalOf = (thrown: Thrown): Error =>
  thrown.uncoded !== true && Object.hasOwn(ERROR_CODES, thrown.error.code)
    ? codedError(thrown.error, 'REPRISE_MESSAGE_INVALID')
    : errorOf(thrown);

/** A coded error of ours, on the other side. */
export function codedError({ code, message, retryable, details }: ErrorData, otherwise: ErrorCode): RepriseError {
  const known = Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : otherwise;
  return new RepriseError(known, message, { retryable, ...(details === undefined ? {} : { details }) });
}
