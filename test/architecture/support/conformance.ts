import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync } from '@swc/core';

/** Something that implements a port. */
export interface Implementation {
  readonly name: string;
  /** The kind of plugin, which names its port. */
  readonly kind: string;
  /** Where its tests are, relative to the root. */
  readonly tests: string;
  /** What a test of it cannot do without: a name that it imports, or a module that it imports from. */
  readonly marks: readonly string[];
}

/** The name of each suite with the kind of plugin that it is for. */
export type Suites = Readonly<Record<string, string>>;

const SPECS = '**/*.{unit,int,e2e}.ts';

/** Every plugin of the repository at `root` by its package.json, and the built-ins of the core. */
export function findImplementations(root: string): readonly Implementation[] {
  const plugins = globSync('plugins/*/package.json', { cwd: root }).flatMap((path): readonly Implementation[] => {
    const { name, reprise } = JSON.parse(readFileSync(join(root, path), 'utf8')) as {
      readonly name: string;
      readonly reprise?: { readonly kind?: string };
    };
    const tests = `${dirname(path)}/test`;
    return reprise?.kind === undefined ? [] : [{ name, kind: reprise.kind, tests, marks: [name, '../src/'] }];
  });
  const teams = plugins
    .filter(({ tests }) => leadsTeams(root, dirname(tests)))
    .map((one) => ({ ...one, kind: 'team' }));
  return [...plugins.sort((a, b) => a.name.localeCompare(b.name)), ...findBuiltIns(root), MESSAGES, ...teams];
}

const leadsTeams = (root: string, folder: string): boolean =>
  globSync(`${folder}/src/*.ts`, { cwd: root }).some((path) =>
    /: TeamStrategy\b/.test(readFileSync(join(root, path), 'utf8')),
  );

/** No plugin: what anybody who implements the messages of agents has to do. Here the heart does. */
const MESSAGES: Implementation = {
  name: 'core: messages',
  kind: 'messages',
  tests: 'core/test',
  marks: ['ourMessages'],
};

/** `definePlugin({ name, kind, create: … createSomething(…) })` of core/src/container/builtin-plugins.ts. */
function findBuiltIns(root: string): readonly Implementation[] {
  const [path] = globSync('core/src/container/builtin-plugins.ts', { cwd: root });
  if (path === undefined) return [];
  const text = readFileSync(join(root, path), 'utf8');
  const pattern = /definePlugin\(\{\s*name: '([^']+)',\s*kind: '([^']+)',[\s\S]*?=>\s*(\w+)/g;
  const found = [...text.matchAll(pattern)];
  if (found.length !== text.split('definePlugin({').length - 1)
    throw new Error(`${path} has a built-in that is not understood.`);
  return found.map(([, name = '', kind = '', maker = '']) => ({
    name: `core: ${name}`,
    kind,
    tests: 'core/test',
    marks: [maker],
  }));
}

interface Spec {
  /** Functions of @reprise/conformance that it calls. */
  readonly suites: ReadonlySet<string>;
  /** Names that it imports, and modules that it imports from. */
  readonly imports: readonly string[];
}

function readSpec(path: string): Spec {
  const { body } = parseSync(readFileSync(path, 'utf8'), { syntax: 'typescript' });
  const imports: string[] = [];
  const fromKit = new Map<string, string>();
  for (const item of body) {
    if (item.type !== 'ImportDeclaration' || item.typeOnly) continue;
    imports.push(item.source.value);
    for (const specifier of item.specifiers) {
      if (specifier.type !== 'ImportSpecifier') continue;
      const imported = specifier.imported?.value ?? specifier.local.value;
      imports.push(imported);
      if (item.source.value === '@reprise/conformance') fromKit.set(specifier.local.value, imported);
    }
  }
  const suites = new Set(callsIn(body).flatMap((name) => fromKit.get(name) ?? []));
  return { suites, imports };
}

/** Names of functions that are called anywhere in a syntax tree. */
function callsIn(node: unknown): readonly string[] {
  if (Array.isArray(node)) return node.flatMap(callsIn);
  if (typeof node !== 'object' || node === null) return [];
  const { type, callee } = node as { readonly type?: string; readonly callee?: { type?: string; value?: string } };
  const own =
    type === 'CallExpression' && callee?.type === 'Identifier' && callee.value !== undefined ? [callee.value] : [];
  return [...own, ...Object.values(node).flatMap(callsIn)];
}

/** What is not checked, a sentence for each: an implementation whose suite no test of it runs, a suite for which there is none. */
export function uncovered(root: string, suites: Suites): readonly string[] {
  const implementations = findImplementations(root);
  const missing = implementations.flatMap(({ name, kind, tests, marks }) => {
    const specs = globSync(`${tests}/${SPECS}`, { cwd: root })
      .map((path) => readSpec(join(root, path)))
      .filter(({ imports }) =>
        imports.some((one) => marks.some((mark) => one === mark || (mark.endsWith('/') && one.startsWith(mark)))),
      );
    return Object.entries(suites)
      .filter(([suite, port]) => port === kind && !specs.some((spec) => spec.suites.has(suite)))
      .map(([suite]) => `${name} does not run ${suite}: no test in ${tests} does.`);
  });
  const idle = Object.entries(suites)
    .filter(([, port]) => !implementations.some(({ kind }) => kind === port))
    .map(([suite, port]) => `${suite} has nothing to check: there is no ${port}.`);
  return [...missing, ...idle];
}
