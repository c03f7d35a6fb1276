import { defineAgent } from '@reprise/core';
import { z } from 'zod';

/** Publishes a draft. A real one would hand `task.idempotencyKey` to the service, so that nothing is published twice. */
export const publisher = defineAgent({
  name: 'publisher',
  inputSchema: z.object({ title: z.string(), by: z.string() }),
  handle: ({ input }) => `'${input.title}' is published, as ${input.by} decided.`,
});
