import { RepriseError } from '@reprise/core';
import type { Screen } from '../output/terminal.ts';
import { runNpm } from '../plugins/npm.ts';
import { findPackageHome, type PackageManager } from '../plugins/package-manager.ts';

const managerOf = async (folder: string): Promise<PackageManager> => (await findPackageHome(folder))?.manager ?? 'npm';

/** What a user runs to install a project, with further packages. */
export async function installCommand(folder: string, packages: readonly string[]): Promise<string> {
  const manager = await managerOf(folder);
  return [manager, manager === 'npm' || packages.length === 0 ? 'install' : 'add', ...packages].join(' ');
}

/** Runs `npm install` in a folder; no script of a package runs. Throws REPRISE_INSTALL_FAILED. */
export async function install(folder: string, screen: Screen): Promise<void> {
  const manager = await managerOf(folder);
  if (manager !== 'npm') throw failed(folder, `it is a project of ${manager}. Run \`${manager} install\` in it.`);
  await screen.line('Installing its packages (npm install --ignore-scripts) ...');
  const { code, problem } = await runNpm(['install'], { cwd: folder });
  if (code !== 0) throw failed(folder, problem);
}

const failed = (folder: string, why: string): RepriseError =>
  new RepriseError('REPRISE_INSTALL_FAILED', `The packages of ${folder} could not be installed: ${why}`, {
    details: { folder },
  });
