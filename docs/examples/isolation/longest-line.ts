import { readFile } from 'node:fs/promises';
import { type AgentTask, defineAgent } from '@reprise/core';

/** Runs in a process of its own: a file that is too large for it, or a loop that does not end, is nobody else's trouble. */
export const longestLine = defineAgent({
  name: 'longest-line',
  async handle({ input }: AgentTask<{ readonly file: string }>) {
    const text = await readFile(input.file, 'utf8');
    return { chars: Math.max(...text.split('\n').map((line) => line.length)) };
  },
});
