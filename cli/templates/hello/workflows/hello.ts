import { workflow } from '@reprise/core';
import { z } from 'zod';
import { counter } from '../agents/counter.ts';
import { greeter } from '../agents/greeter.ts';

/** Two tasks, one after the other: what the first gives is what the second is handed. */
export const hello = workflow('hello', { version: '1', input: z.object({ name: z.string().default('world') }) })
  .task('greet', greeter, { retry: { maxAttempts: 3, initialDelay: '1s' } })
  .task('count', counter, { after: 'greet' })
  .build();
