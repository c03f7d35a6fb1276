import { roughSize } from '../../shared/json-size.ts';
import type { RunEvent } from './events.ts';

/** What an item takes beside its payload (its task, its place in the lists), as characters: a list of very many small ones is a long turn, too. */
export const ITEM_CHARS = 128;

/** About how many characters of JSON the payload of an event has; what all events have beside it is not counted. */
export function payloadSize(event: RunEvent): number {
  switch (event.type) {
    case 'RunStarted':
      return roughSize(event.input);
    case 'TaskExpanded':
      return roughSize(event.items) + event.items.length * ITEM_CHARS;
    case 'TaskScheduled':
      return event.input === undefined ? 0 : roughSize(event.input);
    case 'TaskCompleted':
    case 'TaskRepeated':
    case 'TaskAdopted':
    case 'RunCompleted':
      return event.output === undefined ? 0 : roughSize(event.output);
    default:
      return 0;
  }
}
