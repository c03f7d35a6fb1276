import { workflow } from '@reprise/core';
import { z } from 'zod';
import { publisher } from '../agents/publisher.ts';
import { writer } from '../agents/writer.ts';

/** What comes from outside may have any form: who reads a decision says what it takes for one. */
const decisionSchema = z.object({ approved: z.boolean(), by: z.string() }).catch({ approved: false, by: 'nobody' });

/** A draft, a decision (within two minutes, else it is no), and what follows from it. */
export const approval = workflow('approval', {
  version: '1',
  input: z.object({ title: z.string().default('News') }),
})
  .task('write', writer)
  .wait(
    'decision',
    { signal: 'decision', timeout: '2m', default: { approved: false, by: 'nobody' } },
    { after: 'write' },
  )
  .switch(
    'route',
    [{ when: ({ outputs }) => decisionSchema.parse(outputs.decision).approved, then: 'publish' }, { else: 'put-away' }],
    { after: 'decision' },
  )
  .task('publish', publisher, {
    after: 'route',
    input: ({ outputs }) => ({ title: outputs.write.title, by: decisionSchema.parse(outputs.decision).by }),
  })
  .set('put-away', ({ outputs }) => `'${outputs.write.title}' is put away.`, { after: 'route' })
  .output(({ outputs }) => ({ said: outputs.publish ?? outputs['put-away'] }))
  .build();
