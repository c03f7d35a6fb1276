import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './child.mjs';
import { SetupError, step } from './progress.mjs';
import { builtPackages, inRoot, repositoryNode } from './repository.mjs';

// Packages are built when a source, a tsconfig or a manifest changed since the last build that succeeded.

const STAMP = inRoot('node_modules', '.reprise-build');

/** The package whose page is built, too: it is shipped built. */
const PAGE = 'plugins/monitor-dashboard';

function* filesUnder(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else yield path;
  }
}

function* inputs() {
  yield* ['package-lock.json', 'tsconfig.json', 'tsconfig.base.json'].map((name) => inRoot(name));
  for (const folder of builtPackages()) {
    yield inRoot(folder, 'package.json');
    yield inRoot(folder, 'tsconfig.json');
    yield* filesUnder(inRoot(folder, 'src'));
  }
  yield* filesUnder(inRoot(PAGE, 'ui'));
}

/** Changes when any input is added, removed or touched. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const path of inputs()) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path}\n${size}\n${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

const isBuilt = () =>
  existsSync(inRoot(PAGE, 'page', 'index.html')) &&
  builtPackages().every((folder) => existsSync(inRoot(folder, 'dist', '.tsbuildinfo')));

/** Removes what the compiler wrote for sources that are gone: commands are found by listing dist. */
function removeStaleOutputs() {
  for (const folder of builtPackages()) {
    const dist = inRoot(folder, 'dist');
    for (const path of filesUnder(dist)) {
      if (!path.endsWith('.d.ts')) continue;
      const stem = path.slice(0, -'.d.ts'.length);
      const source = inRoot(folder, 'src') + stem.slice(dist.length);
      if (existsSync(`${source}.ts`) || existsSync(`${source}.tsx`)) continue;
      for (const suffix of ['.d.ts', '.d.ts.map', '.js', '.js.map']) rmSync(stem + suffix, { force: true });
    }
  }
}

const built = () => (existsSync(STAMP) && isBuilt() ? readFileSync(STAMP, 'utf8') : undefined);

/** Runs a tool of the repository; a failure shows what it printed. */
async function tool(args, what) {
  const { code, output } = await run(repositoryNode(), args, { capture: true });
  if (code === 130) throw new SetupError('Interrupted. Run the same command again.', 130);
  if (code !== 0) throw new SetupError(`${output.trimEnd()}\n${what} failed (exit code ${code}).`);
}

/** Builds if needed. Resolves to whether it did. */
export async function build() {
  const now = fingerprint();
  if (built() === now) return false;
  await step('Building (tsc --build --force, then the list of commands and the page of the dashboard)', async () => {
    rmSync(STAMP, { force: true });
    await tool([inRoot('node_modules', 'typescript', 'bin', 'tsc'), '--build', '--force'], 'The build');
    removeStaleOutputs();
    await tool([inRoot('scripts', 'oclif-manifest.mjs')], 'Writing cli/oclif.manifest.json');
    const vite = inRoot('node_modules', 'vite', 'bin', 'vite.js');
    const config = inRoot(PAGE, 'ui', 'vite.config.ts');
    await tool([vite, 'build', '--logLevel', 'warn', '--config', config], 'The build of the page');
    writeFileSync(STAMP, now);
  });
  return true;
}
