import { readFileSync } from 'node:fs';
import { defineConfig, parseWorkflow } from '@reprise/core';
import { inventory } from '@reprise-examples/dependency-dossier';
import { announce, release, remove, reserve, write } from './agents.ts';

const publication = parseWorkflow(readFileSync(new URL('publication.yaml', import.meta.url), 'utf8'));

export default defineConfig({
  workflows: [publication],
  agents: [inventory, reserve, release, write, remove, announce],
});
