import { setTimeout as pause } from 'node:timers/promises';
import { defineAgent } from '@reprise/core';
import { z } from 'zod';

/** Packs one item; two at once in each worker. An attempt that dies with its worker is made again by another. */
export const packer = defineAgent({
  name: 'packer',
  concurrency: 2,
  inputSchema: z.string(),
  handle: async ({ input }, { signal }) => {
    await pause(500, undefined, { signal });
    return `a parcel with ${input}`;
  },
});
