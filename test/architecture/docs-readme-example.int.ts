import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readPages } from './support/markdown.ts';
import { ROOT } from './support/tools.ts';

describe('the example of the README', () => {
  it('prints what the README says', async () => {
    const readme = readPages().find(({ path }) => path === 'README.md');
    const stated = readme?.blocks.filter(({ language }) => language === 'text').map(({ text }) => text);
    const program = join(ROOT, 'docs', 'examples', 'first-workflow', 'hello.ts');
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=reprise-source', program]);
    expect(stated).to.include(stdout.trim());
  });
});
