import { SAMPLE_FIELDS, sampleQuery, sampleRow } from '@reprise/conformance';
import { matches, parseQuery, printQuery } from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';

const parse = (text: string) => parseQuery(text, { fields: SAMPLE_FIELDS, now: 0 });

describe('any query', () => {
  it('comes back from its text as it was', () => {
    fc.assert(
      fc.property(sampleQuery, (query) => {
        expect(parse(printQuery(query))).to.deep.equal(query);
      }),
    );
  });

  it('and its opposite split all rows, term by term', () => {
    fc.assert(
      fc.property(sampleQuery, sampleRow, (query, row) => {
        for (const term of query.terms) {
          const { not, ...plain } = term;
          const turned = not === true ? plain : { ...plain, not: true as const };
          expect(matches({ terms: [term] }, row)).to.not.equal(matches({ terms: [turned] }, row));
        }
        const all = query.terms.every((term) => matches({ terms: [term] }, row));
        expect(matches(query, row)).to.equal(all);
      }),
    );
  });

  it('that is any text at all is read, or refused with its code', () => {
    const text = fc.oneof(
      fc.string(),
      fc
        .array(fc.constantFrom('name', ':', '-', '"', ',', '*', '>', '=', 'a', ' ', '\\', 'at', '1'))
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (given) => {
        try {
          parse(printQuery(parse(given)));
        } catch (error) {
          expect(error).to.have.property('code', 'REPRISE_QUERY_INVALID');
        }
      }),
      { numRuns: 500 },
    );
  });
});
