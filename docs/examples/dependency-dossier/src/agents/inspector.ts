import { join } from 'node:path';
import { defineAgent } from '@reprise/core';
import { declaredLicence } from '../packages/declared-licence.ts';
import { type DiskUsage, diskUsage } from '../packages/disk-usage.ts';
import { licenceFromFiles } from '../packages/licence-file.ts';
import { isRecord, type Manifest, readManifest, shortText } from '../packages/manifest.ts';
import { moduleKind, typesOf } from '../packages/module-facts.ts';
import { listFolder } from '../packages/read-files.ts';
import { type Inspection, inspectionSchema, type PackageTask, packageTaskSchema } from '../records.ts';

/**
 * Examines one package on disk. Never fails over what a package looks like: one that is not installed (optional, for
 * another platform) or cannot be read comes back with what is known and `problem`.
 */
export const inspector = defineAgent({
  name: 'inspector',
  description: 'Examines one installed package: licence, scripts, size, native code, types',
  capabilities: ['inspect-package'],
  inputSchema: packageTaskSchema,
  outputSchema: inspectionSchema,
  async handle(task, context): Promise<Inspection> {
    const { folder: root, ...record } = task.input;
    if (!record.installed) return { ...record, bytes: 0, files: 0, types: 'none' };
    const folder = join(root, record.path);
    const usage = await diskUsage(folder, context);
    const names = await listFolder(folder);
    const manifest = await readManifest(folder);
    const problem = problemOf(manifest, usage);
    const facts = typeof manifest === 'string' ? {} : await manifestFacts(task.input, manifest, names, usage);
    return {
      ...record,
      ...(await licenceOf(folder, typeof manifest === 'string' ? {} : manifest, names)),
      bytes: usage.bytes,
      files: usage.files,
      types: 'none',
      ...facts,
      ...(problem === undefined ? {} : { problem }),
    };
  },
});

function problemOf(manifest: Manifest | 'missing' | 'corrupt', usage: DiskUsage): string | undefined {
  if (manifest === 'missing') return 'package.json cannot be read';
  if (manifest === 'corrupt') return 'package.json is not a JSON object';
  return usage.unreadable > 0 ? `${usage.unreadable} entries cannot be read` : undefined;
}

async function licenceOf(
  folder: string,
  manifest: Manifest,
  names: readonly string[],
): Promise<Pick<Inspection, 'licence' | 'licenceFrom'>> {
  const declared = declaredLicence(manifest);
  const referred = declared === undefined ? undefined : /^see licen[cs]e in (.+)$/i.exec(declared.licence)?.[1];
  if (declared !== undefined && referred === undefined) {
    return { licence: declared.licence, ...(declared.from === undefined ? {} : { licenceFrom: declared.from }) };
  }
  const recognised = await licenceFromFiles(folder, names, referred?.replace(/^\.\//, '').replace(/[<>]/g, '').trim());
  if (recognised !== undefined) return { licence: recognised, licenceFrom: 'file' };
  return declared === undefined ? {} : { licence: declared.licence };
}

async function manifestFacts(
  task: PackageTask,
  manifest: Manifest,
  names: readonly string[],
  usage: DiskUsage,
): Promise<Partial<Inspection>> {
  const scripts = installScripts(manifest, names);
  const engines = isRecord(manifest.engines) ? shortText(manifest.engines.node, 60) : undefined;
  const version = shortText(manifest.version, 100);
  const native = usage.addon ? 'binary' : names.includes('binding.gyp') ? 'gyp' : undefined;
  const module = moduleKind(manifest, names);
  return {
    types: await typesOf(task.folder, task.path, task.name, manifest, names),
    ...(module !== undefined ? { module } : {}),
    ...(scripts.length > 0 ? { scripts } : {}),
    ...(engines !== undefined ? { engines } : {}),
    ...(native !== undefined ? { native } : {}),
    ...(shortText(manifest.deprecated, 1) !== undefined || manifest.deprecated === true
      ? { deprecated: true as const }
      : {}),
    ...(version !== undefined && version !== task.version ? { found: version } : {}),
  };
}

function installScripts(manifest: Manifest, names: readonly string[]): NonNullable<Inspection['scripts']> {
  const declared = isRecord(manifest.scripts) ? manifest.scripts : {};
  const scripts: NonNullable<Inspection['scripts']> = (['preinstall', 'install', 'postinstall'] as const).filter(
    (name) => typeof declared[name] === 'string' && declared[name] !== '',
  );
  // npm builds a package with a binding.gyp unless it says how, or says no.
  const implied = !scripts.includes('install') && !scripts.includes('preinstall') && manifest.gypfile !== false;
  if (names.includes('binding.gyp') && implied) scripts.push('node-gyp');
  return scripts;
}
