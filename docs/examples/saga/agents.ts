import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineAgent } from '@reprise/core';
import { z } from 'zod';

const reserved = (out: string): string => join(out, 'reserved');
const reserveSchema = z.object({ out: z.string() });

/** Takes the folder for this run. Who has it already, after a crash, has it still. */
export const reserve = defineAgent({
  name: 'reserve',
  inputSchema: reserveSchema,
  handle: async ({ input: { out }, runId }) => {
    await mkdir(out, { recursive: true });
    const owner = await readFile(reserved(out), 'utf8').catch(() =>
      writeFile(reserved(out), runId, { flag: 'wx' }).then(() => runId),
    );
    if (owner === runId) return { owner };
    throw Object.assign(new Error(`${out} is reserved by the run ${owner}`), { code: 'RESERVED', retryable: false });
  },
});

export const release = defineAgent({
  name: 'release',
  inputSchema: z.object({ input: reserveSchema }),
  handle: async ({ input, runId }) => {
    const owner = await readFile(reserved(input.input.out), 'utf8').catch(() => '');
    if (owner === runId) await rm(reserved(input.input.out), { force: true });
  },
});

/** Writes one file in one piece. The same input gives the same file, so a second attempt does no harm. */
export const write = defineAgent({
  name: 'write',
  inputSchema: z.object({
    file: z.string(),
    title: z.string().optional(),
    list: z.looseObject({ packages: z.array(z.unknown()) }),
  }),
  handle: async ({ input: { file, title, list } }) => {
    await writeFile(`${file}.part`, `${JSON.stringify({ title, packages: list.packages }, null, 1)}\n`);
    await rename(`${file}.part`, file);
    return { file, packages: list.packages.length };
  },
});

/** Undoes `write`, by its input: an attempt that was lost has no output, and may have written. */
export const remove = defineAgent({
  name: 'remove',
  inputSchema: z.object({ input: z.object({ file: z.string() }) }),
  handle: ({ input }) => rm(input.input.file, { force: true }),
});

/** Says where the newest list is. The last step: nothing can fail after it, so nothing undoes it. */
export const announce = defineAgent({
  name: 'announce',
  inputSchema: z.object({ out: z.string(), published: z.object({ file: z.string() }) }),
  handle: ({ input }) => writeFile(join(input.out, 'latest.txt'), `${input.published.file}\n`),
});
