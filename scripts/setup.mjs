#!/usr/bin/env node
// Installs and builds if needed; says what it does. `npm start` and `npm test` begin with it. Runs on Node 20 without
// anything installed.
import { build } from './lib/build.mjs';
import { install } from './lib/install.mjs';
import { SetupError, say } from './lib/progress.mjs';
import { NODE_TOO_OLD, repositoryNode } from './lib/repository.mjs';

try {
  const installed = await install();
  if (repositoryNode() === undefined) throw new SetupError(NODE_TOO_OLD);
  const built = await build();
  if (installed || built) say('Ready.');
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = error.exitCode;
}
