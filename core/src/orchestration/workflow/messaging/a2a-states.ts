import type { Performative } from '../../../shared/performatives.ts';
import type { OpenStage, Stage } from './protocols.ts';

/** Task states of A2A 1.0 (https://a2a-protocol.org), by their names without `TASK_STATE_`. */
export type A2AState =
  | 'SUBMITTED'
  | 'WORKING'
  | 'INPUT_REQUIRED'
  | 'AUTH_REQUIRED'
  | 'COMPLETED'
  | 'FAILED'
  | 'REJECTED'
  | 'CANCELED';

const STATES: Readonly<Record<Stage, A2AState>> = {
  asked: 'SUBMITTED',
  agreed: 'WORKING',
  'more-needed': 'INPUT_REQUIRED',
  // A call for proposals has no counterpart: each participant is a task that needs the initiator's word.
  proposed: 'INPUT_REQUIRED',
  accepted: 'WORKING',
  subscribed: 'WORKING',
  cancelling: 'WORKING',
  done: 'COMPLETED',
  failed: 'FAILED',
  refused: 'REJECTED',
  rejected: 'REJECTED',
  'not-understood': 'REJECTED',
  cancelled: 'CANCELED',
};

/** A question back whose `type` is this asks for credentials. */
export const AUTH = 'auth';

/** The state of the A2A task that a conversation is. `type`: of the message that asked back. */
export const toA2A = (stage: Stage, type?: string): A2AState =>
  stage === 'more-needed' && type === AUTH ? 'AUTH_REQUIRED' : STATES[stage];

const SAID: Readonly<Record<A2AState, Performative>> = {
  SUBMITTED: 'request',
  WORKING: 'agree',
  INPUT_REQUIRED: 'query',
  AUTH_REQUIRED: 'query',
  COMPLETED: 'inform',
  FAILED: 'failure',
  REJECTED: 'refuse',
  // Its answer to a cancellation.
  CANCELED: 'inform',
};

/** What the participant says in a request at `stage` when its A2A task has come to that state; undefined: nothing, as it has said so. */
export function fromA2A(state: A2AState, stage: OpenStage): Performative | undefined {
  if (state === 'WORKING' && stage === 'agreed') return undefined;
  const isAsked = stage === 'asked' || stage === 'cancelling';
  return (state === 'REJECTED' && !isAsked) || (state === 'CANCELED' && stage !== 'cancelling')
    ? 'failure'
    : SAID[state];
}
