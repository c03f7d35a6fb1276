import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';

const FIXTURES = join(import.meta.dirname, 'fixtures');
/** Type instantiations that a workflow of 100 tasks may cost. Measured: 320,000; a quadratic slip costs millions. */
const MAX_INSTANTIATIONS = 700_000;

/** What the compiler says about the fixtures, and what they cost it. */
async function compile(): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { tsc: string } };
  const options = ['--noEmit', '--extendedDiagnostics', '--pretty', 'false', '--noErrorTruncation', '-p', FIXTURES];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [join(dirname(manifest), bin.tsc), ...options]);
    return stdout;
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

/** The error of each file: its first line and the indented ones after it. */
function errorsByFile(report: string): ReadonlyMap<string, string> {
  const errors = new Map<string, string>();
  let current = '';
  for (const line of report.split('\n')) {
    const file = /([\w-]+)\.ts\(\d+,\d+\): error/.exec(line)?.[1];
    if (file !== undefined) current = file;
    else if (!line.startsWith(' ')) current = '';
    if (current !== '') errors.set(current, `${errors.get(current) ?? ''}${line}\n`);
  }
  return errors;
}

describe('compile errors of the builder', () => {
  const fixtures = readdirSync(FIXTURES).filter((name) => name.endsWith('.ts'));
  let report = '';
  let errors: ReadonlyMap<string, string>;

  before(async () => {
    report = await compile();
    errors = errorsByFile(report);
  });

  for (const fixture of fixtures) {
    const name = fixture.replace(/\.ts$/, '');
    const expected = /^\/\/ expect: (.*)$/m.exec(readFileSync(join(FIXTURES, fixture), 'utf8'))?.[1];
    if (expected === undefined) it(`${name} compiles`, () => expect(errors.get(name)).to.equal(undefined));
    else it(`${name}: ${expected}`, () => expect(errors.get(name)).to.include(expected));
  }

  it('a workflow of 100 tasks is cheap to check', () => {
    const instantiations = Number(/^Instantiations:\s+(\d+)/m.exec(report)?.[1]);
    expect(instantiations).to.be.within(1, MAX_INSTANTIATIONS);
  });
});
