#!/usr/bin/env node
// Written so that any Node can read it: an old one gets a sentence instead of a stack trace.
import { readFileSync } from 'node:fs';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const argv = process.argv.slice(2);

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) {
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
