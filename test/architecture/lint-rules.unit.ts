import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { type Files, scratchRepository } from './support/scratch-repository.ts';
import { ROOT, tool } from './support/tools.ts';

/** Rules that are broken, by file, in a scratch repository of `files` under this repository's lint configuration. */
async function lint(files: Files): Promise<ReadonlyMap<string, readonly string[]>> {
  const own = (path: string): Files => ({ [path]: readFileSync(ROOT + path, 'utf8') });
  const configuration = {
    ...own('biome.json'),
    ...own('scripts/lint/no-ambient-time-or-randomness.grit'),
    ...own('.gitignore'),
  };
  const scratch = scratchRepository({ ...configuration, ...files });
  const args = ['lint', '--reporter=github', '--max-diagnostics=none', ...Object.keys(files)];
  const { stdout, stderr } = await tool('@biomejs/biome/bin/biome', args, { cwd: scratch.folder });
  scratch.remove();
  if (!stdout.includes('::error')) throw new Error(`biome found nothing at all:\n${stdout}${stderr}`);
  const broken = new Map<string, string[]>(Object.keys(files).map((path) => [path, []]));
  for (const [, rule, path] of `${stdout}\n${stderr}`.matchAll(/^::\w+ title=(?:lint\/)?([^,]+),file=([^,]+),/gm)) {
    const relative = [...broken.keys()].find((known) => path?.endsWith(known));
    if (relative !== undefined) broken.get(relative)?.push(rule ?? '');
  }
  return broken;
}

const AMBIENT = 'plugin';
const GLOBAL = 'style/noRestrictedGlobals';
const IMPORT = 'style/noRestrictedImports';

/** Code that is banned from sources, and the rule that must say so. */
const BANNED: readonly (readonly [text: string, rule: string])[] = [
  ['export const a = Date.now();', AMBIENT],
  ['export const a = { now: Date.now };', AMBIENT],
  ["export const a = Date['now']();", AMBIENT],
  ['export const a = new Date();', AMBIENT],
  ['export const a = Date();', AMBIENT],
  ['export const { now } = Date;', AMBIENT],
  ['export const clock = Date;', AMBIENT],
  ['export const a = Math.random();', AMBIENT],
  ['export const { random } = Math;', AMBIENT],
  ['export const a = performance.now();', AMBIENT],
  ['export const a = crypto.randomUUID();', AMBIENT],
  ["import { randomUUID } from 'node:crypto';\nexport const a = randomUUID();", AMBIENT],
  ["import { randomUUID as fresh } from 'node:crypto';\nexport const a = fresh();", IMPORT],
  ["import * as crypto from 'node:crypto';\nexport const a = crypto.randomUUID();", AMBIENT],
  ['export const a = globalThis.setTimeout(() => undefined, 1);', AMBIENT],
  ['export const a = setTimeout(() => undefined, 1);', GLOBAL],
  ['export const a = setInterval(() => undefined, 1);', GLOBAL],
  ['export const a = setImmediate(() => undefined);', GLOBAL],
  ["import { setTimeout as wait } from 'node:timers/promises';\nexport const a = wait(1);", IMPORT],
  ["import { setInterval as tick } from 'node:timers';\nexport const a = tick(() => undefined, 1);", IMPORT],
  ["import vm from 'node:vm';\nexport const a = vm;", IMPORT],
  ['export const a: any = 1;', 'suspicious/noExplicitAny'],
  ["console.log('a');", 'suspicious/noConsole'],
  ['try { JSON.parse(""); } catch {}', 'suspicious/noEmptyBlockStatements'],
  ['// @ts-ignore\nexport const a = 1;', 'suspicious/noTsIgnore'],
  ['const p = async (): Promise<number> => 1;\nexport const f = (): void => { p(); };', 'nursery/noFloatingPromises'],
  [
    "export function f(x: 'a' | 'b'): number { switch (x) { case 'a': return 1; } return 2; }",
    'nursery/useExhaustiveSwitchCases',
  ],
  ['export default 1;', 'style/noDefaultExport'],
  ["export * from './a.ts';", 'performance/noReExportAll'],
  ['export enum A { B = 1 }', 'style/noEnum'],
  ["import { readFileSync } from 'fs';\nexport const a = readFileSync;", 'style/useNodejsImportProtocol'],
  ["import { A } from './a.ts';\nexport const a: A = 1;", 'style/useImportType'],
  ["eval('1');", 'security/noGlobalEval'],
  ['export const a = (b: string | undefined): string => b!;', 'style/noNonNullAssertion'],
];

const ALLOWED = [
  'export const a = new Date(5).toISOString();',
  'export const a = (text: string): number => Date.parse(text);',
  'queueMicrotask(() => undefined);',
  'export const a = Math.max(1, 2);',
  'export const a = (clock: { now(): number }): number => clock.now();',
];

const TWO_BANNED = 'export const a = Date.now();\nexport const b = setTimeout(() => undefined, 1);';

const FOLDERS = ['plugins/x/src', 'cli/src', 'docs/examples/x/src', 'test/conformance/src'];

const FILES: Files = {
  ...Object.fromEntries(BANNED.map(([text], index) => [`core/src/banned/case-${index}.ts`, text])),
  ...Object.fromEntries(ALLOWED.map((text, index) => [`core/src/allowed/case-${index}.ts`, text])),
  ...Object.fromEntries(FOLDERS.map((folder) => [`${folder}/example.ts`, TWO_BANNED])),
  'core/src/shared/system.ts': 'export const a = [Date.now(), Math.random(), setTimeout(() => undefined, 1)];',
  'core/test/example.unit.ts': TWO_BANNED,
  'cli/src/commands/doctor.ts': 'export default class Doctor {}',
  'core/src/one.ts': "import { two } from './two.ts';\nexport const one = (): number => two();",
  'core/src/two.ts': "import { one } from './one.ts';\nexport const two = (): number => one();",
};

describe('architecture: lint rules', () => {
  let broken: ReadonlyMap<string, readonly string[]> = new Map();

  before(async () => {
    broken = await lint(FILES);
  });

  for (const [index, [text, rule]] of BANNED.entries()) {
    it(`ban ${JSON.stringify(text)}`, () => {
      expect(broken.get(`core/src/banned/case-${index}.ts`)).to.include(rule);
    });
  }

  for (const [index, text] of ALLOWED.entries()) {
    it(`allow ${JSON.stringify(text)}`, () => {
      expect(broken.get(`core/src/allowed/case-${index}.ts`)).to.deep.equal([]);
    });
  }

  for (const folder of FOLDERS) {
    it(`hold in ${folder} too`, () => {
      expect(broken.get(`${folder}/example.ts`)).to.include.members([AMBIENT, GLOBAL]);
    });
  }

  it('let one file of core touch time, timers and randomness', () => {
    expect(broken.get('core/src/shared/system.ts')).to.deep.equal([]);
  });

  it('let tests do so too', () => {
    expect(broken.get('core/test/example.unit.ts')).to.deep.equal([]);
  });

  it('allow a default export to commands', () => {
    expect(broken.get('cli/src/commands/doctor.ts')).to.deep.equal([]);
  });

  it('ban import cycles', () => {
    expect(broken.get('core/src/one.ts')).to.include('suspicious/noImportCycles');
  });
});
