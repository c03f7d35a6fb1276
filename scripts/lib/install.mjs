import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { run } from './child.mjs';
import { npmCommand } from './npm.mjs';
import { SetupError, step } from './progress.mjs';
import { inRoot, readJson } from './repository.mjs';

// Dependencies are installed when node_modules does not match package-lock.json. The stamp is written last, so an
// installation that was interrupted is made again.

const STAMP = inRoot('node_modules', '.reprise-install.json');
const LOCKFILE = inRoot('package-lock.json');

const wanted = () => ({
  lockfile: createHash('sha256').update(readFileSync(LOCKFILE)).digest('hex'),
  platform: `${process.platform}-${process.arch}`,
});

const stamped = (path) => {
  try {
    return readJson(path);
  } catch {
    return undefined; // none, or torn: the same as out of date
  }
};

const isSame = (a, b) => a !== undefined && a.lockfile === b.lockfile && a.platform === b.platform;

/** Whether npm's own record of node_modules has every package of the lockfile: someone ran `npm install` by hand. */
function matchesHiddenLockfile() {
  const hidden = stamped(inRoot('node_modules', '.package-lock.json'))?.packages;
  if (hidden === undefined) return false;
  return Object.entries(readJson(LOCKFILE).packages).every(([path, entry]) => {
    if (!path.includes('node_modules/') || entry.optional === true || entry.peer === true) return true;
    const installed = hidden[path];
    if (installed === undefined || !existsSync(inRoot(path))) return false;
    return entry.link === true || installed.version === entry.version;
  });
}

/** Windows cannot delete the Node that runs this, which `npm ci` would. */
const verb = () =>
  process.platform === 'win32' && process.execPath.startsWith(inRoot('node_modules')) ? 'install' : 'ci';

/** Installs the dependencies if needed. Resolves to whether it did. */
export async function install() {
  const now = wanted();
  const before = stamped(STAMP);
  if (isSame(before, now)) return false;
  if ((before === undefined || before.platform === now.platform) && matchesHiddenLockfile()) {
    writeFileSync(STAMP, JSON.stringify(now));
    return false;
  }
  await step('Installing dependencies (npm ci; a minute or so the first time)', async () => {
    rmSync(STAMP, { force: true });
    const { command, args } = npmCommand();
    const flags = [verb(), '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const { code } = await run(command, [...args, ...flags], { abrupt: true });
    if (code === 130) throw new SetupError('Interrupted. Nothing is lost: run the same command again.', 130);
    if (code !== 0) {
      throw new SetupError(
        `npm could not install the dependencies (exit code ${code}); its own message is above.
Check the network (or your npm registry and proxy settings), then run the same command again.`,
      );
    }
    writeFileSync(STAMP, JSON.stringify(now));
  });
  return true;
}
