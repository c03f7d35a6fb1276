// #region workflow
import { workflow } from '@reprise/core';
import { z } from 'zod';
import { classifier, editor, guide, reader, sorter } from './agents.ts';

export const releaseNotes = workflow('release-notes', {
  version: '1',
  input: z.object({ file: z.string().default('changes.txt') }),
  timeout: '5m',
})
  .task('read', reader)
  .task('classify', classifier, {
    after: 'read',
    forEach: ({ outputs }) => outputs.read,
    concurrency: 2,
    retry: { maxAttempts: 3, initialDelay: '500ms' },
    timeout: '10s',
    fallback: { agent: sorter },
  })
  .task('guide', guide, {
    after: 'classify',
    when: ({ outputs }) => outputs.classify.some(({ kind }) => kind === 'breaking'),
    input: ({ outputs }) => outputs.classify.filter(({ kind }) => kind === 'breaking'),
  })
  .task('edit', editor, {
    after: ['classify', 'guide'],
    input: ({ outputs }) => ({ changes: outputs.classify, steps: outputs.guide ?? [] }),
  })
  .build();
// #endregion
