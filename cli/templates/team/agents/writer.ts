import { defineAgent } from '@reprise/core';
import type { WorkerTask } from '@reprise/scheduler-hierarchical';

/** Writes at first what it has room for, and all that it is told is missing when it is asked again. */
export const writer = defineAgent({
  name: 'writer',
  handle({ input }: { readonly input: WorkerTask<{ readonly research: readonly string[] }> }) {
    const { research } = input.results;
    const sentences = input.feedback === null ? research.slice(0, 2) : research;
    return { text: `${sentences.join('. ')}.`, sentences: sentences.length };
  },
});
