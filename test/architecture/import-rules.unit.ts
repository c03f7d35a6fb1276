import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { type Files, scratchRepository } from './support/scratch-repository.ts';
import { cruise, ROOT, type Violation } from './support/tools.ts';

const entry = (name: string): string =>
  JSON.stringify({ name, version: '1.0.0', type: 'module', exports: { '.': { 'reprise-source': './src/index.ts' } } });

/** A small repository that keeps every rule. */
const GOOD: Files = {
  'package.json': JSON.stringify({ name: 'scratch', type: 'module' }),
  'node_modules/inversify/package.json': JSON.stringify({ name: 'inversify', version: '1.0.0', main: 'index.js' }),
  'node_modules/inversify/index.js': 'module.exports = {};',
  'node_modules/chai/package.json': JSON.stringify({ name: 'chai', version: '1.0.0', main: 'index.js' }),
  'node_modules/chai/index.js': 'module.exports = {};',
  'core/src/index.ts': "export { a } from './shared/a.ts';",
  'core/src/plugin.ts': "export type { Store } from './event-store/a.ts';",
  'core/src/shared/a.ts': "import { hash } from 'node:crypto';\nexport const a = hash;\nexport type A = 1;",
  'core/src/shared/system.ts': "import { randomUUID } from 'node:crypto';\nexport const id = randomUUID;",
  'core/src/definition/a.ts': "import { a } from '../shared/a.ts';\nexport const d = a;\nexport type D = 1;",
  'core/src/agent/a.ts': "import type { D } from '../definition/a.ts';\nexport type Agent = D;",
  'core/src/event-store/a.ts': 'export type Store = 1;',
  'core/src/orchestration/task-chaining/a.ts': "import type { D } from '../../definition/a.ts';\nexport type T = D;",
  'core/src/orchestration/workflow/a.ts': "import type { T } from '../task-chaining/a.ts';\nexport type W = T;",
  'core/src/orchestration/scheduler/a.ts': 'export type Strategy = 1;',
  'core/src/orchestration/messaging/a.ts': 'export type Transport = 1;',
  'core/src/orchestration/monitoring/a.ts':
    "import type { Store } from '../../event-store/a.ts';\nexport type M = Store;",
  'core/src/orchestration/reading/a.ts': "import type { Store } from '../../event-store/a.ts';\nexport type R = Store;",
  'core/src/orchestration/runtime/a.ts': "import { EventEmitter } from 'node:events';\nexport const r = EventEmitter;",
  'core/src/container/a.ts':
    "import { r } from '../orchestration/runtime/a.ts';\nimport 'inversify';\nexport const c = r;",
  'core/src/testing/index.ts': "import { c } from '../container/a.ts';\nexport const t = c;",
  'plugins/good/package.json': entry('@reprise/good'),
  'plugins/good/src/index.ts':
    "import { readFileSync } from 'node:fs';\nexport const p = readFileSync;\nexport type P = 1;",
  'plugins/good/src/inner.ts': 'export const inner = 1;',
  'cli/src/index.ts': 'export const cli = 1;',
  'test/conformance/src/index.ts': "import 'chai';\nexport const k = 1;",
  'docs/examples/x/src/index.ts': 'export const e = 1;',
};

