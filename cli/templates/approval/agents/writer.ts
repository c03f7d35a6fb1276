import { defineAgent } from '@reprise/core';
import { z } from 'zod';

export const draftSchema = z.object({ title: z.string(), text: z.string() });

/** Writes a draft. A real one would ask a model. */
export const writer = defineAgent({
  name: 'writer',
  inputSchema: z.object({ title: z.string() }),
  outputSchema: draftSchema,
  handle: ({ input }) => ({ title: input.title, text: `${input.title}: a first draft.` }),
});
