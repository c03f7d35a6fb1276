import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';

const FIXTURES = join(import.meta.dirname, 'fixtures');
/**
 * Type instantiations that all fixtures together may cost: what core itself costs (170,000), 100 tasks one after the other and 300 in blocks in
 * blocks. Measured: 1,260,000; a quadratic slip costs millions.
 */
const MAX_INSTANTIATIONS = 1_600_000;
/** Characters of the sentence that an editor shows first. Before there were sentences: 400 to 900. */
const MAX_SENTENCE = 300;

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

interface CompileError {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** The errors of each file, the first line of each. */
function errorsByFile(report: string): ReadonlyMap<string, readonly CompileError[]> {
  const errors = new Map<string, CompileError[]>();
  for (const [, file = '', line, column, message = ''] of report.matchAll(
    /([\w-]+)\.ts\((\d+),(\d+)\): error TS\d+: (.*)/g,
  )) {
    errors.set(file, [...(errors.get(file) ?? []), { line: Number(line), column: Number(column), message }]);
  }
  return errors;
}

describe('compile errors of the builder', () => {
  const fixtures = readdirSync(FIXTURES).filter((name) => name.endsWith('.ts'));
  let report = '';
  let errors: ReadonlyMap<string, readonly CompileError[]>;

  before(async () => {
    report = await compile();
    errors = errorsByFile(report);
  });

  for (const fixture of fixtures) {
    const name = fixture.replace(/\.ts$/, '');
    const text = readFileSync(join(FIXTURES, fixture), 'utf8');
    const expected = /^\/\/ expect: (.*)$/m.exec(text)?.[1];
    const place = /^\/\/ at: (.*)$/m.exec(text)?.[1];
    if (expected === undefined) it(`${name} compiles`, () => expect(errors.get(name)).to.equal(undefined));
    else {
      it(`${name}: ${expected}`, () => {
        const [error, ...more] = errors.get(name) ?? [];
        expect(error?.message).to.include(expected);
        expect(more, 'one mistake, one error').to.deep.equal([]);
        if (place === undefined) return;
        expect(error?.message.length).to.be.at.most(MAX_SENTENCE);
        expect(text.split('\n')[(error?.line ?? 0) - 1]?.slice((error?.column ?? 0) - 1)).to.satisfy(
          (rest: string) => rest.startsWith(place),
          `the error is not under ${place}`,
        );
      });
    }
  }

  it('a workflow of 100 tasks, and one of 300 in blocks in blocks, are cheap to check', () => {
    const instantiations = Number(/^Instantiations:\s+(\d+)/m.exec(report)?.[1]);
    expect(instantiations).to.be.within(1, MAX_INSTANTIATIONS);
  });
});
