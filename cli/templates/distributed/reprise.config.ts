import { defineConfig } from '@reprise/cli';
import { cluster } from './cluster.ts';

// Every process of the cluster reads this: orchestrators, workers, and whoever starts runs.
export default defineConfig({
  workflows: ['./workflows'],
  agents: ['./agents'],
  plugins: cluster(process.env),
});