/** One broken import for each rule: the file with it, and its text. */
const BAD: Readonly<Record<string, readonly [path: string, text: string]>> = {
  'order-shared': ['core/src/shared/bad.ts', "import type { D } from '../definition/a.ts';\nexport type B = D;"],
  'order-definition': [
    'core/src/definition/bad.ts',
    "import type { T } from '../orchestration/task-chaining/a.ts';\nexport type B = T;",
  ],
  'order-agent': ['core/src/agent/bad.ts', "export type { Store } from '../event-store/a.ts';"],
  'order-event-store': [
    'core/src/event-store/bad.ts',
    "import type { W } from '../orchestration/workflow/a.ts';\nexport type B = W;",
  ],
  'order-task-chaining': [
    'core/src/orchestration/task-chaining/bad.ts',
    "import type { W } from '../workflow/a.ts';\nexport type B = W;",
  ],
  'order-workflow': ['core/src/orchestration/workflow/bad.ts', "export const b = () => import('../runtime/a.ts');"],
  'order-scheduler': [
    'core/src/orchestration/scheduler/bad.ts',
    "import type { Transport } from '../messaging/a.ts';\nexport type B = Transport;",
  ],
  'order-messaging': [
    'core/src/orchestration/messaging/bad.ts',
    "import type { M } from '../monitoring/a.ts';\nexport type B = M;",
  ],
  'order-monitoring': [
    'core/src/orchestration/monitoring/bad.ts',
    "import { r } from '../runtime/a.ts';\nexport const b = r;",
  ],
  'order-reading': [
    'core/src/orchestration/reading/bad.ts',
    "import { r } from '../runtime/a.ts';\nexport const b = r;",
  ],
  'order-runtime': [
    'core/src/orchestration/runtime/bad.ts',
    "import { c } from '../../container/a.ts';\nexport const b = c;",
  ],
  'order-container': ['core/src/container/bad.ts', "import { t } from '../testing/index.ts';\nexport const b = t;"],
  'core-folders-known': ['core/src/utils/bad.ts', "import { a } from '../shared/a.ts';\nexport const b = a;"],
  'no-cycles': [
    'plugins/good/src/bad-cycle-a.ts',
    "import type { Two } from './bad-cycle-b.ts';\nexport type One = Two | 1;",
  ],
  'pure-no-node': [
    'core/src/orchestration/workflow/bad-node.ts',
    "import { readFileSync } from 'node:fs';\nexport const b = readFileSync;",
  ],
  'pure-no-system': [
    'core/src/orchestration/task-chaining/bad-time.ts',
    "import { id } from '../../shared/system.ts';\nexport const b = id;",
  ],
  'pure-no-port': [
    'core/src/orchestration/workflow/bad-port.ts',
    "import type { Store } from '../../event-store/a.ts';\nexport type B = Store;",
  ],
  'inversify-in-container-only': ['core/src/orchestration/runtime/bad-di.ts', "import 'inversify';"],
  'shared-does-no-io': [
    'core/src/shared/bad-io.ts',
    "import { readFileSync } from 'node:fs';\nexport const b = readFileSync;",
  ],
  'packages-by-name': [
    'plugins/bad/src/bad-path.ts',
    "import type { P } from '../../good/src/index.ts';\nexport type B = P;",
  ],
  'packages-by-entry': [
    'plugins/bad/src/bad-deep.ts',
    "import { inner } from '../../good/src/inner.ts';\nexport const b = inner;",
  ],
  'core-knows-no-package': [
    'core/src/container/bad-plugin.ts',
    "import { p } from '../../../plugins/good/src/index.ts';\nexport const b = p;",
  ],
  'plugins-know-core-only': [
    'plugins/bad/src/bad-neighbour.ts',
    "import { p } from '../../good/src/index.ts';\nexport const b = p;",
  ],
  'plugins-by-plugin-entry': [
    'plugins/bad/src/bad-entry.ts',
    "import { a } from '../../../core/src/index.ts';\nexport const b = a;",
  ],
  'nothing-imports-the-cli': [
    'docs/examples/x/src/bad.ts',
    "import { cli } from '../../../../cli/src/index.ts';\nexport const b = cli;",
  ],
  'sources-do-not-import-tests': ['plugins/bad/src/bad-chai.ts', "import 'chai';"],
  resolvable: ['plugins/bad/src/bad-nowhere.ts', "import { b } from './nowhere.ts';\nexport const c = b;"],
};

describe('architecture: import rules', () => {
  it('hold for this repository', async () => {
    const { modules, violations } = await cruise(ROOT);
    expect(violations).to.deep.equal([]);
    expect(modules).to.be.greaterThan(20);
  });

  it('let a repository pass that keeps them', async () => {
    const scratch = scratchRepository(GOOD);
    try {
      const { modules, violations } = await cruise(scratch.folder);
      expect(violations).to.deep.equal([]);
      expect(modules).to.be.greaterThan(15);
    } finally {
      scratch.remove();
    }
  });

  it('are all proven below', async () => {
    const { default: config } = (await import(`${ROOT}.dependency-cruiser.mjs`)) as {
      default: { readonly forbidden: readonly { readonly name: string }[] };
    };
    expect(Object.keys(BAD).sort()).to.deep.equal(config.forbidden.map((rule) => rule.name).sort());
  });

  describe('fire on a broken import:', () => {
    let found: readonly Violation[] = [];

    before(async () => {
      const second = "import type { One } from './bad-cycle-a.ts';\nexport type Two = One | 2;";
      const scratch = scratchRepository({
        ...GOOD,
        ...Object.fromEntries(Object.values(BAD)),
        'plugins/good/src/bad-cycle-b.ts': second,
      });
      try {
        found = (await cruise(scratch.folder)).violations;
      } finally {
        scratch.remove();
      }
    });

    after(() => {
      found = [];
    });

    for (const [rule, [path]] of Object.entries(BAD)) {
      it(rule, () => {
        expect(found.filter((violation) => violation.from === path).map((violation) => violation.rule)).to.include(
          rule,
        );
      });
    }

    it('and only on the broken ones', () => {
      const broken = new Set([...Object.values(BAD).map(([path]) => path), 'plugins/good/src/bad-cycle-b.ts']);
      expect(found.filter((violation) => !broken.has(violation.from))).to.deep.equal([]);
    });
  });
});
