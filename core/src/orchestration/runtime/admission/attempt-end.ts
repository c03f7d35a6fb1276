import { isOutcomeUnknown } from '../../task-chaining/failure.ts';
import type { RunEvent, TaskAttemptFailed } from '../../workflow/events.ts';
import type { AttemptEnd } from './breaker.ts';

/** How an event says that an attempt at an agent ended; undefined when it was ended by something else, as a cancellation. */
export function attemptEnd(event: RunEvent): AttemptEnd | undefined {
  const { at } = event;
  switch (event.type) {
    case 'TaskAttemptFailed':
      return { at, error: event.error, agent: saidBy(event) };
    case 'TaskCompleted':
    case 'TaskRepeated':
      return event.via === undefined || event.via === 'agent' ? { at, agent: 'well' } : undefined;
    case 'TasksReset':
      return event.via === undefined ? { at, agent: 'well' } : undefined;
    case 'TaskAttemptCompleted':
      return { at, agent: 'well' };
    case 'TaskHandedOff':
      return event.decidedBy === undefined && event.budget === undefined ? { at, agent: 'well' } : undefined;
    default:
      return undefined;
  }
}

function saidBy({ error, lost }: TaskAttemptFailed): AttemptEnd['agent'] {
  if (lost === true || error.retryable) return 'ill';
  // The time of its task was up, say. Any other error is an answer.
  return isOutcomeUnknown(error) ? 'unknown' : 'well';
}
