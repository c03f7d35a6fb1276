import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReprise } from '@reprise/core';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { dispatchSecrets } from '../../src/container/dispatch-secrets.ts';
import { codeOfAsync } from '../runtime/support.ts';

const [NEW, OLD] = ['n'.repeat(32), 'o'.repeat(32)];

describe('The secret for tokens of dispatches', () => {
  let folder = '';
  const file = (name: string): string => join(folder, name);
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-secret-'));
    writeFileSync(file('new'), `${NEW}\nand more\n`);
    writeFileSync(file('empty'), '\n');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is there when the environment has it, a second one beside it, and else is not', () => {
    expect(dispatchSecrets(undefined, {})).to.deep.equal([]);
    expect(dispatchSecrets(undefined, { REPRISE_DISPATCH_SECRET: '' })).to.deep.equal([]);
    expect(dispatchSecrets(undefined, { REPRISE_DISPATCH_SECRET: NEW })).to.deep.equal([NEW]);
    const both = { REPRISE_DISPATCH_SECRET_SECOND: OLD, REPRISE_DISPATCH_SECRET_FILE: file('new') };
    expect(dispatchSecrets(undefined, both)).to.deep.equal([NEW, OLD]);
  });

  it('is where the configuration says, whatever else the environment has', () => {
    const env = { REPRISE_DISPATCH_SECRET: 'x'.repeat(32), MINE: OLD };
    expect(dispatchSecrets([{ file: file('new') }, { env: 'MINE' }], env)).to.deep.equal([NEW, OLD]);
    expect(dispatchSecrets({ env: 'MINE' }, env)).to.deep.equal([OLD]);
  });

  const SHORT = 'not-long-enough';
  const refusals: Readonly<Record<string, [sources: unknown, env: NodeJS.ProcessEnv, says: RegExp]>> = {
    'a secret itself': [NEW, {}, /does not belong in the configuration/],
    'neither of the two': [{ path: 'x' }, {}, /\{ env: NAME \}/],
    'both of the two': [{ env: 'A', file: 'b' }, {}, /\{ env: NAME \}/],
    'no source': [[], {}, /names 0 secrets/],
    three: [[{ env: 'A' }, { env: 'B' }, { env: 'C' }], {}, /names 3 secrets/],
    'a variable that is not set': [{ env: 'GONE' }, {}, /variable GONE has none/],
    'a short one': [{ env: 'SHORT' }, { SHORT }, /shorter than 32 characters.*openssl/],
    'a short one by default': [undefined, { REPRISE_DISPATCH_SECRET: SHORT }, /shorter than 32/],
    'a second one alone': [undefined, { REPRISE_DISPATCH_SECRET_SECOND: OLD }, /no first one/],
    'two that are the same': [undefined, { REPRISE_DISPATCH_SECRET: NEW, REPRISE_DISPATCH_SECRET_SECOND: NEW }, /same/],
    'a variable and a file': [
      undefined,
      { REPRISE_DISPATCH_SECRET: NEW, REPRISE_DISPATCH_SECRET_FILE: 'f' },
      /Keep one/,
    ],
  };
  for (const [what, [sources, env, says]] of Object.entries(refusals))
    it(`is refused when it is ${what}, without being told`, () => {
      expect(() => dispatchSecrets(sources, env))
        .to.throw(says)
        .that.satisfies((error: Error) => ![NEW, OLD, SHORT].some((secret) => error.message.includes(secret)));
    });

  it('is refused when its file is empty, or not there', () => {
    expect(() => dispatchSecrets({ file: file('empty') }, {})).to.throw(/empty has none/);
    expect(() => dispatchSecrets({ file: file('gone') }, {})).to.throw(/cannot be read \(ENOENT\)/);
  });

  it('is looked at before anything starts', async () => {
    expect(await codeOfAsync(createReprise({ dispatchSecret: { env: 'REPRISE_TEST_GONE' } }))).to.equal(
      'REPRISE_CONFIG_INVALID',
    );
  });
});
