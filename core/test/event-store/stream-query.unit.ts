import { createInMemoryStorage, isRepriseError } from '@reprise/core';
import { decodeCursor, encodeCursor } from '@reprise/core/plugin';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';

describe('a cursor of a list of streams', () => {
  it('stands for its place', () => {
    const place = fc.record({ createdAt: fc.integer({ min: -1e13, max: 1e13 }), ordinal: fc.nat() });
    fc.assert(
      fc.property(place, (one) => {
        expect(decodeCursor(encodeCursor(one))).to.deep.equal(one);
      }),
    );
  });

  for (const odd of ['', '12', 'a-b', '1-2-3', "1-2'; DROP TABLE streams"]) {
    it(`is refused when it is ${JSON.stringify(odd)}`, async () => {
      const list = createInMemoryStorage().catalog?.list({ kind: 'run', after: odd });
      const error = await list?.catch((reason: unknown) => reason);
      expect(isRepriseError(error, 'REPRISE_INVALID_ID')).to.equal(true);
    });
  }
});
