import { defineAgent } from '@reprise/core';
import type { WorkerTask } from '@reprise/scheduler-hierarchical';

/** Finds facts. A real one would search, or ask a model. */
export const researcher = defineAgent({
  name: 'researcher',
  handle({ input }: { readonly input: WorkerTask<Record<string, never>, { readonly topic: string }> }) {
    const { topic } = input.input;
    return [`${topic} is older than writing`, `${topic} is better shared`, `nobody agrees about ${topic}`];
  },
});
