import { asyncapi } from './asyncapi.ts';
import { messagesSchema } from './messages-schema.ts';

const text = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;

/** What docs/protocol has, by name. */
export const documents = (): Readonly<Record<string, string>> => ({
  'messages.schema.json': text(messagesSchema()),
  'asyncapi.json': text(asyncapi()),
});
