import type { DefinitionChange } from '@reprise/core';

/** A part of a workflow, in words: "the agent of 'pay'", "'mail'". */
export const partText = ({ task, part }: Pick<DefinitionChange, 'task' | 'part'>): string => {
  if (task === '') return `the ${part} of the workflow`;
  return part === 'task' ? `'${task}'` : `the ${part} of '${task}'`;
};

/** Of what was changed, whether the task is one more or one less. */
export const addedText = ({ kind }: Pick<DefinitionChange, 'kind'>): string | undefined =>
  kind === 'added' || kind === 'removed' ? kind : undefined;
