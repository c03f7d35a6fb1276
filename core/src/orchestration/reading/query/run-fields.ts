import type { QueryFields } from './query.ts';

/** Every status of a run that is on record. */
export const RUN_STATUSES = ['forking', 'running', 'paused', 'parked', 'completed', 'failed', 'cancelled'] as const;

/** What runs can be asked for by; docs/reference/queries.md lists them. */
export const RUN_FIELDS: QueryFields = {
  id: { type: 'text', path: ['id'], about: 'its id' },
  workflow: { type: 'text', path: ['workflow'], about: 'the name of its workflow' },
  version: { type: 'text', path: ['version'], about: 'the version of its workflow' },
  status: { type: 'text', path: ['status'], values: RUN_STATUSES, about: 'how it stands' },
  tenant: { type: 'text', path: ['tenant'], about: 'on whose behalf it is' },
  label: { type: 'text', path: ['labels'], keys: true, about: 'the label of that key' },
  parent: { type: 'text', path: ['parent'], about: 'the run that started it' },
  root: {
    type: 'text',
    path: ['root'],
    about: 'the run at the root of those that it was started in; a run that no other started is its own',
  },
  from: { type: 'text', path: ['from'], about: 'the run that it goes on from, as a retry or a fork' },
  as: { type: 'text', path: ['as'], values: ['retry', 'fork'], about: 'how it goes on from that one' },
  started: { type: 'time', path: ['started'], about: 'when it started' },
  updated: { type: 'time', path: ['updated'], about: 'when its last event was' },
  ended: { type: 'time', path: ['ended'], about: 'when it ended' },
  duration: { type: 'duration', path: ['duration'], about: 'how long it took, of a run that ended' },
  events: { type: 'number', path: ['events'], about: 'how many events it has' },
  error: {
    type: 'text',
    path: ['error'],
    about: 'the code of what it failed with (of a failed task, that of its error), or is parked for',
  },
};
