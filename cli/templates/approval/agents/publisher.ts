import { defineAgent } from '@reprise/core';
import { draftSchema } from './writer.ts';

/** Publishes a draft. A real one would hand `task.idempotencyKey` to the service, so that nothing is published twice. */
export const publisher = defineAgent({
  name: 'publisher',
  inputSchema: draftSchema,
  handle: ({ input }) => `'${input.title}' is published: ${input.text}`,
});
