import { defineConfig } from '@reprise/cli';

// Every module in these folders is taken: what `npx reprise generate` writes is found by itself.
export default defineConfig({
  workflows: ['./workflows'],
  agents: ['./agents'],
});
