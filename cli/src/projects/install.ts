import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { RepriseError } from '@reprise/core';
import type { Screen } from '../output/terminal.ts';

/** Lockfiles of package managers other than npm. */
const OTHERS = { 'pnpm-lock.yaml': 'pnpm', 'yarn.lock': 'yarn', 'bun.lock': 'bun', 'bun.lockb': 'bun' } as const;

const managerOf = (folder: string): string =>
  Object.entries(OTHERS).find(([lockfile]) => existsSync(join(folder, lockfile)))?.[1] ?? 'npm';

/** What a user runs to install a project, with further packages. */
export function installCommand(folder: string, packages: readonly string[]): string {
  const manager = managerOf(folder);
  return [manager, manager === 'npm' || packages.length === 0 ? 'install' : 'add', ...packages].join(' ');
}

/** Runs `npm install` in a folder; what npm says goes to `screen`. Throws REPRISE_INSTALL_FAILED. */
export async function install(folder: string, screen: Screen): Promise<void> {
  const manager = managerOf(folder);
  if (manager !== 'npm') throw failed(folder, `it is a project of ${manager}; run \`${manager} install\``);
  // npm is a script for a shell on Windows; nothing of the user's is in its arguments.
  const shell = process.platform === 'win32';
  const child = spawn('npm', ['install', '--no-audit', '--no-fund'], {
    cwd: folder,
    shell,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => reject(failed(folder, `npm could not be run (${error.message})`)));
    child.once('close', resolve);
  });
  const [code] = await Promise.all([ended, relay(child.stdout, screen), relay(child.stderr, screen)]);
  if (code !== 0) throw failed(folder, `npm ended with exit code ${code ?? 'none'}`);
}

async function relay(said: Readable, screen: Screen): Promise<void> {
  for await (const line of createInterface({ input: said })) await screen.line(line);
}

const failed = (folder: string, why: string): RepriseError =>
  new RepriseError('REPRISE_INSTALL_FAILED', `The packages of ${folder} could not be installed: ${why}.`, {
    details: { folder },
  });
