import type { Refusal } from '../workflow/decisions/refusal.ts';
import { type BinaryMessage, noJson, unpacked } from './binary-mode.ts';
import type { Envelope } from './envelope.ts';
import { readMessage } from './read-message.ts';

/** As readMessage(). */
export function fromBinary(message: Omit<BinaryMessage, 'key'>): Envelope | Refusal {
  const attributes = unpacked(message);
  return attributes === undefined ? noJson() : readMessage(attributes);
}
