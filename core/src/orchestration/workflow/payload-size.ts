import { roughSize } from '../../shared/json-size.ts';
import type { RunEvent } from './events.ts';
import { sizeOfAdded } from './transitions/hold.ts';

/** About how many characters of JSON the payload of an event has; what all events have beside it is not counted. */
export function payloadSize(event: RunEvent): number {
  switch (event.type) {
    case 'RunStarted':
      return roughSize(event.input);
    case 'TaskExpanded':
      return roughSize(event.items);
    case 'TaskScheduled':
    case 'TaskEntered':
      return event.input === undefined ? 0 : roughSize(event.input);
    case 'TaskCompleted':
    case 'TaskRepeated':
    case 'TaskAttemptCompleted':
    case 'TaskAdopted':
    case 'RunCompleted':
      return event.output === undefined ? 0 : roughSize(event.output);
    case 'TasksReset':
      return roughSize(event.feedback);
    case 'TasksAdded':
      return sizeOfAdded(event.tasks);
    case 'SignalReceived':
      return roughSize(event.data);
    default:
      return 0;
  }
}

/** What an event, and an item, take of a turn beside their payload, as characters: very many small ones are a long turn, too. */
const EVENT_CHARS = 1024;
export const ITEM_CHARS = 128;

/** What an event takes of a turn, in characters: slices are cut by it. */
export const turnCost = (event: RunEvent): number =>
  EVENT_CHARS + payloadSize(event) + (event.type === 'TaskExpanded' ? event.items.length * ITEM_CHARS : 0);
