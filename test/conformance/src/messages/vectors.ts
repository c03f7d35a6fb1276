import { readdirSync, readFileSync } from 'node:fs';
import type { Json, JsonObject } from '@reprise/core/plugin';
import type { TalkSetup } from './message-protocol.ts';

/** What is expected of something that is refused. */
interface Code {
  readonly code: string;
}

/** A message in structured mode: `text`, or the JSON of `message`, is read as `expect`. `schema`: the published schema cannot say what is wrong with it. */
export interface ReadVector {
  readonly kind: 'read';
  readonly name: string;
  readonly text?: string;
  readonly message?: Json;
  readonly schema?: 'accepts';
  readonly expect: { readonly message: Json } | Code;
}

/** What two say in a conversation, what comes of each, and which state of A2A that is. */
export interface ConversationVector {
  readonly kind: 'conversation';
  readonly name: string;
  readonly said: readonly SaidStep[];
}

/** A step of a conversation, and the stage after it. */
export type SaidStep = { readonly by: 'initiator' | 'participant'; readonly says: string } & (
  | { readonly stage: string; readonly owes: string | null; readonly a2a: string }
  | Code
);

/** `says`: what the participant says of a state; `state`: the state of a stage. */
export type A2AVector = { readonly kind: 'a2a'; readonly name: string; readonly stage: string } & (
  | { readonly type?: string; readonly state: string; readonly says?: undefined }
  | { readonly state: string; readonly says: string | null }
);

/** What happens one after the other in one run. `as` names the id of a message, `$name` is that id wherever it stands. */
export interface TalkVector {
  readonly kind: 'talk';
  readonly name: string;
  readonly setup: TalkSetup;
  readonly steps: readonly TalkStep[];
}

/** A step of a talk, and what comes of it. */
export type TalkStep =
  | {
      readonly do: 'send';
      readonly by: string;
      readonly text?: string;
      readonly message?: JsonObject;
      readonly as?: string;
      /** `again`: nothing new, it is that one. */
      readonly expect: { readonly message: JsonObject } | { readonly again: string } | Code;
    }
  | {
      readonly do: 'take';
      readonly by: string;
      readonly filter?: JsonObject;
      readonly as?: string;
      /** What it has at least. */
      readonly expect: JsonObject | Code | null;
    }
  | { readonly do: 'ack'; readonly by: string; readonly of: string; readonly expect?: Code }
  | {
      readonly do: 'nack';
      readonly by: string;
      readonly of: string;
      readonly with?: JsonObject;
      readonly expect?: Code;
    }
  | { readonly do: 'end'; readonly by: string; readonly how: 'completed' | 'failed' | 'failed-for-good' | 'lost' }
  | { readonly do: 'pass'; readonly ms: number }
  | {
      readonly do: 'stage';
      readonly of: string;
      readonly expect: { readonly stage: string; readonly owes: string | null };
    };

/** One case that every implementation answers alike. */
export type MessageVector = ReadVector | ConversationVector | A2AVector | TalkVector;

const FOLDER = new URL('../../vectors/messages/', import.meta.url);

/** All vectors, by file. A file is `{ about, kind, vectors }`. */
export function readVectors(): readonly { readonly file: string; readonly vectors: readonly MessageVector[] }[] {
  return readdirSync(FOLDER)
    .sort()
    .map((file) => {
      const { kind, vectors } = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as {
        readonly kind: MessageVector['kind'];
        readonly vectors: readonly JsonObject[];
      };
      return { file, vectors: vectors.map((vector) => expanded({ kind, ...vector }) as unknown as MessageVector) };
    });
}

/** `{ "$repeat": ["x", 3] }` is "xxx". */
function expanded(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(expanded);
  const repeated = (value as JsonObject)['$repeat'];
  if (Array.isArray(repeated)) return String(repeated[0]).repeat(Number(repeated[1]));
  const copy = Object.create(null) as Record<string, Json>;
  for (const [key, one] of Object.entries(value)) copy[key] = expanded(one as Json);
  return copy;
}
