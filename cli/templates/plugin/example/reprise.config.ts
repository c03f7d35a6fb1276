import { defineConfig } from '@reprise/cli';

// The plugin from its sources: `npm start` tries it out.
export default defineConfig({
  workflows: ['./hello.yaml'],
  plugins: [{ use: '../src/index.ts', export: 'runLog', options: { file: 'runs.log' } }],
});
