#!/usr/bin/env node
// Written so that any Node can read it: an old one gets a sentence instead of a stack trace.
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The command of the project's own @reprise/cli, when the current folder is in a project that has another one than this. */
function ownCommand() {
  const refused = process.env.REPRISE_NO_HANDOVER;
  if (refused !== undefined && refused !== '' && refused !== '0') return undefined;
  try {
    const here = realpathSync(fileURLToPath(new URL('..', import.meta.url)));
    for (let folder = process.cwd(); ; folder = dirname(folder)) {
      const there = join(folder, 'node_modules', '@reprise', 'cli');
      const command = join(there, 'bin', 'run.js');
      if (existsSync(command)) return realpathSync(there) === here ? undefined : command;
      if (dirname(folder) === folder) return undefined;
    }
  } catch (_) {
    return undefined; // the current folder is gone, or may not be read
  }
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const argv = process.argv.slice(2);
const own = ownCommand();

if (own !== undefined) {
  try {
    await import(pathToFileURL(own).href);
  } catch (error) {
    // What a command itself has to say is said by it: this is about its loading.
    process.stderr.write(
      `Error: The reprise of this project could not be loaded, ${own}: ${error instanceof Error ? error.message : error}\n` +
        '  Fix: install its packages anew (npm install). REPRISE_NO_HANDOVER=1 runs this reprise instead.\n',
    );
    process.exitCode = 4;
  }
} else if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) {
  // Answered before anything is loaded.
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.stdout.write(`reprise ${version} (node ${process.versions.node}, ${process.platform}-${process.arch})\n`);
} else if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `Error: Reprise needs Node 22.18 or newer; this is ${process.versions.node}.\n` +
      '  Fix: install a current Node (https://nodejs.org), then run the same command again.\n',
  );
  process.exitCode = 4;
} else {
  const { main } = await import('../dist/main.js');
  await main(import.meta.url, argv);
}
