import type { ErrorCode } from '../../../shared/error-codes.ts';
import type { RunEvent } from '../events.ts';

/** Why something that a person, a program or an agent asks for is refused. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}

export const problem = (code: ErrorCode, message: string): Refusal => ({ code, message });

/** What comes of it: events, or a refusal of all of it. */
export type Answer = readonly RunEvent[] | Refusal;

export const isRefusal = (answer: Answer): answer is Refusal => 'code' in answer;
