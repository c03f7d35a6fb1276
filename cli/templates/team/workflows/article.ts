import { workflow } from '@reprise/core';
import { z } from 'zod';

/** What is done, by whom and how often, the manager `lead` decides while the run goes on. */
export const article = workflow('article', {
  version: '1',
  input: z.object({ topic: z.string().default('tea') }),
  strategy: {
    name: 'hierarchical',
    goal: 'A short article, with every fact that was found in it',
    manager: 'lead',
    workers: ['researcher', 'writer'],
    bounds: { rejections: 2 },
  },
  budget: { delegations: 20 },
}).build();
