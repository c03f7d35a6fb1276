#!/usr/bin/env node
// Writes cli/oclif.manifest.json: the list of commands and their flags, so that the CLI starts without loading them all.
import { existsSync, writeFileSync } from 'node:fs';
import { inRoot } from './lib/repository.mjs';

const root = inRoot('cli');
if (existsSync(inRoot('cli', 'dist', 'commands'))) {
  const { Plugin } = await import('@oclif/core');
  const plugin = new Plugin({
    errorOnManifestCreate: true,
    ignoreManifest: true,
    respectNoCacheDefault: true,
    root,
    type: 'core',
  });
  await plugin.load();
  writeFileSync(inRoot('cli', 'oclif.manifest.json'), `${JSON.stringify(plugin.manifest, null, 2)}\n`);
}
