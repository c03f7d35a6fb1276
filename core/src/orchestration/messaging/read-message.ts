import { type Json, jsonProblem } from '../../shared/json.ts';
import { problem, type Refusal } from '../workflow/decisions/refusal.ts';
import { DATA_SHAPES } from './data-shapes.ts';
import type { Envelope } from './envelope.ts';
import { ATTRIBUTES, envelopeShape } from './envelope-shape.ts';
import { MESSAGE_TYPES, type MessageType, SCHEMA_VERSIONS } from './message-types.ts';

/**
 * A message as it came from elsewhere, in structured mode: its attributes without those that are not known here, or why it cannot be read. What is
 * REPRISE_MESSAGE_TOO_NEW somebody newer can read; anything else nobody can.
 */
export function readMessage(value: unknown): Envelope | Refusal {
  const plain = jsonProblem(value);
  if (plain !== undefined) return problem('REPRISE_INVALID_PAYLOAD', `The message is no plain JSON, ${plain}.`);
  const odd = Object.keys(value ?? {}).find((name) => !/^[a-z0-9]+$/.test(name));
  if (odd !== undefined)
    return invalid(`${JSON.stringify(odd.slice(0, 64))} is no name of an attribute (lower case letters and digits)`);
  const flaw = envelopeShape(value, '');
  if (flaw !== undefined) return invalid(`${flaw.field === '' ? 'it' : flaw.field} ${flaw.problem}`);
  const envelope = known(value as Envelope);
  const type = envelope.type.slice('reprise.'.length) as MessageType;
  if (!MESSAGE_TYPES.includes(type)) return newer(`the type '${envelope.type}'`);
  const [, , named, version = 1] = envelope.dataschema?.split(':') ?? [];
  if (named !== undefined && named !== type)
    return invalid(`dataschema is '${envelope.dataschema}', of another type than '${envelope.type}'`);
  if (Number(version) > SCHEMA_VERSIONS[type]) return newer(`version ${version} of '${envelope.type}'`);
  if (type === 'message' && (envelope.runid === undefined || envelope.replyto === undefined))
    return invalid('runid and replyto of a message between agents say whose it is; one is missing');
  const wrong = DATA_SHAPES[type](envelope.data, 'data');
  return wrong === undefined ? envelope : invalid(`${wrong.field} ${wrong.problem}`);
}

const known = (envelope: Envelope): Envelope =>
  Object.fromEntries(
    ATTRIBUTES.flatMap((name) => {
      const value = (envelope as unknown as Readonly<Record<string, Json | undefined>>)[name];
      return value === undefined || (value === null && name !== 'data') ? [] : [[name, value]];
    }),
  ) as unknown as Envelope;

const invalid = (what: string): Refusal => problem('REPRISE_MESSAGE_INVALID', `The message cannot be read: ${what}.`);

const newer = (what: string): Refusal =>
  problem('REPRISE_MESSAGE_TOO_NEW', `This build cannot read ${what}. Leave it to one that can.`);
