import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { decodeMark, encodeMark, type Mark, markPath, readMark, writeMark } from '../src/mark.ts';
import { temporaryPaths } from './folder.ts';

const STORE = '00112233445566778899aabbccddeeff';
const mark = (position: number): Mark => ({ storeId: STORE, position, checksum: position * 7, time: 1000 + position });

describe('the mark beside a store', () => {
  const newPath = temporaryPaths();
  const newStore = (): string => {
    const path = newPath();
    mkdirSync(dirname(path));
    return path;
  };

  it('is the last one that was written; without a file there is none', () => {
    const path = newStore();
    expect(readMark(path)).to.equal(undefined);
    for (const position of [0, 5, 9, 2 ** 40]) {
      writeMark(path, { ...mark(position), checksum: 7 });
      expect(readMark(path)).to.deep.equal({ ...mark(position), checksum: 7 });
    }
  });

  it('does not go back, and holds an event without a checksum', () => {
    const path = newStore();
    writeMark(path, { ...mark(8), checksum: null });
    writeMark(path, mark(3));
    expect(readMark(path)).to.deep.equal({ ...mark(8), checksum: null });
  });

  it('gives way to that of another store', () => {
    const path = newStore();
    for (const position of [8, 9]) writeMark(path, mark(position));
    const other = { ...mark(1), storeId: 'f'.repeat(32) };
    writeMark(path, other);
    expect(readMark(path)).to.deep.equal(other);
  });

  it('is one that was written, or none, however the file is cut', () => {
    const path = newStore();
    for (const position of [4, 5]) writeMark(path, mark(position));
    const whole = readFileSync(markPath(path));
    for (let length = 0; length <= whole.length; length += 1) {
      const read = decodeMark(whole.subarray(0, length));
      expect(read, `${length} bytes`).to.deep.equal(length < 64 ? undefined : length < 512 + 64 ? mark(4) : mark(5));
    }
  });

  it('is one that was written, however a later one is torn into it', () => {
    const path = newStore();
    for (const position of [4, 5]) writeMark(path, mark(position));
    const before = readFileSync(markPath(path));
    writeMark(path, mark(6));
    const after = readFileSync(markPath(path));
    for (let written = 0; written <= 64; written += 1) {
      writeFileSync(markPath(path), Buffer.concat([after.subarray(0, written), before.subarray(written)]));
      expect(readMark(path)?.position, `${written} bytes`).to.be.oneOf([5, 6]);
    }
  });

  it('is not believed with a flipped bit', () => {
    const whole = encodeMark(mark(4));
    expect(decodeMark(whole)).to.deep.equal(mark(4));
    for (let bit = 0; bit < 64 * 8; bit += 1) {
      const damaged = Buffer.from(whole);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(decodeMark(damaged), `bit ${bit}`).to.equal(undefined);
    }
  });
});
