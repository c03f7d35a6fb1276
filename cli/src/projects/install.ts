import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RepriseError } from '@reprise/core';

/** Lockfiles of package managers other than npm. */
const OTHERS = { 'pnpm-lock.yaml': 'pnpm', 'yarn.lock': 'yarn', 'bun.lock': 'bun', 'bun.lockb': 'bun' } as const;

const managerOf = (folder: string): string =>
  Object.entries(OTHERS).find(([lockfile]) => existsSync(join(folder, lockfile)))?.[1] ?? 'npm';

/** What a user runs to install a project, with further packages. */
export function installCommand(folder: string, packages: readonly string[]): string {
  const manager = managerOf(folder);
  return [manager, manager === 'npm' || packages.length === 0 ? 'install' : 'add', ...packages].join(' ');
}

/** Runs `npm install` in a folder; what npm says goes to stderr. Throws REPRISE_INSTALL_FAILED. */
export async function install(folder: string): Promise<void> {
  const manager = managerOf(folder);
  if (manager !== 'npm') throw failed(folder, `it is a project of ${manager}; run \`${manager} install\``);
  const args = ['install', '--no-audit', '--no-fund'];
  const stdio = ['ignore', process.stderr, process.stderr] as const;
  // npm is a script for a shell on Windows; nothing of the user's is in its arguments.
  const child = spawn('npm', args, { cwd: folder, stdio: [...stdio], shell: process.platform === 'win32' });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => reject(failed(folder, `npm could not be run (${error.message})`)));
    child.once('close', resolve);
  });
  if (code !== 0) throw failed(folder, `npm ended with exit code ${code ?? 'none'}`);
}

const failed = (folder: string, why: string): RepriseError =>
  new RepriseError('REPRISE_INSTALL_FAILED', `The packages of ${folder} could not be installed: ${why}.`, {
    details: { folder },
  });
