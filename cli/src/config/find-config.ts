import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { RepriseError } from '@reprise/core';
import { configInvalid } from './config-error.ts';

export const CONFIG_NAMES = ['ts', 'mts', 'js', 'mjs', 'yaml', 'yml', 'json'].map(
  (extension) => `reprise.config.${extension}`,
);

/** Where runs are kept when nothing else is said: beside the configuration. */
export const DEFAULT_STORE = join('.reprise', 'reprise.db');

/** What lies nearest to a folder, looking upwards: a configuration, or a store without one. */
export interface Found {
  readonly folder: string;
  readonly config?: string;
}

/** The configuration file `named`, or the nearest one from `from` upwards. Throws REPRISE_CONFIG_NOT_FOUND. */
export function findConfig(named: string | undefined, from: string): string {
  if (named !== undefined) {
    const file = resolve(from, named);
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.isDirectory() === true)
      throw configInvalid(file, 'it is a folder. Name the file in it, or leave --config out and go there.');
    if (found !== undefined) return file;
    throw new RepriseError('REPRISE_CONFIG_NOT_FOUND', `There is no configuration file ${file}.`, {
      details: { file },
      fix: 'Correct --config (or REPRISE_CONFIG), or leave it out: the nearest reprise.config file is taken.',
    });
  }
  const found = findProject(from, () => false);
  if (found?.config !== undefined) return found.config;
  const message =
    `There is no reprise.config.{ts,mts,js,mjs,yaml,yml,json} in ${from} or any folder above it. The least that makes one,` +
    ' as reprise.config.ts:\n\n' +
    "  import { defineConfig } from '@reprise/core';\n" +
    "  import { myWorkflow } from './my-workflow.ts';\n" +
    '  export default defineConfig({ workflows: [myWorkflow] });\n\n' +
    'or, as reprise.config.yaml:\n\n' +
    '  workflows: [./my-workflow.yaml]\n' +
    '  agents: [./my-agents.js]\n\n' +
    '`reprise init` writes one, with a workflow, an agent and a test; `reprise create NAME` a new project.\n';
  throw new RepriseError('REPRISE_CONFIG_NOT_FOUND', message, { details: { folder: from } });
}

/** The nearest folder, from `from` upwards, with a configuration or (as `hasStore` says) a store. */
export function findProject(from: string, hasStore: (folder: string) => boolean): Found | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const [config, other] = CONFIG_NAMES.map((name) => join(folder, name)).filter((file) => existsSync(file));
    if (config !== undefined && other !== undefined) {
      throw configInvalid(config, `there is also ${other}. Keep one, or name one with --config.`);
    }
    if (config !== undefined) return { folder, config };
    if (hasStore(folder)) return { folder };
    if (dirname(folder) === folder) return undefined;
  }
}
