import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { addToken, readTokens, revokeToken } from '../src/index.ts';

describe('the file of who may open the dashboard', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-tokens-'));
    path = join(folder, 'tokens.json');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const add = (name: string, more: { readonly replace?: boolean } = {}): string =>
    addToken(path, { name, role: 'viewer', now: 0, ...more });

  it('has hashes of tokens that differ, and is for its owner alone', () => {
    const tokens = [add('ann'), add('kim@example.org'), add('Åsa')];
    expect(new Set(tokens).size).to.equal(3);
    for (const token of tokens) {
      expect(token).to.match(/^rpd_[\w-]{43}$/);
      expect(readFileSync(path, 'utf8')).to.not.include(token.slice(4));
    }
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect(readTokens(path).map(({ name, role, created }) => [name, role, created])).to.deep.equal(
      ['ann', 'kim@example.org', 'Åsa'].map((name) => [name, 'viewer', '1970-01-01T00:00:00.000Z']),
    );
  });

  it('has one token of a name, which can be replaced and taken back', () => {
    const before = add('ann');
    expect(() => add('ann'))
      .to.throw('--replace')
      .with.property('code', 'REPRISE_USAGE');
    expect(add('ann', { replace: true })).to.not.equal(before);
    revokeToken(path, 'ann');
    expect(readTokens(path)).to.deep.equal([]);
    expect(() => revokeToken(path, 'ann'))
      .to.throw('no token')
      .with.property('code', 'REPRISE_USAGE');
    expect(existsSync(`${path}.new`)).to.equal(false);
  });

  it('takes no name that cannot be put on record', () => {
    for (const name of ['', ' ann', 'a b', '-x', 'a\nb', '\u001b[31m', 'x'.repeat(65), '../x', '\u202eann'])
      expect(() => add(name), JSON.stringify(name)).to.throw('is no name');
    expect(existsSync(path)).to.equal(false);
  });

  it('is not read when others could read or change it, or it is something else', () => {
    const refused = (message: string) =>
      expect(() => readTokens(path))
        .to.throw(message)
        .with.property('code', 'REPRISE_TOKEN_FILE_INVALID');
    refused('There is no file');
    add('ann');
    const good = readFileSync(path, 'utf8');
    if (process.platform !== 'win32')
      for (const mode of [0o640, 0o604, 0o620, 0o602, 0o644, 0o777]) {
        chmodSync(path, mode);
        refused('chmod 600');
        expect(() => add('kim'), 'it is not made better by another').to.throw('chmod 600');
      }
    chmodSync(path, 0o600);
    for (const [text, message] of [
      ['', 'is no JSON'],
      ['null', 'is no file of tokens'],
      ['[]', 'is no file of tokens'],
      [good.replace('"version": 1', '"version": 2'), 'is no file of tokens'],
      [good.replace('"viewer"', '"admin"'), 'has no role'],
      [good.replace('"ann"', '""'), 'has no name'],
      [good.replace(/"sha256": ".{10}/, '"sha256": "'), 'has no SHA-256'],
      [good.replace('1970-01-01', 'long ago'), 'when it was made'],
      [good.replace(/(\{\s+"name"[^}]*\})/, '$1,$1'), 'the name of another'],
      ['x'.repeat(2 ** 20 + 1), 'more than'],
    ] as const) {
      writeFileSync(path, text);
      refused(message);
    }
  });

  it('is not changed by two at once', () => {
    add('ann');
    writeFileSync(`${path}.new`, '');
    expect(() => add('kim'))
      .to.throw('another command changes the file')
      .with.property('code', 'REPRISE_TOKEN_FILE_INVALID');
    expect(readTokens(path)).to.have.length(1);
    rmSync(`${path}.new`);
    add('kim');
    expect(readTokens(path)).to.have.length(2);
  });
});
