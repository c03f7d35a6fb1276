import { defineConfig } from '@reprise/core';
import { greeting } from './greeting.ts';

export default defineConfig({ workflows: [greeting] });
