/** What goes over a channel, by what its envelope says after `reprise.`; and `message`, what one agent says to another. */
export const MESSAGE_TYPES = [
  'dispatch',
  'command',
  'client-command',
  'abort',
  'heartbeat',
  'answer',
  'delivery',
  'announcement',
  'roll-call',
  'message',
] as const;

export type MessageType = (typeof MESSAGE_TYPES)[number];

/**
 * The version of the schema of what each carries. It rises when a reader of the version before would misread what is sent; a member more is passed over by
 * such a reader, and needs no new version.
 */
export const SCHEMA_VERSIONS: Readonly<Record<MessageType, number>> = {
  dispatch: 1,
  command: 1,
  'client-command': 1,
  abort: 1,
  heartbeat: 1,
  answer: 1,
  delivery: 1,
  announcement: 1,
  'roll-call': 1,
  message: 1,
};

/** The attributes `type` and `dataschema` of each. */
export const KINDS = Object.fromEntries(
  MESSAGE_TYPES.map((type) => [
    type,
    { type: `reprise.${type}`, dataschema: `urn:reprise:${type}:${SCHEMA_VERSIONS[type]}` },
  ]),
) as Readonly<Record<MessageType, { readonly type: string; readonly dataschema: string }>>;
