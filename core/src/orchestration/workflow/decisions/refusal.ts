import type { ErrorCode } from '../../../shared/error-codes.ts';
import { type ErrorData, errorData } from '../../../shared/errors.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { RunEvent } from '../events.ts';

/** Why something that a person, a program or an agent asks for is refused. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  /** Facts for programs. */
  readonly details?: JsonObject;
}

export const problem = (code: ErrorCode, message: string): Refusal => ({ code, message });

/** The same as the error of a task. */
export const asError = ({ code, message, details }: Refusal): ErrorData => ({
  ...errorData(code, message),
  ...(details === undefined ? {} : { details }),
});

/** What comes of it: events, or a refusal of all of it. */
export type Answer = readonly RunEvent[] | Refusal;

export const isRefusal = (answer: Answer): answer is Refusal => 'code' in answer;
