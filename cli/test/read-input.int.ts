import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRepriseError } from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { readInput } from '../src/input/read-input.ts';
import { temporaryFolders } from './support.ts';

const folders = temporaryFolders();

async function refusal(input: string): Promise<string> {
  try {
    await readInput({ input: [input] });
  } catch (error) {
    if (isRepriseError(error, 'REPRISE_USAGE')) return error.message;
    throw error;
  }
  throw new Error(`it was accepted: ${input}`);
}

describe('the input of a run', () => {
  it('is JSON, of a flag or a file; nothing is {}', async () => {
    const file = join(folders(), 'input.json');
    writeFileSync(file, '{"a": [1, "x"]}');
    expect(await readInput({ 'input-file': file })).to.deep.equal({ a: [1, 'x'] });
    expect(await readInput({ input: ['"text"'] })).to.equal('text');
    expect(await readInput({})).to.deep.equal({});
    expect(await refusal('{name: 1}')).to.match(/^The input in --input is not JSON: .* Text needs its quotes/);
  });

  it('refuses whole numbers that would be rounded, with their place', async () => {
    const message = await refusal(
      '{"orders": [1,\n {"id": 9007199254740993, "n": -9007199254740993}], "x": "\\",[9e9"}',
    );
    expect(message.split('\n')).to.deep.equal([
      'The input in --input would not be read as it is written:',
      '  2:9 orders[1].id: the whole number 9007199254740993 is beyond 9007199254740991 (2^53 - 1) and would be rounded; write it as text, in quotes, or with an exponent where a rounded number will do',
      '  2:32 orders[1].n: the whole number -9007199254740993 is beyond 9007199254740991 (2^53 - 1) and would be rounded; write it as text, in quotes, or with an exponent where a rounded number will do',
    ]);
    const file = join(folders(), 'input.json');
    writeFileSync(file, '[12345678901234567890]');
    const error: unknown = await readInput({ 'input-file': file }).catch((cause: unknown) => cause);
    expect(isRepriseError(error, 'REPRISE_USAGE') && error.message).to.contain('1:2 [0]: the whole number 12345678901');
    expect(await refusal('9007199254740992')).to.contain('1:1 the whole number');
    expect(await refusal('[1e400]')).to.contain('1:2 [0]: the number 1e400 has no JSON form');
  });

  it('takes what it can hold, doubles as they are written, and numbers in texts', async () => {
    const text = '[9007199254740991, -9007199254740991, 1.5, 1e20, 9007199254740993.0, -0.1e-3, "9007199254740993"]';
    expect(await readInput({ input: [text] })).to.deep.equal([
      9007199254740991,
      -9007199254740991,
      1.5,
      1e20,
      9007199254740992,
      -0.0001,
      '9007199254740993',
    ]);
  });

  it('refuses a key that is there twice, however it is written', async () => {
    expect(await refusal('{"a": {"b": 1, "\\u0062": 2}}')).to.contain('1:16 a.b: this key is there twice');
    expect(await refusal('[{"__proto__": 1, "__proto__": 2}]')).to.contain(
      '1:19 [0].__proto__: this key is there twice',
    );
    expect(await readInput({ input: ['[{"a": "a"}, {"a": {"a": ["a", "a"]}}]'] })).to.be.an('array');
  });

  it('lists twenty problems at most, and reads large texts', async () => {
    expect((await refusal(`[${'9007199254740993,'.repeat(500)}1]`)).split('\n')).to.have.length(21);
    const long = 'x\\"'.repeat(1 << 21);
    expect(await readInput({ input: [`["${long}"]`] })).to.deep.equal([long.replaceAll('\\"', '"')]);
  });

  it('any JSON is read as JSON.parse does, or has such a number', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ depthSize: 'medium', noUnicodeString: false }), async (input) => {
        const read: unknown = await readInput({ input: [input] }).catch((error: unknown) => {
          if (isRepriseError(error) && /whole number/.test(error.message)) return JSON.parse(input);
          throw error;
        });
        expect(read).to.deep.equal(JSON.parse(input));
      }),
      { numRuns: 300 },
    );
  });
});
