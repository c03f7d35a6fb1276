import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { type AnyWorkflow, parseWorkflow, type RepriseError } from '@reprise/core';
import { configInvalid } from './config-error.ts';
import { filesOf } from './folder-entries.ts';
import { importModule } from './import-module.ts';
import { named } from './loading.ts';
import { isDataFile, type ReadConfig } from './read-config.ts';
import { readTextFile } from './read-text-file.ts';
import { schemaReader } from './schema-reader.ts';

/** A workflow, and the file that it comes from. */
export interface SourcedWorkflow {
  readonly workflow: AnyWorkflow;
  readonly source: string;
}

/** The workflows in one file: a YAML or JSON form, or a module that exports them. Forms in it may name schemas of the `project`, by the path from the file. */
export async function workflowsIn(file: string, project = projectOf(file)): Promise<readonly SourcedWorkflow[]> {
  if (isDataFile(file)) {
    const text = await readTextFile(file, (why) => configInvalid(file, `${why}.`));
    return [{ workflow: parseWorkflow(text, { file, readSchema: schemaReader(file, project) }), source: file }];
  }
  const values = Object.values(await named(file, () => importModule(file))).flatMap((value) =>
    Array.isArray(value) ? value : [value],
  );
  const workflows = [...new Set(values.filter(isWorkflow))];
  if (workflows.length > 0) return workflows.map((workflow) => ({ workflow, source: file }));
  throw configInvalid(file, 'it exports no workflow. Export what .build() of a workflow() returns.');
}

/** Of a file that is named by itself: where the command was given, if the file is in there. */
function projectOf(file: string): string {
  const way = relative(process.cwd(), file);
  return way.startsWith('..') || isAbsolute(way) ? dirname(file) : process.cwd();
}

const isWorkflow = (value: unknown): value is AnyWorkflow => {
  const { definition, hash, agents } = (value ?? {}) as Partial<AnyWorkflow>;
  return typeof definition === 'object' && typeof hash === 'string' && Array.isArray(agents);
};

/** Where workflows come from, and how they are loaded. */
export interface WorkflowSource {
  readonly source: string;
  load(): Promise<readonly SourcedWorkflow[]>;
}

/**
 * What a configuration says its workflows are, each with a way to load it, so that one mistake does not hide another. A folder
 * stands for its files; a file that is named twice counts once.
 */
export async function workflowSources(read: ReadConfig): Promise<readonly WorkflowSource[]> {
  const { config, folder } = read;
  const lists = await Promise.all(
    (config.workflows ?? []).map(async (entry, index) => {
      if (typeof entry !== 'string') return [inCode(entry, index, read.file)];
      const files = await filesOf(resolve(folder, entry), 'modules-and-data');
      return files.map((source): WorkflowSource => ({ source, load: () => workflowsIn(source, folder) }));
    }),
  );
  const seen = new Set<string>([read.file]);
  return lists.flat().filter(({ source }) => source === read.file || (!seen.has(source) && seen.add(source)));
}

const inCode = (entry: AnyWorkflow, index: number, file: string): WorkflowSource => ({
  source: file,
  load: async () => {
    if (isWorkflow(entry)) return [{ workflow: entry, source: file }];
    const built =
      typeof (entry as { readonly build?: unknown }).build === 'function'
        ? ' It looks like a builder: call .build().'
        : '';
    throw configInvalid(file, `workflows[${index}] is not a workflow.${built}`);
  },
});

/** All workflows of a configuration. Throws what the first bad one throws, and for two of one name and version. */
export async function loadWorkflows(read: ReadConfig): Promise<readonly SourcedWorkflow[]> {
  const all = (await Promise.all((await workflowSources(read)).map(({ load }) => load()))).flat();
  const seen = new Map<string, SourcedWorkflow>();
  for (const entry of all) {
    const { name, version } = entry.workflow.definition;
    const key = `${name}@${version}`;
    const other = seen.get(key);
    if (other !== undefined && other.workflow !== entry.workflow)
      throw twice(read.file, key, other.source, entry.source);
    seen.set(key, entry);
  }
  return [...seen.values()];
}

const twice = (file: string, key: string, first: string, second: string): RepriseError =>
  configInvalid(
    file,
    `there are two workflows ${key}: in ${first} and in ${second}. Give one another name or version.`,
  );
