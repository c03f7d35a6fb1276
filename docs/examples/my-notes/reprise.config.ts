// #region config
import { defineConfig } from '@reprise/core';
import { releaseNotes } from './workflow.ts';

export default defineConfig({ workflows: [releaseNotes] });
// #endregion
