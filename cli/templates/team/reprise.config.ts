import { defineConfig } from '@reprise/cli';
import { hierarchicalScheduler } from '@reprise/scheduler-hierarchical';

// Every module in these folders is taken: what `npx reprise generate` writes is found by itself.
export default defineConfig({
  workflows: ['./workflows'],
  agents: ['./agents'],
  plugins: [hierarchicalScheduler()],
});
