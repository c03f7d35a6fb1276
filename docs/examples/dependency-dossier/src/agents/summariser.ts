import { join } from 'node:path';
import { defineAgent } from '@reprise/core';
import { DossierError } from '../agent-error.ts';
import { listFolder, readText } from '../packages/read-files.ts';
import { packageTaskSchema, type Summary, summarySchema } from '../records.ts';
import { summarise } from '../text/summarise.ts';

const README = /^readme(\.(md|markdown|mdown|mkd|txt|rst|org|adoc))?$/i;
const MAX_README_BYTES = 64 * 1024;

/**
 * Condenses a package's README to a line, in its author's words. Fails for good with NO_README when there is none, or none
 * with prose in it; the workflow then asks the describer.
 */
export const summariser = defineAgent({
  name: 'summariser',
  description: "Condenses one package's README to one or two of its sentences",
  capabilities: ['summarise-package'],
  inputSchema: packageTaskSchema,
  outputSchema: summarySchema,
  async handle(task, context): Promise<Summary> {
    const { folder: root, path, name, installed } = task.input;
    if (!installed) throw new DossierError('NO_README', `${path} is not installed, so it has no README to read.`);
    const folder = join(root, path);
    for (const file of readmes(await listFolder(folder))) {
      context.signal.throwIfAborted();
      const readme = await readText(join(folder, file), MAX_README_BYTES);
      const text = readme === undefined ? undefined : summarise(readme, name);
      if (text !== undefined) return { path, text, source: 'readme' };
    }
    throw new DossierError('NO_README', `${path} has no README with prose in it.`);
  },
});

/** Markdown before the rest. */
const readmes = (names: readonly string[]): readonly string[] =>
  names
    .filter((name) => README.test(name))
    .sort((a, b) => Number(/\.m/i.test(b)) - Number(/\.m/i.test(a)) || (a < b ? -1 : 1));
