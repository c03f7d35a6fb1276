import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { ArboristNode } from '@npmcli/arborist';
import { type AgentContext, defineAgent } from '@reprise/core';
import { z } from 'zod';
import { DossierError } from '../agent-error.ts';
import { declaredLicence } from '../packages/declared-licence.ts';
import { isRecord, type Manifest } from '../packages/manifest.ts';
import { isPackagePath } from '../packages/package-path.ts';
import { isFileSystemError } from '../packages/read-files.ts';
import { type Inventory, inventorySchema, type PackageRecord } from '../records.ts';

const LOCKFILES = ['npm-shrinkwrap.json', 'package-lock.json'] as const;
const STAT_AT_ONCE = 64;

/**
 * Reads which packages a project depends on: from its npm lockfile (any version), or else from what is installed (for
 * projects locked by yarn or pnpm). Links to workspaces, and the workspaces, are not packages of the inventory.
 * Fails for good with NO_FOLDER, NO_MANIFEST, NO_DEPENDENCY_TREE or CORRUPT_JSON.
 */
export const inventory = defineAgent({
  name: 'inventory',
  description: 'Lists every package that a project depends on',
  capabilities: ['inventory'],
  inputSchema: z.object({
    /** The project's folder; relative to the working directory of the worker. */
    folder: z.string().default('.'),
  }),
  outputSchema: inventorySchema,
  async handle(task, context): Promise<Inventory> {
    const folder = resolve(task.input.folder);
    const manifest = await readProject(folder);
    const source = await findSource(folder);
    context.heartbeat();
    const nodes = await readNodes(folder, source);
    context.signal.throwIfAborted();
    const packages = await toRecords(folder, nodes, context);
    context.logger.info('dependency tree read', { folder, source, packages: packages.length });
    const text = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);
    const project = { name: text(manifest.name, basename(folder)), version: text(manifest.version, '') };
    return { folder, project, source, packages };
  },
});

async function readProject(folder: string): Promise<Manifest> {
  if (!(await isKind(folder, 'folder'))) {
    throw new DossierError('NO_FOLDER', `There is no folder ${folder}. Give the folder of the project to examine.`);
  }
  const path = join(folder, 'package.json');
  if (!(await isKind(path, 'file'))) {
    throw new DossierError('NO_MANIFEST', `${folder} has no package.json. Give the folder of a Node.js project.`);
  }
  return readJsonObject(path, 'Mend it; `npm pkg get` checks it.');
}

/** The lockfile to read, checked to be JSON; `node_modules` when there is none. */
async function findSource(folder: string): Promise<string> {
  for (const name of LOCKFILES) {
    const path = join(folder, name);
    if (!(await isKind(path, 'file'))) continue;
    await readJsonObject(path, 'Restore it from version control, or delete it and run `npm install`.');
    return name;
  }
  if (await isKind(join(folder, 'node_modules'), 'folder')) return 'node_modules';
  const fix = 'Run the install command of your package manager first (`npm install`).';
  throw new DossierError('NO_DEPENDENCY_TREE', `${folder} has no npm lockfile and no node_modules. ${fix}`);
}

async function readNodes(folder: string, source: string): Promise<readonly ArboristNode[]> {
  // Loaded here: it is large, and only this agent needs it.
  const { default: Arborist } = await import('@npmcli/arborist');
  const arborist = new Arborist({ path: folder });
  const tree = await (source === 'node_modules' ? arborist.loadActual() : arborist.loadVirtual());
  return [...tree.inventory.values()].filter((node) => !node.isLink && isPackagePath(node.location));
}

async function toRecords(
  folder: string,
  nodes: readonly ArboristNode[],
  context: AgentContext,
): Promise<PackageRecord[]> {
  const sorted = nodes.toSorted((a, b) => (a.location < b.location ? -1 : 1));
  const records: PackageRecord[] = [];
  for (let at = 0; at < sorted.length; at += STAT_AT_ONCE) {
    context.signal.throwIfAborted();
    context.heartbeat();
    records.push(...(await Promise.all(sorted.slice(at, at + STAT_AT_ONCE).map((node) => toRecord(folder, node)))));
  }
  return records;
}

async function toRecord(folder: string, node: ArboristNode): Promise<PackageRecord> {
  const installed = await isKind(join(folder, node.location), 'folder');
  const { deprecated, license } = node.package;
  const licence = installed ? undefined : declaredLicence({ license })?.licence;
  return {
    path: node.location,
    name: node.packageName ?? node.name,
    version: typeof node.version === 'string' && node.version !== '' ? node.version : 'unknown',
    installed,
    ...(node.dev ? { dev: true as const } : {}),
    ...(node.optional ? { optional: true as const } : {}),
    ...(typeof deprecated === 'string' && deprecated !== '' ? { deprecated: true as const } : {}),
    ...(licence === undefined ? {} : { licence }),
  };
}

async function isKind(path: string, kind: 'file' | 'folder'): Promise<boolean> {
  try {
    const stats = await stat(path);
    return kind === 'file' ? stats.isFile() : stats.isDirectory();
  } catch (error) {
    if (isFileSystemError(error)) return false;
    throw error;
  }
}

async function readJsonObject(path: string, fix: string): Promise<Manifest> {
  const text = await readFile(path, 'utf8');
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    if (isRecord(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new DossierError('CORRUPT_JSON', `${path} is not JSON: ${error.message}. ${fix}`, error);
  }
  throw new DossierError('CORRUPT_JSON', `${path} does not hold a JSON object. ${fix}`);
}
