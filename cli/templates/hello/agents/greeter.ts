import { defineAgent } from '@reprise/core';
import { z } from 'zod';

/** Greets somebody. An agent is the only place where I/O happens: a real one would ask a model, or a service. */
export const greeter = defineAgent({
  name: 'greeter',
  inputSchema: z.object({ name: z.string().default('world') }),
  outputSchema: z.string(),
  handle: ({ input }) => `Hello, ${input.name}!`,
});
