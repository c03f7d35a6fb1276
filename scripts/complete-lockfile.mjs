#!/usr/bin/env node
// Adds the platform packages that package-lock.json lacks. npm leaves an optional dependency out of the lockfile when the
// registry that it reached does not carry it, and `npm ci` then refuses the lockfile. What is added has a version and the
// platform that its name tells, no integrity hash: only that platform ever fetches it. Run it after `npm install`.
import { writeFileSync } from 'node:fs';
import { missingPlatformPackages } from './lib/lockfile.mjs';
import { inRoot, readJson } from './lib/repository.mjs';

const OPERATING_SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'];

/** The platform that a package's name tells: "@swc/core-linux-x64-gnu". */
function platformOf(name) {
  const words = name.split('/').at(-1).split('-');
  const os = OPERATING_SYSTEMS.filter((word) => words.includes(word));
  const cpu = PROCESSORS.filter((word) => words.includes(word));
  if (os.length !== 1 || cpu.length !== 1)
    throw new Error(`The name of ${name} does not tell its platform: add it by hand.`);
  const libc = words.includes('musl') ? ['musl'] : words.includes('gnu') ? ['glibc'] : undefined;
  return { cpu, ...(libc === undefined ? {} : { libc }), os };
}

const path = inRoot('package-lock.json');
const lockfile = readJson(path);
const missing = missingPlatformPackages(lockfile);
for (const { path: place, name, version, dev } of missing) {
  const { cpu, libc, os } = platformOf(name);
  lockfile.packages[place] = { version, cpu, ...(dev ? { dev } : {}), ...(libc ? { libc } : {}), optional: true, os };
}
// The root stays first; npm keeps the others sorted.
const [root, ...others] = Object.entries(lockfile.packages);
others.sort(([a], [b]) => a.localeCompare(b, 'en'));
lockfile.packages = Object.fromEntries([root, ...others]);
if (missing.length > 0) writeFileSync(path, `${JSON.stringify(lockfile, null, 2)}\n`);
process.stdout.write(`${missing.length} platform packages added to package-lock.json.\n`);
