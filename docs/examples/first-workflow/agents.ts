import { readFile } from 'node:fs/promises';
import { defineAgent, sleep } from '@reprise/core';
import { z } from 'zod';

// #region reader
export const reader = defineAgent({
  name: 'reader',
  inputSchema: z.object({ file: z.string() }),
  handle: async ({ input }) => {
    const text = await readFile(input.file, 'utf8');
    return text.split('\n').filter((line) => line !== '');
  },
});
// #endregion

// #region classifier
export const changeSchema = z.object({ kind: z.enum(['breaking', 'feature', 'fix', 'other']), text: z.string() });
export type Change = z.infer<typeof changeSchema>;

/** Sorts one change by its first word. Slow and now and then busy, as the service of a model would be. */
export const classifier = defineAgent({
  name: 'classifier',
  inputSchema: z.string(),
  outputSchema: changeSchema,
  handle: async ({ input, taskId, attempt }) => {
    await sleep(1000);
    if (attempt === 1 && taskId.endsWith('[2]')) throw new Error('the service is busy');
    const [kind, text] = input.split(': ', 2);
    const change = changeSchema.safeParse({ kind, text });
    if (change.success) return change.data;
    throw Object.assign(new Error(`'${input}' does not say what kind of change it is`), {
      code: 'NO_KIND',
      retryable: false,
    });
  },
});
// #endregion

// #region others
/** Stands in for the classifier: keeps the line as it is. */
export const sorter = defineAgent({
  name: 'sorter',
  inputSchema: z.string(),
  handle: ({ input }): Change => ({ kind: 'other', text: input }),
});

/** Says what users have to do. */
export const guide = defineAgent({
  name: 'guide',
  inputSchema: z.array(changeSchema),
  handle: ({ input }) => input.map(({ text }) => `Before you upgrade: ${text}.`),
});

export const editor = defineAgent({
  name: 'editor',
  inputSchema: z.object({ changes: z.array(changeSchema), steps: z.array(z.string()) }),
  handle: ({ input }) => {
    const lines = input.changes.map(({ kind, text }) => `- ${kind}: ${text}`);
    return { markdown: ['# Release notes', ...input.steps, ...lines.sort()].join('\n'), changes: lines.length };
  },
});
// #endregion
