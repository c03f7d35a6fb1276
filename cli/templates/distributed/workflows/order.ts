import { workflow } from '@reprise/core';
import { z } from 'zod';
import { biller } from '../agents/biller.ts';
import { packer } from '../agents/packer.ts';

/** Every item is packed, on whichever worker has room; then the order is paid, once, whatever dies meanwhile. */
export const order = workflow('order', {
  version: '1',
  input: z.object({ items: z.array(z.string()).min(1).default(['tea', 'cups', 'biscuits']) }),
})
  .task('pack', packer, { forEach: ({ input }) => input.items, retry: { maxAttempts: 5, initialDelay: '1s' } })
  .task('bill', biller, {
    after: 'pack',
    input: ({ outputs }) => ({ parcels: outputs.pack.length }),
    delivery: 'at-most-once',
  })
  .output(({ outputs }) => ({ parcels: outputs.pack, receipt: outputs.bill.receipt }))
  .build();
