import { isNewEnough } from './repository.mjs';

const nameOf = (path) => path.split('node_modules/').at(-1);

/** Where npm looks for `name` when `from` asks for it: each node_modules up to the root. */
function isLocked(packages, from, name) {
  for (let folder = from; ; folder = folder.replace(/(^|\/)(node_modules\/)?(@[^/]+\/)?[^/]+$/, '')) {
    if (packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`] !== undefined) return true;
    if (folder === '') return false;
  }
}

/** Optional dependencies of exact version that the lockfile lacks, beside the package that asks for them. */
export function missingPlatformPackages({ packages }) {
  const missing = [];
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (!/^\d+\.\d+\.\d+$/.test(version) || isLocked(packages, path, name)) continue;
      const beside = path.slice(0, path.lastIndexOf('node_modules/'));
      missing.push({ path: `${beside}node_modules/${name}`, name, version, dev: entry.dev === true });
    }
  }
  return missing;
}

/**
 * What is wrong with a lockfile, one sentence each: install scripts that nobody refused, packages pinned to one registry
 * or host, platform packages that are missing, a Node of the repository that is too old.
 */
export function lockfileProblems(lockfile, manifest) {
  const refused = Object.entries(manifest.allowScripts ?? {}).filter(([, allowed]) => allowed === false);
  const harmless = new Set(refused.map(([name]) => name));
  const nodes = new Set(Object.keys(manifest.optionalDependencies ?? {}));
  const problems = [];
  for (const [path, entry] of Object.entries(lockfile.packages)) {
    const name = nameOf(path);
    if (entry.hasInstallScript === true && !harmless.has(name)) {
      problems.push(`${path} has an install script, and package.json does not refuse it in allowScripts.`);
    }
    if (entry.link !== true && entry.resolved !== undefined) problems.push(`${path} is pinned to ${entry.resolved}.`);
    if (nodes.has(name) && !isNewEnough(entry.version)) problems.push(`${path} brings Node ${entry.version}: too old.`);
  }
  for (const name of nodes) {
    if (lockfile.packages[`node_modules/${name}`] === undefined) problems.push(`${name} is missing from the lockfile.`);
  }
  for (const { path } of missingPlatformPackages(lockfile)) {
    problems.push(
      `${path} is missing from the lockfile, and npm ci refuses that: run node scripts/complete-lockfile.mjs.`,
    );
  }
  return problems;
}
