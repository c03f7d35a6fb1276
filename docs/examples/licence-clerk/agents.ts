import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentTask, defineAgent } from '@reprise/core';

// #region tools
/** What the clerk may call: agents like any other, which know nothing of models. */
export const licenceAgents = (folder: string) => [
  defineAgent({
    name: 'count-licences',
    async handle() {
      const counts: Record<string, number> = {};
      for (const { licence } of await packagesOf(folder)) counts[licence] = (counts[licence] ?? 0) + 1;
      return counts;
    },
  }),
  defineAgent({
    name: 'packages-by-licence',
    async handle({ input }: AgentTask<{ readonly licence: string }>) {
      const those = (await packagesOf(folder)).filter(({ licence }) => licence === input.licence);
      return those.map(({ name }) => name);
    },
  }),
];
// #endregion

/** What npm has on record of the packages that a project depends on. */
async function packagesOf(folder: string): Promise<readonly { readonly name: string; readonly licence: string }[]> {
  const { packages } = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly license?: string; readonly link?: boolean }>>;
  };
  return Object.entries(packages).flatMap(([path, { license = 'unknown', link = false }]) =>
    path.startsWith('node_modules/') && !link
      ? [{ name: path.replace(/^.*node_modules\//, ''), licence: license }]
      : [],
  );
}
