import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as main from '@reprise/core';
import * as entry from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ROOT } from './support/tools.ts';

// @reprise/core/plugin has all that plugins need of the core, and costs them nothing that they do not need.

const ENTRY = 'core/src/plugin.ts';
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** `import` and `export … from` of a source: the names, without `type`, and where they come from. */
function importsOf(
  text: string,
): readonly { readonly names: readonly string[]; readonly from: string; type: boolean }[] {
  return [...text.matchAll(/^(?:import|export) (type )?\{([^}]*)\} from '([^']+)';/gm)].map(
    ([, type, list = '', from = '']) => {
      const written = list.split(',').flatMap((name) => name.trim() || []);
      const names = written.map((name) => name.replace(/^type /, '').replace(/ as .*/, ''));
      return { names, from, type: type !== undefined || written.every((name) => name.startsWith('type ')) };
    },
  );
}

const exported = new Set(importsOf(read(ENTRY)).flatMap(({ names }) => names));

/** Modules that are loaded with one, itself included; bare names of packages as they are. */
function loadedWith(path: string, loaded = new Set<string>()): ReadonlySet<string> {
  if (loaded.has(path)) return loaded;
  loaded.add(path);
  for (const { from, type } of importsOf(read(path))) {
    if (type) continue;
    if (from.startsWith('.')) loadedWith(join(dirname(path), from), loaded);
    else loaded.add(from);
  }
  return loaded;
}

const SOURCES = ['plugins/*/src/**/*.ts', 'test/conformance/src/**/*.ts'];
/** It plays whole runs: it needs what programs and tests have. */
const PLAYS_RUNS = 'test/conformance/src/strategy/team-conformance.ts';

describe('the entry for plugins', () => {
  it('has everything that the plugins of this repository and the conformance kit import of the core', () => {
    const missing: string[] = [];
    const used = new Set<string>();
    for (const path of globSync(SOURCES, { cwd: ROOT })) {
      for (const { names, from } of importsOf(read(path))) {
        if (path === PLAYS_RUNS || (from !== '@reprise/core' && !from.startsWith('@reprise/core/'))) continue;
        if (from !== '@reprise/core/plugin') missing.push(`${path} imports ${from}`);
        for (const name of names) {
          if (exported.has(name)) used.add(name);
          else missing.push(`${path} imports ${name}`);
        }
      }
    }
    expect(missing).to.deep.equal([]);
    expect(used.size).to.be.greaterThan(40);
  });

  it('loads no engine, no container and no package', () => {
    const loaded = [...loadedWith(ENTRY)];
    expect(loaded).to.include.members([ENTRY, 'core/src/container/plugin.ts', 'core/src/shared/errors.ts']);
    expect(loaded.filter((module) => !module.startsWith('core/src/') && !module.startsWith('node:'))).to.deep.equal([]);
    expect(loaded.filter((module) => /\/(runtime|workflow|testing)\/|create-reprise/.test(module))).to.deep.equal([]);
    for (const module of loaded) if (module.startsWith('core/')) expect(existsSync(join(ROOT, module))).to.equal(true);
  });

  it('has the same things as the main entry where both have them', () => {
    const both = Object.keys(entry).filter((name) => name in main);
    expect(both).to.include.members(['RepriseError', 'definePlugin', 'NO_STREAM', 'systemClock']);
    for (const name of both) expect(Reflect.get(entry, name), name).to.equal(Reflect.get(main, name));
  });

  it('is what the package says it is', () => {
    const { exports } = JSON.parse(read('core/package.json')) as { exports: Record<string, Record<string, string>> };
    expect(Object.keys(exports)).to.deep.equal(['.', './plugin', './fold', './testing']);
    expect(exports['./plugin']).to.deep.equal({
      'reprise-source': './src/plugin.ts',
      types: './dist/plugin.d.ts',
      default: './dist/plugin.js',
    });
  });
});

describe('the entry for folds', () => {
  it('loads what the page of the dashboard can do without or has in another form, and no engine', () => {
    const loaded = [...loadedWith('core/src/fold.ts')];
    expect(loaded).to.include('core/src/orchestration/workflow/evolve.ts');
    expect(loaded.filter((module) => module.startsWith('node:'))).to.deep.equal(['node:crypto']);
    const packages = loaded.filter((module) => !module.startsWith('core/src/') && !module.startsWith('node:'));
    expect(packages.filter((module) => !/cel-js|re2/.test(module))).to.deep.equal([]);
    expect(
      loaded.filter((module) => /\/(runtime|testing|monitoring|views)\/|create-reprise/.test(module)),
    ).to.deep.equal([]);
    // The one way to CEL is the module that the page replaces (ui/vite.config.ts).
    const importers = loaded.filter(
      (module) =>
        module.startsWith('core/src/') && !module.includes('/cel/') && /from '[^']*\/cel\//.test(read(module)),
    );
    expect(importers).to.deep.equal(['core/src/definition/task-nodes.ts']);
  });
});
