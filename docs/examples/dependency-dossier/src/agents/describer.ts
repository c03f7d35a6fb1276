import { join } from 'node:path';
import { defineAgent } from '@reprise/core';
import { readManifest, shortText } from '../packages/manifest.ts';
import { packageTaskSchema, type Summary, summarySchema } from '../records.ts';
import { clip } from '../text/clip.ts';
import { MAX_SUMMARY_BYTES } from '../text/summarise.ts';

/** Gives the description in a package's manifest: what stands in for a README that is not there. Never fails over it. */
export const describer = defineAgent({
  name: 'describer',
  description: "Gives one package's description from its manifest",
  capabilities: ['summarise-package'],
  inputSchema: packageTaskSchema,
  outputSchema: summarySchema,
  async handle(task): Promise<Summary> {
    const { folder, path, installed } = task.input;
    if (!installed) return { path, text: 'Not installed on this machine.', source: 'none' };
    const manifest = await readManifest(join(folder, path));
    const description = typeof manifest === 'string' ? undefined : shortText(manifest.description, 2000);
    if (description === undefined) return { path, text: 'It does not say what it is.', source: 'none' };
    return { path, text: clip(description, MAX_SUMMARY_BYTES), source: 'manifest' };
  },
});
