import type { WorkflowDefinition } from '../../../definition/definition.ts';

/** Whether the workflow declares the topic (`#news`). */
export const isTopic = ({ topics }: Pick<WorkflowDefinition, 'topics'>, topic: string): boolean =>
  topics !== undefined && topic.startsWith('#') && Object.hasOwn(topics, topic.slice(1));
