import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES, type ErrorCodeEntry } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readPages } from './support/markdown.ts';
import { ROOT } from './support/tools.ts';

const CODES: readonly (readonly [string, ErrorCodeEntry])[] = Object.entries(ERROR_CODES);

/** The fields of every code's section, by code. */
function documented(): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const text = readFileSync(join(ROOT, 'docs', 'reference', 'errors.md'), 'utf8');
  const sections = text.split(/^### /m).slice(1);
  return new Map(
    sections.map((section) => {
      const code = /^\S+/.exec(section)?.[0] ?? '';
      const fields = [...section.matchAll(/^- \*\*(\w+):\*\* (.+)$/gm)];
      return [code, new Map(fields.map(([, name = '', value = '']) => [name, value]))];
    }),
  );
}

/** Sources that throw: neither the catalogue, nor the table of exit codes, nor comments. */
function sources(): string {
  const files = ['core/src/**/*.ts', 'cli/src/**/*.ts', 'plugins/*/src/**/*.ts'].flatMap((pattern) =>
    globSync(pattern, { cwd: ROOT }),
  );
  const throwing = files.filter((file) => !/error-codes\.ts$|exit-codes\.ts$/.test(file));
  return throwing
    .map((file) => readFileSync(join(ROOT, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''))
    .join('\n');
}

describe('error codes', () => {
  it('are all documented, and no others', () => {
    expect([...documented().keys()].sort()).to.deep.equal(CODES.map(([code]) => code).sort());
  });

  for (const [code, { meaning, fix, retryable }] of CODES) {
    it(`${code} is documented as it is`, () => {
      const section = documented().get(code);
      expect(section?.get('Meaning')).to.equal(meaning);
      expect(section?.get('Fix')).to.equal(fix);
      expect(section?.get('Retryable')).to.equal(retryable ? 'yes' : 'no');
      expect(section?.get('Cause') ?? '').to.have.length.above(20);
      expect(section?.get('Cause')).to.not.equal(meaning);
    });
  }

  it('are all in use', () => {
    const text = sources();
    expect(CODES.map(([code]) => code).filter((code) => !text.includes(`'${code}'`))).to.deep.equal([]);
  });

  it('that the documents name are there', () => {
    const text = `${CODES.map(([code]) => code).join('\n')}\n${sources()}\n${['scripts/test.mjs', 'cli/bin/run.js', 'scripts/test-services.mjs', 'scripts/services/services.ts', 'cluster/reprise.config.ts', 'plugins/transport-kafka/test/support/kafka-broker.ts', 'plugins/event-store-eventstoredb/test/support/targets.ts', 'plugins/event-store-eventstoredb/test/support/fault-plan.ts', 'test/simulation/eventstoredb.int.ts'].map((file) => readFileSync(join(ROOT, file), 'utf8')).join('\n')}`;
    const unknown = readPages().flatMap(({ path, prose }) =>
      [...prose.join('\n').matchAll(/\bREPRISE_[A-Z_]*[A-Z]\b/g)]
        .filter(([name]) => !new RegExp(`\\b${name}\\b`).test(text))
        .map(([name]) => `${path}: ${name}`),
    );
    expect(unknown).to.deep.equal([]);
  });
});
