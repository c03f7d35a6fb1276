import { readFile } from 'node:fs/promises';
import { defineAgent } from '@reprise/core';
import { z } from 'zod';
import { isFileSystemError } from '../packages/read-files.ts';
import { auditSchema, editionSchema, inspectionSchema, type Verdict, verdictSchema } from '../records.ts';
import { checkReport } from '../report/check-report.ts';

/**
 * Reads the dossier back from the disk and compares it with the inventory: every package there once, with its name and
 * version; the totals right and adding up; every flagged licence reviewed. Trusts nothing that the editor says.
 */
export const critic = defineAgent({
  name: 'critic',
  description: 'Checks the written dossier against the inventory',
  capabilities: ['review-report'],
  inputSchema: z.object({
    edition: editionSchema.pick({ markdown: true, json: true }),
    packages: z.array(inspectionSchema),
    review: auditSchema.shape.review,
  }),
  outputSchema: verdictSchema,
  async handle(task, context): Promise<Verdict> {
    const { edition, packages, review } = task.input;
    const [markdown, json] = await Promise.all([readOrUndefined(edition.markdown), readOrUndefined(edition.json)]);
    context.signal.throwIfAborted();
    return checkReport(markdown, json, { packages, flagged: review.map(({ path }) => path) });
  },
});

async function readOrUndefined(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isFileSystemError(error)) return undefined;
    throw error;
  }
}
