import { spawn } from 'node:child_process';
import { RepriseError } from '@reprise/core';

/** Runs `npm install` in a folder; what npm says goes to stderr. Throws REPRISE_INSTALL_FAILED. */
export async function install(folder: string): Promise<void> {
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
