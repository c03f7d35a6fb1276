#!/usr/bin/env node
// Nothing in the lockfile needs an install script, names a registry, or brings a Node that is too old.
import { lockfileProblems } from './lib/lockfile.mjs';
import { inRoot, readJson } from './lib/repository.mjs';

const problems = lockfileProblems(readJson(inRoot('package-lock.json')), readJson(inRoot('package.json')));
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(problems.length === 0 ? 'package-lock.json is in order.\n' : `${problems.length} problems.\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
