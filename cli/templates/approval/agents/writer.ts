import { defineAgent } from '@reprise/core';
import { z } from 'zod';

/** Writes a draft. A real one would ask a model. */
export const writer = defineAgent({
  name: 'writer',
  inputSchema: z.object({ title: z.string() }),
  handle: ({ input }) => ({ title: input.title, text: `${input.title}: a first draft.` }),
});
