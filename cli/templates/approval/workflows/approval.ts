import { type Approval, workflow } from '@reprise/core';
import { z } from 'zod';
import { publisher } from '../agents/publisher.ts';
import { draftSchema, writer } from '../agents/writer.ts';

/** Who decides may put another draft in the place of the one that was written. */
const approved = (draft: z.infer<typeof draftSchema>, decision: Approval) =>
  decision.decision === 'edit' ? draftSchema.parse(decision.edited) : draft;

/** A draft, a person's decision (within two minutes, else it is no), and what follows from it. */
export const approval = workflow('approval', {
  version: '1',
  input: z.object({ title: z.string().default('News') }),
})
  .task('write', writer)
  .wait(
    'decision',
    {
      form: 'approval',
      assignee: 'editor',
      timeout: '2m',
      default: { decision: 'reject', comment: 'nobody decided in time' },
    },
    { after: 'write' },
  )
  .switch(
    'route',
    [{ when: ({ outputs }) => outputs.decision.decision !== 'reject', then: 'publish' }, { else: 'put-away' }],
    { after: 'decision' },
  )
  .task('publish', publisher, {
    after: 'route',
    input: ({ outputs }) => approved(outputs.write, outputs.decision),
  })
  .set(
    'put-away',
    ({ outputs }) => `'${outputs.write.title}' is put away: ${outputs.decision.comment ?? 'no reason given'}.`,
    { after: 'route' },
  )
  .output(({ outputs }) => ({ said: outputs.publish ?? outputs['put-away'] }))
  .build();
