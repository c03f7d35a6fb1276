import { expect } from 'chai';
import { describe, it } from 'mocha';
import { murmur2, partitionOf } from '../src/partition-of.ts';

// Of Kafka's own tests (UtilsTest.testMurmur2).
const VECTORS: Readonly<Record<string, number>> = {
  '21': -973932308,
  foobar: -790332482,
  'a-little-bit-long-string': -985981536,
  'a-little-bit-longer-string': -1486304829,
  lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
  abc: 479470107,
};

describe('the partition of a key', () => {
  for (const [key, hash] of Object.entries(VECTORS))
    it(`${key} has the hash that Kafka's own clients compute`, () => {
      expect(murmur2(Buffer.from(key))).to.equal(hash);
      expect(partitionOf(key, 12)).to.equal((hash & 0x7fffffff) % 12);
    });

  it('is spread', () => {
    const counts = Array.from({ length: 8 }, () => 0);
    for (let index = 0; index < 8000; index += 1) {
      const partition = partitionOf(`run-${index}`, 8);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    for (const count of counts) expect(count).to.be.within(850, 1150);
  });
});
