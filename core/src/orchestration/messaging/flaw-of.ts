import { DATA_SHAPES } from './data-shapes.ts';
import type { Envelope } from './envelope.ts';
import type { MessageType } from './message-types.ts';

/** What is wrong with a message that came from another process, to whoever expects one of these types; undefined when its data is what its type says. */
export function flawOf({ type, data }: Envelope, ...expected: readonly MessageType[]): string | undefined {
  const kind = expected.find((one) => type === `reprise.${one}`);
  if (kind === undefined) return `its type is ${JSON.stringify(type.slice(0, 64))}`;
  const flaw = DATA_SHAPES[kind](data, 'data');
  return flaw === undefined ? undefined : `${flaw.field} ${flaw.problem}`;
}
