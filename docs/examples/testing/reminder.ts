import { workflow } from '@reprise/core';

/** Asks for an approval, once more after a day, and gives up after two. */
export const reminder = workflow<{ readonly to: string }>('reminder')
  .task('ask', 'mailer', { input: ({ input }) => ({ to: input.to, text: 'Please approve' }), retry: 3 })
  .wait('first', { signal: 'approval', timeout: '1d', default: null }, { after: 'ask' })
  .task('remind', 'mailer', {
    after: 'first',
    when: ({ outputs }) => outputs.first === null,
    input: ({ input }) => ({ to: input.to, text: 'Once more: please approve' }),
  })
  .wait('second', { signal: 'approval', timeout: '1d' }, { after: 'remind' })
  .output(({ outputs }) => ({ approval: outputs.first ?? outputs.second }))
  .build();
