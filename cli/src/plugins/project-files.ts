import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { runNpm } from './npm.ts';
import { above, NPM_LOCKFILES } from './package-manager.ts';

/**
 * The files of a project that an installation changes, as they were, byte for byte. putBack() is called when something goes wrong: files first,
 * then node_modules by npm from the files, then the files once more, which npm may have touched.
 */
export class ProjectFiles {
  readonly #contents: ReadonlyMap<string, Buffer | undefined>;
  readonly #packages: string | undefined;
  /** Here, or in the workspace around. */
  readonly #hadModules: boolean;
  readonly #hadOwnModules: boolean;

  private constructor(contents: ReadonlyMap<string, Buffer | undefined>, packages: string | undefined) {
    this.#contents = contents;
    this.#packages = packages;
    this.#hadOwnModules = packages !== undefined && existsSync(join(packages, 'node_modules'));
    // In a workspace, packages are beside the lockfile of its root.
    this.#hadModules =
      packages !== undefined &&
      (this.#hadOwnModules || [...contents.keys()].some((file) => isLockAbove(file, packages)));
  }

  /** `packages`: the folder with the package.json, when npm is to change it. */
  static async take(pluginFile: string, packages: string | undefined): Promise<ProjectFiles> {
    const locks =
      packages === undefined
        ? []
        : above(packages).flatMap((folder) => NPM_LOCKFILES.map((name) => join(folder, name)));
    const mayAppear =
      packages === undefined ? [] : [join(packages, 'package.json'), join(packages, 'package-lock.json')];
    const files = new Set([pluginFile, ...mayAppear, ...locks.filter((file) => existsSync(file))]);
    const contents = new Map<string, Buffer | undefined>();
    for (const file of files) contents.set(file, existsSync(file) ? await readFile(file) : undefined);
    return new ProjectFiles(contents, packages);
  }

  /** Undefined when everything is as it was, else what is not. `withModules`: npm has been at work. */
  async putBack(withModules: boolean): Promise<string | undefined> {
    try {
      await this.#writeFiles();
      const problem = withModules ? await this.#putBackModules() : undefined;
      await this.#writeFiles();
      return problem;
    } catch (error) {
      return `not everything could be put back: ${(error as Error).message}`;
    }
  }

  /** The files only, at once: for the end of a process. What is not as it was; undefined when everything is. */
  putBackAtOnce(withModules: boolean): string | undefined {
    try {
      for (const [file, bytes] of this.#contents) {
        if (bytes === undefined) rmSync(file, { force: true });
        else if (!(existsSync(file) && bytes.equals(readFileSync(file)))) writeFileSync(file, bytes);
      }
      return withModules ? 'node_modules may not be as it was (npm install mends that).' : undefined;
    } catch (error) {
      return `not everything could be put back: ${(error as Error).message}`;
    }
  }

  async #writeFiles(): Promise<void> {
    for (const [file, bytes] of this.#contents) {
      if (bytes === undefined) await rm(file, { force: true });
      else if (!(existsSync(file) && bytes.equals(await readFile(file)))) await writeWhole(file, bytes);
    }
  }

  async #putBackModules(): Promise<string | undefined> {
    if (this.#packages === undefined) return undefined;
    if (!this.#hadModules) {
      await rm(join(this.#packages, 'node_modules'), { recursive: true, force: true });
      return undefined;
    }
    const { code, problem } = await runNpm(['install', '--prefer-offline'], { cwd: this.#packages });
    // Without a lockfile, npm leaves what nothing asks for.
    await runNpm(['prune'], { cwd: this.#packages });
    await this.#removeEmptyModules();
    return code === 0 ? undefined : `node_modules may not be as it was (npm install mends that): ${problem}`;
  }

  async #removeEmptyModules(): Promise<void> {
    if (this.#hadOwnModules || this.#packages === undefined) return;
    const own = join(this.#packages, 'node_modules');
    // npm leaves its own record, and empty folders of scopes.
    const files = existsSync(own) ? await readdir(own, { recursive: true, withFileTypes: true }) : [];
    const isNothing = files.every((entry) => entry.isDirectory() || entry.name === '.package-lock.json');
    if (isNothing) await rm(own, { recursive: true, force: true });
  }
}

const isLockAbove = (file: string, packages: string): boolean =>
  NPM_LOCKFILES.includes(basename(file)) && dirname(file) !== packages;

/** Writes a file whole or not at all. */
export async function writeWhole(file: string, contents: string | Buffer): Promise<void> {
  const beside = `${file}.new-${process.pid}`;
  try {
    await writeFile(beside, contents);
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
