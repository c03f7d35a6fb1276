import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const SOURCES = join(import.meta.dirname, '..', 'src');

describe('OpenTelemetry', () => {
  it('is loaded by those commands alone that need it, when they do', () => {
    const files = globSync('**/*.ts', { cwd: SOURCES });
    const naming = files.filter((file) => readFileSync(join(SOURCES, file), 'utf8').includes('opentelemetry'));
    expect(naming).to.include(join('traces', 'export-traces.ts'));
    const loading = naming.filter((file) =>
      /^(import|export) (?!type )[^;]*from '@(reprise\/monitor-)?opentelemetry/m.test(
        readFileSync(join(SOURCES, file), 'utf8'),
      ),
    );
    expect(loading).to.deep.equal([]);
  });
});
