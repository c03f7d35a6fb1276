import type { Json, JsonObject } from '../../shared/json.ts';

/** The form `approval`. `edit` has a value in place of what the task was handed. */
export const APPROVAL: JsonObject = {
  title: 'Approval',
  type: 'object',
  properties: {
    decision: { enum: ['approve', 'reject', 'edit'], title: 'Decision' },
    edited: { title: 'What it is to be instead' },
    comment: { type: 'string', title: 'Comment' },
  },
  required: ['decision'],
  additionalProperties: false,
  if: { properties: { decision: { const: 'edit' } } },
  then: { required: ['edited'] },
  else: { properties: { edited: false } },
};

/** What an answer to it is. */
export type Approval =
  | { readonly decision: 'approve' | 'reject'; readonly comment?: string }
  | { readonly decision: 'edit'; readonly edited: Json; readonly comment?: string };
