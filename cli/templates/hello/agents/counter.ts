import { defineAgent } from '@reprise/core';
import { z } from 'zod';

/** Counts the letters of a text. */
export const counter = defineAgent({
  name: 'counter',
  inputSchema: z.string(),
  outputSchema: z.object({ text: z.string(), letters: z.number() }),
  handle: ({ input }) => ({ text: input, letters: input.match(/\p{Letter}/gu)?.length ?? 0 }),
});
