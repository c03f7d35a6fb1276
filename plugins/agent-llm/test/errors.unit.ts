import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { LLM_CODES, LlmError } from '../src/index.ts';

const HERE = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(HERE, file), 'utf8');
const sources = globSync('src/*.ts', { cwd: HERE }).filter((file) => !file.endsWith('errors.ts'));

describe('the codes of models', () => {
  const documented = new Map(
    [...read('README.md').matchAll(/^\| `(LLM_\w+)` \| (yes|no) \|/gm)].map(([, code, retryable]) => [code, retryable]),
  );

  it('are all documented, and no others', () => {
    expect([...documented.keys()].sort()).to.deep.equal(Object.keys(LLM_CODES).sort());
  });

  for (const [code, { retryable, fix }] of Object.entries(LLM_CODES))
    it(`${code} is documented as it is, in use, and tested`, () => {
      expect(documented.get(code)).to.equal(retryable ? 'yes' : 'no');
      expect(fix).to.match(/^[A-Z].*\.$/);
      expect(
        sources.some((file) => read(file).includes(`'${code}'`)),
        'in use',
      ).to.equal(true);
      const tests = globSync('test/*.int.ts', { cwd: HERE });
      expect(
        tests.some((file) => read(file).includes(`'${code}'`)),
        'tested',
      ).to.equal(true);
    });

  it('keep what they say when details are added', () => {
    const error = new LlmError('LLM_SERVER_FAILED', 'It answered 500.', { status: 500, details: { a: 1 } });
    const more = error.with({ b: 2 });
    expect(more).to.be.instanceOf(LlmError).and.to.include({ code: error.code, status: 500, message: error.message });
    expect([error.details, more.details]).to.deep.equal([{ a: 1 }, { a: 1, b: 2 }]);
  });
});
