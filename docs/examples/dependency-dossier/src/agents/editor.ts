import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { defineAgent, sha256 } from '@reprise/core';
import { z } from 'zod';
import { DossierError } from '../agent-error.ts';
import { isFileSystemError } from '../packages/read-files.ts';
import { type Edition, editionSchema, findingSchema } from '../records.ts';
import { compileDossier, materialSchema } from '../report/dossier.ts';
import { toMarkdown } from '../report/to-markdown.ts';
import { writeAtomically } from '../report/write-atomically.ts';

const HOPELESS = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'EISDIR', 'ENAMETOOLONG']);

/**
 * Writes `dossier.md` and `dossier.json`, each in one piece. Without findings of a critic it writes a short edition (the
 * riskiest packages only), with findings the complete one. The same input gives the same bytes, so a second attempt does
 * no harm. Fails for good with OUTPUT_UNWRITABLE.
 */
export const editor = defineAgent({
  name: 'editor',
  description: 'Writes the dossier as Markdown and JSON',
  capabilities: ['edit-report'],
  inputSchema: z.object({
    folder: z.string(),
    /** Relative to `folder`. */
    outDir: z.string().default('.reprise/dossier'),
    material: materialSchema,
    /** The critic's findings of the round before. */
    findings: z.array(findingSchema).default([]),
  }),
  outputSchema: editionSchema,
  async handle(task, context): Promise<Edition> {
    const { folder, outDir, material, findings } = task.input;
    const edition = findings.length === 0 ? 'short' : 'complete';
    const dossier = compileDossier(material, edition);
    const out = resolve(folder, outDir);
    const files = { markdown: join(out, 'dossier.md'), json: join(out, 'dossier.json') };
    const tag = sha256(task.idempotencyKey).slice(0, 12);
    context.signal.throwIfAborted();
    try {
      await mkdir(out, { recursive: true });
      await writeAtomically(files.json, `${JSON.stringify(dossier, null, 1)}\n`, tag);
      await writeAtomically(files.markdown, toMarkdown(dossier, material), tag);
    } catch (error) {
      if (!isFileSystemError(error) || !HOPELESS.has(error.code ?? '')) throw error;
      const fix = 'Give an `outDir` that can be written.';
      throw new DossierError(
        'OUTPUT_UNWRITABLE',
        `The dossier cannot be written to ${out}: ${error.message}. ${fix}`,
        error,
      );
    }
    context.logger.info('dossier written', { edition, out, entries: dossier.packages.length });
    return { edition, ...files, entries: dossier.packages.length };
  },
});
