import { defineAgent, workflow } from '@reprise/core';

const greeter = defineAgent({
  name: 'greeter',
  handle: ({ input }: { readonly input: { readonly name: string } }) => ({ greeting: `Hello, ${input.name}!` }),
});

export const greeting = workflow<{ readonly name: string }>('greeting', { version: '1' })
  .task('greet', greeter)
  .build();
