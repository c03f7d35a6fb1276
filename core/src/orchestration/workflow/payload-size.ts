import type { Json } from '../../shared/json.ts';
import { roughSize } from '../../shared/json-size.ts';
import type { RunEvent } from './events.ts';
import { sourceSize } from './sources/source.ts';
import { sizeOfAdded } from './transitions/hold.ts';

/** About how many characters of JSON the payload of an event has; what all events have beside it is not counted. */
export function payloadSize(event: RunEvent): number {
  switch (event.type) {
    case 'RunStarted':
      return recordedSize(event.inputFrom === undefined ? event.input : undefined, event.inputFrom);
    case 'TaskExpanded':
      return recordedSize(event.items as Json | undefined, event.source);
    case 'TaskScheduled':
    case 'TaskEntered':
      return recordedSize(event.input, event.source);
    case 'TaskCompleted':
      return recordedSize(event.output, undefined) + recordedSize(event.ends, undefined);
    case 'TaskRepeated':
    case 'TaskAttemptCompleted':
    case 'TaskAdopted':
    case 'RunCompleted':
    case 'TaskClosing':
      return event.output === undefined ? 0 : roughSize(event.output);
    case 'TaskHandedOff':
      return recordedSize(event.input, undefined) + recordedSize(event.output, undefined);
    case 'TasksReset':
      return roughSize(event.feedback);
    case 'ItemsAdded':
      return roughSize(event.items as Json);
    case 'TasksAdded':
      return sizeOfAdded(event.tasks);
    case 'MessageSent':
      return roughSize(event.data) + (event.recipients === undefined ? 0 : roughSize([...event.recipients]));
    case 'DecisionMade':
      return recordedSize(event.output, undefined) + roughSize(event.ledger?.changes as unknown as Json | undefined);
    case 'SignalReceived':
    case 'MessageReceived':
    case 'DeadLetterEdited':
      return roughSize(event.data);
    default:
      return 0;
  }
}

/** A reference has its own size, not that of what it means. */
const recordedSize = (value: Json | undefined, source: Parameters<typeof sourceSize>[0] | undefined): number =>
  value !== undefined ? roughSize(value) : source === undefined ? 0 : sourceSize(source);

/** What an event, and an item, take of a turn beside their payload, as characters: very many small ones are a long turn, too. */
const EVENT_CHARS = 1024;
export const ITEM_CHARS = 128;

/** What an event takes of a turn, in characters: slices are cut by it. */
export const turnCost = (event: RunEvent): number =>
  EVENT_CHARS + payloadSize(event) + (event.type === 'TaskExpanded' ? (event.items?.length ?? 0) * ITEM_CHARS : 0);
