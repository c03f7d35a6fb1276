// The import order of docs/architecture.md ("Packages"), as rules. test/architecture proves that each of them fires.

/** Folders of core/src in the order of the loop: an import goes only to the same folder or one further up this list. */
const ORDER = [
  'shared',
  'definition',
  'agent',
  'event-store',
  'orchestration/task-chaining',
  'orchestration/workflow',
  'orchestration/scheduler',
  'orchestration/messaging',
  'orchestration/monitoring',
  'orchestration/reading',
  'orchestration/runtime',
  'container',
  'testing',
];

const PURE = ['definition', 'orchestration/task-chaining', 'orchestration/workflow'];

/** Files with the interface of a port. Pure folders may not even name them, nor anything else of their folders. */
const PORT_FOLDERS = [
  'agent',
  'event-store',
  'orchestration/scheduler',
  'orchestration/messaging',
  'orchestration/monitoring',
];

const core = (folder) => `^core/src/${folder}/`;
const anyOf = (folders) => `^core/src/(${folders.join('|')})/`;

const order = ORDER.slice(0, -1).map((folder, index) => ({
  name: `order-${folder.split('/').at(-1)}`,
  comment: `core/src/${folder} may import only itself and what stands before it in the order of the loop.`,
  severity: 'error',
  from: { path: core(folder) },
  to: { path: `${anyOf(ORDER.slice(index + 1))}|^core/src/(index|plugin|fold)[.]ts$` },
}));

const forbidden = [
  ...order,
  {
    name: 'core-folders-known',
    comment: 'Every folder of core/src has its place in the order (.dependency-cruiser.mjs).',
    severity: 'error',
    from: { path: '^core/src/', pathNot: `${anyOf(ORDER)}|^core/src/(index|plugin|fold)[.]ts$` },
    to: {},
  },
  {
    name: 'no-cycles',
    comment: 'No import cycle, type imports included.',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'pure-no-node',
    comment: 'Definitions, task chaining and the workflow heart are pure: no Node module.',
    severity: 'error',
    from: { path: anyOf(PURE) },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'pure-no-system',
    comment: 'The pure folders take time, ids and randomness as arguments.',
    severity: 'error',
    from: { path: anyOf(PURE) },
    to: { path: '^core/src/shared/(system|clock)[.]ts$' },
  },
  {
    name: 'pure-no-port',
    comment: 'Task chaining and the workflow heart know no port.',
    severity: 'error',
    from: { path: anyOf(PURE) },
    to: { path: anyOf(PORT_FOLDERS) },
  },
  {
    name: 'inversify-in-container-only',
    comment: 'The container is not passed about: only core/src/container knows it.',
    severity: 'error',
    from: { pathNot: core('container') },
    to: { path: '(^|/)node_modules/(inversify|@inversifyjs|reflect-metadata)/' },
  },
  {
    name: 'shared-does-no-io',
    comment:
      'core/src/shared does no I/O: of Node it uses hashing (and randomUUID in system.ts), and what makes paths of file URLs.',
    severity: 'error',
    from: { path: core('shared') },
    to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|url)$' },
  },
  {
    name: 'packages-by-name',
    comment: 'A package is imported by its name, never by a path into its folder.',
    severity: 'error',
    from: { path: '^(core|cli|plugins/[^/]+|test/conformance|docs/examples/[^/]+)/' },
    to: {
      path: '^(core|cli|plugins/[^/]+|test/conformance|docs/examples/[^/]+)/',
      pathNot: '^$1/',
      dependencyTypes: ['local'],
      dependencyTypesNot: ['aliased-workspace'],
    },
  },
  {
    name: 'packages-by-entry',
    comment: 'Of another package only its entry points are imported.',
    severity: 'error',
    from: { path: '^(core|cli|plugins/[^/]+|test/conformance|docs/examples/[^/]+)/' },
    to: {
      path: '^(core|cli|plugins/[^/]+|test/conformance|docs/examples/[^/]+)/',
      pathNot: '^$1/|/src/(testing/)?index[.]ts$|^core/src/(plugin|fold)[.]ts$',
    },
  },
  {
    name: 'core-knows-no-package',
    comment: 'The core knows no plugin, no command line and no example.',
    severity: 'error',
    from: { path: '^core/src/' },
    to: { path: '^(cli|plugins|test|docs)/' },
  },
  {
    name: 'plugins-know-core-only',
    comment: 'A plugin imports @reprise/core and its own dependencies, no other package of this repository.',
    severity: 'error',
    from: { path: '^(plugins/[^/]+)/src/' },
    to: { path: '^(cli|plugins|test|docs)/', pathNot: '^$1/' },
  },
  {
    name: 'plugins-by-plugin-entry',
    comment:
      'Of the core a plugin and the conformance kit import @reprise/core/plugin: whatever they need is there. (The suite of teams plays whole runs.)',
    severity: 'error',
    from: { path: '^(plugins/[^/]+|test/conformance)/src/', pathNot: '/team-conformance[.]ts$' },
    to: { path: '^core/', pathNot: '^core/src/plugin[.]ts$' },
  },
  {
    name: 'nothing-imports-the-cli',
    comment: 'The command line is the last in the chain.',
    severity: 'error',
    from: { pathNot: '^cli/' },
    to: { path: '^cli/' },
  },
  {
    name: 'sources-do-not-import-tests',
    comment: 'What is published imports no test and no development dependency.',
    severity: 'error',
    from: { path: '^(core|cli|plugins/[^/]+)/src/' },
    to: { path: '(^|/)(test|scripts)/|(^|/)node_modules/(mocha|chai|fast-check)/' },
  },
  {
    name: 'resolvable',
    comment: 'Every import resolves.',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
];

export default {
  forbidden,
  options: {
    parser: 'swc',
    doNotFollow: { path: '(^|/)(node_modules|dist)/' },
    exclude: { path: '(^|/)(dist|fixtures|coverage)/' },
    detectProcessBuiltinModuleCalls: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['reprise-source', 'import', 'node', 'default', 'types'],
    },
  },
};
