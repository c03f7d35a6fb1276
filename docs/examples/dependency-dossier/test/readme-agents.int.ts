import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { describer } from '../src/agents/describer.ts';
import { summariser } from '../src/agents/summariser.ts';
import { MAX_SUMMARY_BYTES } from '../src/text/summarise.ts';
import { call, failure, folderWith, testContext } from './support.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of cleanups.splice(0)) await remove();
});

async function task(files: Parameters<typeof folderWith>[0]): Promise<{ folder: string; path: string }> {
  const { folder, remove } = await folderWith(files);
  cleanups.push(remove);
  return { ...base, folder };
}
const base = { path: 'node_modules/a', name: 'a', version: '1.0.0', installed: true };
const PROSE = 'A small library that counts the words of a text.';

describe('summariser', () => {
  it('finds the README under the names that people give it', async () => {
    for (const name of ['README.md', 'readme.markdown', 'Readme', 'README.rst', 'README.txt']) {
      const summary = await call(summariser, await task({ [`node_modules/a/${name}`]: `a\n=\n\n${PROSE}\n` }));
      expect(summary, name).to.deep.equal({ path: 'node_modules/a', text: PROSE, source: 'readme' });
    }
  });

  it('goes on to the next README when the first has no prose', async () => {
    const files = { 'node_modules/a/README.md': '# a', 'node_modules/a/README.txt': PROSE };
    expect((await call(summariser, await task(files))).text).to.equal(PROSE);
  });

  it('condenses a huge README', async () => {
    const huge = `# a\n\n${PROSE}\n\n${'Many more words follow here without an end. '.repeat(200_000)}`;
    const { text } = await call(summariser, await task({ 'node_modules/a/README.md': huge }));
    expect(text.startsWith(PROSE)).to.equal(true);
    expect(text.length).to.be.at.most(MAX_SUMMARY_BYTES);
  });

  it('fails for good with NO_README when there is nothing to condense', async () => {
    const cases: Readonly<Record<string, Parameters<typeof folderWith>[0]>> = {
      none: { 'node_modules/a/package.json': '{}' },
      empty: { 'node_modules/a/README.md': '' },
      'only HTML': { 'node_modules/a/README.md': '<p align="center"><img src="x.svg"></p>\n<!-- nothing -->' },
      binary: { 'node_modules/a/README.md': Buffer.from([0x89, 0x50, 0, 1, 2, 3, 0]) },
      'a folder': { 'node_modules/a/README.md/index.html': PROSE },
      'no package folder': { 'package.json': '{}' },
    };
    for (const [name, files] of Object.entries(cases)) {
      const error = await failure(call(summariser, await task(files)));
      expect(error, name).to.include({ code: 'NO_README', retryable: false });
    }
    const missing = await failure(call(summariser, { ...base, folder: '/nowhere', installed: false }));
    expect(missing).to.include({ code: 'NO_README', retryable: false });
  });

  it('does not follow a link to a file of somebody else', async () => {
    const input = await task({
      'secret.txt': 'The secret is kept in this very file.',
      'node_modules/a/package.json': '{}',
    });
    await symlink('../../secret.txt', join(input.folder, 'node_modules/a/README.md'));
    expect(await failure(call(summariser, input))).to.include({ code: 'NO_README' });
  });

  it('stops when it is told to', async () => {
    const reason = new Error('cancelled');
    const context = testContext(AbortSignal.abort(reason));
    const input = await task({ 'node_modules/a/README.md': PROSE });
    expect(await failure(call(summariser, input, { context }))).to.equal(reason);
  });
});

describe('describer', () => {
  it("gives the manifest's description on one line, cut to size", async () => {
    const description = `Counts\n words.${' More of it.'.repeat(100)}`;
    const summary = await call(describer, await task({ 'node_modules/a/package.json': { description } }));
    expect(summary.source).to.equal('manifest');
    expect(summary.text).to.match(/^Counts words\. More of it\..*…$/);
    expect(summary.text.length).to.be.at.most(MAX_SUMMARY_BYTES);
  });

  it('never fails over what is missing or odd', async () => {
    for (const manifest of [{}, { description: 3 }, { description: ' ' }, '{', '']) {
      const summary = await call(describer, await task({ 'node_modules/a/package.json': manifest }));
      expect(summary).to.include({ source: 'none', text: 'It does not say what it is.' });
    }
    const missing = await call(describer, { ...base, folder: '/nowhere', installed: false });
    expect(missing).to.include({ source: 'none', text: 'Not installed on this machine.' });
  });
});
