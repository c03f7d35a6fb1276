import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzip } from 'node:zlib';
import { RepriseError } from '@reprise/core';
import { unpackTar } from 'modern-tar';
import { isPackageName } from '../config/installed-package.ts';
import { type PackageSays, readPackageSays } from '../config/package-says.ts';
import { runNpm } from './npm.ts';
import { npmSpec, type PackageSpec } from './package-spec.ts';

/** A package as it would go in, looked at without running anything of it. */
export interface PackedPackage {
  readonly says: PackageSays;
  /** Of the tarball, as in a lockfile. */
  readonly integrity: string;
  /** The text of the file that it names for the schema of its options. */
  readonly schemaText: string | undefined;
}

/** Bytes of a tarball that are unpacked at the most. */
const MAX_UNPACKED = 512 * 1024 * 1024;
/** Bytes that package.json, or a schema, may have. */
const MAX_TEXT = 1024 * 1024;

export const installFailed = (message: string, cause?: unknown): RepriseError =>
  new RepriseError('REPRISE_PLUGIN_INSTALL_FAILED', message, cause === undefined ? {} : { cause });

/** Packs a package, and reads it. Throws REPRISE_PLUGIN_INSTALL_FAILED. */
export async function packPackage(spec: PackageSpec, cwd: string, signal?: AbortSignal): Promise<PackedPackage> {
  const folder = await mkdtemp(join(tmpdir(), 'reprise-plugin-'));
  try {
    const options = signal === undefined ? { cwd } : { cwd, signal };
    const { code, problem } = await runNpm(['pack', npmSpec(spec), '--pack-destination', folder], options);
    signal?.throwIfAborted();
    if (code !== 0) throw installFailed(`npm cannot pack ${npmSpec(spec)}: ${problem}`);
    const [tarball, ...others] = await readdir(folder);
    if (tarball === undefined || others.length > 0) throw installFailed(`npm packed nothing for ${npmSpec(spec)}.`);
    return await readPacked(await readFile(join(folder, tarball)), npmSpec(spec), spec);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Reads a tarball as data. */
async function readPacked(tarball: Buffer, what: string, spec: PackageSpec): Promise<PackedPackage> {
  const files = await textFiles(tarball, what);
  let manifest: unknown;
  try {
    manifest = JSON.parse(files.get('package.json') ?? '');
  } catch (error) {
    throw installFailed(`${what} has no package.json that can be read.`, error);
  }
  const says = readPackageSays(manifest);
  if (!isPackageName(says.name))
    throw installFailed(`${what} has no name that a package may have: ${JSON.stringify(says.name)}.`);
  if (!/^\d+\.\d+\.\d+([-+][\w.+-]*)?$/.test(says.version))
    throw installFailed(`${what} has no version that a package may have: ${JSON.stringify(says.version)}.`);
  if (spec.kind === 'registry' && says.name !== spec.name)
    throw installFailed(`${what} says that its name is ${JSON.stringify(says.name)}.`);
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  return { says, integrity, schemaText: says.options === undefined ? undefined : files.get(says.options) };
}

/** The texts in a tarball that may be asked for: JSON, by their path in the package. */
async function textFiles(tarball: Buffer, what: string): Promise<ReadonlyMap<string, string>> {
  try {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    gunzip(tarball, { maxOutputLength: MAX_UNPACKED }, (error, bytes) =>
      error === null ? resolve(bytes) : reject(error),
    );
    const entries = await unpackTar(await promise, {
      // npm packs everything into one folder, whose name may be another than `package`.
      strip: 1,
      filter: ({ name, type, size }) => type === 'file' && name.endsWith('.json') && size <= MAX_TEXT,
    });
    return new Map(entries.map(({ header, data }) => [header.name, new TextDecoder().decode(data)]));
  } catch (error) {
    throw installFailed(`${what} is no tarball that can be read: ${String((error as Error).message)}.`, error);
  }
}
