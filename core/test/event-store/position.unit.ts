import { BEGINNING, decodePosition, encodePosition, isRepriseError } from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';

const place = fc.oneof(fc.nat(20_000), fc.maxSafeNat());

describe('a position of a store that counts', () => {
  it('is as text where its number is, after the beginning, and gives the number back', () => {
    fc.assert(
      fc.property(place, place, (one, other) => {
        expect(encodePosition(one) < encodePosition(other)).to.equal(one < other);
        expect(encodePosition(one) > BEGINNING).to.equal(true);
        expect(decodePosition(encodePosition(one))).to.equal(one);
        expect(encodePosition(BigInt(one))).to.equal(encodePosition(one));
      }),
    );
  });

  it('can be read', () => {
    expect(encodePosition(1207)).to.equal('0000000000001207');
    expect(encodePosition(9_999_999_999_999_999n)).to.equal('9999999999999999');
    expect(decodePosition(BEGINNING)).to.equal(-1);
  });

  it('is not made of what would not be in order', () => {
    for (const odd of [-1, -1n, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 10n ** 16n, 1e21])
      expect(() => encodePosition(odd), String(odd)).to.throw(RangeError);
  });

  it('is not taken for another, when it is of another store', () => {
    for (const odd of ['7', 'end', '00000000000000ab', '-000000000000001', '9999999999999999', ' 000000000000007']) {
      let error: unknown;
      try {
        decodePosition(odd);
      } catch (thrown) {
        error = thrown;
      }
      expect(isRepriseError(error, 'REPRISE_INVALID_ID'), odd).to.equal(true);
    }
  });
});
