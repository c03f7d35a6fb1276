import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { llmAgent } from '@reprise/agent-llm';
import { defineConfig, parseWorkflow } from '@reprise/core';
import { licenceAgents } from './agents.ts';
import { clerk, standInModel } from './stand-in-model.ts';

/** Whose dependencies are looked at: those of the repository that this example lies in. */
const FOLDER = resolve(import.meta.dirname, '../../..');

const unusual = {
  type: 'object',
  properties: { licence: { type: 'string' }, packages: { type: 'array', items: { type: 'string' } } },
  required: ['licence', 'packages'],
  additionalProperties: false,
};

export default defineConfig({
  workflows: [parseWorkflow(readFileSync(new URL('licences.yaml', import.meta.url), 'utf8'))],
  agents: licenceAgents(FOLDER),
  plugins: [
    // #region clerk
    llmAgent({
      // A server of your own: MODEL_URL=http://127.0.0.1:11434/v1 MODEL=qwen3:8b
      baseURL: process.env['MODEL_URL'] ?? (await standInModel(clerk)),
      model: process.env['MODEL'] ?? 'stand-in',
      agents: { clerk: { system: 'You look after the licences of what we depend on. Use the tools; do not guess.' } },
      stream: false,
      tools: {
        count: {
          agent: 'count-licences',
          description: 'How many packages have which licence.',
          parameters: { type: 'object', properties: {}, additionalProperties: false },
        },
        packages: {
          agent: 'packages-by-licence',
          description: 'The packages that have a licence.',
          parameters: { type: 'object', properties: { licence: { type: 'string' } }, required: ['licence'] },
          task: { retry: 2, timeout: '10s' },
        },
      },
      schema: {
        type: 'object',
        properties: { unusual: { type: 'array', items: unusual } },
        required: ['unusual'],
        additionalProperties: false,
      },
    }),
    // #endregion
  ],
});
