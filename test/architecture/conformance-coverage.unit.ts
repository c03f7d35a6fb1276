import * as kit from '@reprise/conformance';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { findImplementations, uncovered } from './support/conformance.ts';
import { type Files, scratchRepository } from './support/scratch-repository.ts';
import { ROOT } from './support/tools.ts';

// Whatever implements a port runs every conformance suite of that port. New plugins are found by their package.json.

const SUITES = { storeSuite: 'event-store', transportSuite: 'transport' };

const manifest = (name: string, kind?: string): string =>
  JSON.stringify({ name, ...(kind === undefined ? {} : { reprise: { kind, entry: '.' } }) });

const spec = (suite: string, from: string): string =>
  `import { ${suite} } from '@reprise/conformance';\nimport { create } from '${from}';\n${suite}('x', { create });\n`;

/** A repository in which everything is covered. */
const WHOLE: Files = {
  'core/src/container/builtin-plugins.ts': `
    definePlugin({ name: 'in-memory', kind: 'event-store', create: () => createMemory() });
    definePlugin({ name: 'in-process', kind: 'transport', create: ({ clock }) => createProcess(clock) });
    definePlugin({ name: 'graph', kind: 'scheduler', create: () => graphStrategy });`,
  'core/test/event-store/memory.unit.ts':
    "import { storeSuite } from '@reprise/conformance';\nimport { createMemory } from '@reprise/core';\nstoreSuite('m', { create: createMemory });",
  'core/test/messaging/process.int.ts':
    "import { transportSuite as suite } from '@reprise/conformance';\nimport { createProcess } from '@reprise/core';\nfor (const n of [1, 2]) suite(String(n), { create: () => createProcess() });",
  'plugins/event-store-a/package.json': manifest('@x/event-store-a', 'event-store'),
  'plugins/event-store-a/test/conformance.int.ts': spec('storeSuite', '@x/event-store-a'),
  'plugins/transport-b/package.json': manifest('@x/transport-b', 'transport'),
  'plugins/transport-b/test/deep/conformance.e2e.ts': spec('transportSuite', '../src/index.ts'),
  'plugins/monitor-c/package.json': manifest('@x/monitor-c', 'monitor'),
  'plugins/helper-d/package.json': manifest('@x/helper-d'),
};

const PLUGIN_SPEC = 'plugins/event-store-a/test/conformance.int.ts';
const PLUGIN_MISSES = '@x/event-store-a does not run storeSuite: no test in plugins/event-store-a/test does.';

function uncoveredIn(files: Files): readonly string[] {
  const { folder, remove } = scratchRepository(files);
  try {
    return uncovered(folder, SUITES);
  } finally {
    remove();
  }
}

const without = (path: string): Files => Object.fromEntries(Object.entries(WHOLE).filter(([other]) => other !== path));

describe('conformance suites', () => {
  it('are all in CONFORMANCE_SUITES', () => {
    const exported = Object.entries(kit).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
    expect(Object.keys(kit.CONFORMANCE_SUITES).sort()).to.deep.equal(exported.sort());
  });

  it('are run against every implementation of their port', () => {
    const found = findImplementations(ROOT).map(({ name, kind }) => `${kind}: ${name}`);
    expect(found).to.include.members([
      'event-store: @reprise/event-store-sqlite',
      'event-store: core: in-memory',
      'transport: core: in-process',
      'messages: core: messages',
      'view-store: @reprise/view-store-sqlite',
      'view-store: core: in-memory-views',
    ]);
    expect(uncovered(ROOT, kit.CONFORMANCE_SUITES)).to.deep.equal([]);
  });

  describe('are missed', () => {
    it('nowhere in a repository that has them all', () => {
      expect(uncoveredIn(WHOLE)).to.deep.equal([]);
    });

    it('in a plugin without the test', () => {
      expect(uncoveredIn(without(PLUGIN_SPEC))).to.deep.equal([PLUGIN_MISSES]);
    });

    const useless: Readonly<Record<string, string>> = {
      'does not call the suite':
        "import { storeSuite } from '@reprise/conformance';\nimport '@x/event-store-a';\nexport { storeSuite };",
      'has the call in a comment only':
        "import { storeSuite } from '@reprise/conformance';\nimport '@x/event-store-a';\n// storeSuite('x', {});",
      'calls a suite of another port': spec('transportSuite', '@x/event-store-a'),
      'calls something else of that name':
        "import { storeSuite } from './mine.ts';\nimport '@x/event-store-a';\nstoreSuite('x', {});",
      'tests another implementation': spec('storeSuite', '@x/event-store-other'),
    };
    for (const [what, text] of Object.entries(useless)) {
      it(`in a plugin whose test ${what}`, () => {
        expect(uncoveredIn({ ...WHOLE, [PLUGIN_SPEC]: text })).to.deep.equal([PLUGIN_MISSES]);
      });
    }

    it('in a plugin whose file mocha would not run', () => {
      const { [PLUGIN_SPEC]: text = '', ...others } = WHOLE;
      const path = 'plugins/event-store-a/test/conformance.ts';
      expect(uncoveredIn({ ...others, [path]: text })).to.deep.equal([PLUGIN_MISSES]);
    });

    it('in a built-in whose test is another one of the core', () => {
      expect(uncoveredIn(without('core/test/messaging/process.int.ts'))).to.deep.equal([
        'core: in-process does not run transportSuite: no test in core/test does.',
      ]);
    });

    it('where nothing implements the port', () => {
      const { 'core/src/container/builtin-plugins.ts': _builtIns, ...others } = WHOLE;
      const left = Object.fromEntries(
        Object.entries(others).filter(([path]) => !path.startsWith('plugins/transport-b')),
      );
      expect(uncoveredIn(left)).to.deep.equal(['transportSuite has nothing to check: there is no transport.']);
    });
  });
});
