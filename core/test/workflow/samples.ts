import { defineAgent, type PlainTaskOptions, workflow } from '@reprise/core';

export const worker = defineAgent({ name: 'agent', handle: async (task: { input: unknown }) => task.input });

/** One task `a` with the given options. */
export const single = (options: PlainTaskOptions & Record<string, unknown> = {}) =>
  workflow<unknown>('single')
    .task('a', 'agent', options as PlainTaskOptions)
    .build();

/** `a`, then `b`. */
export const chain = () => workflow<unknown>('chain').task('a', 'agent').task('b', 'agent', { after: 'a' }).build();

/** `start`, then `left` and `right`, then `end`. */
export const diamond = () =>
  workflow<unknown>('diamond')
    .task('start', 'agent')
    .task('left', 'agent', { after: 'start' })
    .task('right', 'agent', { after: 'start' })
    .task('end', 'agent', { after: ['left', 'right'] })
    .build();
