import { defineConfig } from '@reprise/core';
import { dossier } from './src/index.ts';

// The agents come with the workflow, and history goes where it goes by default.
export default defineConfig({ workflows: [dossier] });
