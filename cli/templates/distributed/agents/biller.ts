import { defineAgent } from '@reprise/core';
import { z } from 'zod';

/** Bills the order. The key is the same at every attempt: a real one hands it to the bank, which then bills once. */
export const biller = defineAgent({
  name: 'biller',
  inputSchema: z.object({ parcels: z.number().int().positive() }),
  handle: ({ input, idempotencyKey }) => ({ receipt: `${input.parcels} parcels billed`, key: idempotencyKey }),
});
