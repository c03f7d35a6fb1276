#!/usr/bin/env node
// Written so that any Node can read it: an old one gets a sentence instead of a stack trace.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `Error: Reprise needs Node 22.18 or newer; this is ${process.versions.node}.\n` +
      '  Fix: install a current Node (https://nodejs.org), then run the same command again.\n',
  );
  process.exitCode = 4;
} else {
  const { createReprise } = await import('../dist/index.js');
  await createReprise(process.argv.slice(2));
}
