import { messageVectors, type ReadVector } from '@reprise/conformance';
import type { Json } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { cloudEventsValidator, problemOf, publishedValidator } from './support/official.ts';

/** What a vector is read from; undefined: its text is no JSON. */
function readValue({ text, message }: ReadVector): Json | undefined {
  try {
    return JSON.parse(text ?? JSON.stringify(message)) as Json;
  } catch {
    return undefined;
  }
}

describe('What the published schema says of the vectors', () => {
  const published = publishedValidator();
  const official = cloudEventsValidator();
  const vectors = messageVectors
    .read()
    .flatMap(({ vectors: all }) => all.filter((vector): vector is ReadVector => vector.kind === 'read'));

  it('is what a reader does, but where only code can say what is wrong', () => {
    const otherwise = vectors.flatMap((vector) => {
      const value = readValue(vector);
      // Refused before anybody looks at what it says.
      if (value === undefined || ('code' in vector.expect && vector.expect.code === 'REPRISE_INVALID_PAYLOAD'))
        return [];
      const problem = problemOf(published, value);
      const accepts = 'message' in vector.expect || vector.schema === 'accepts';
      return accepts === (problem === undefined) ? [] : [`${vector.name}: ${problem ?? 'it is accepted'}`];
    });
    expect(otherwise).to.deep.equal([]);
    expect(vectors.filter(({ schema }) => schema === 'accepts')).to.have.length.below(vectors.length / 10);
  });

  it('holds of CloudEvents, too: what is valid here is valid there', () => {
    const valid = vectors.filter(({ expect: expected }) => 'message' in expected);
    expect(valid).to.have.length.above(20);
    for (const vector of valid) expect(problemOf(official, readValue(vector)), vector.name).to.equal(undefined);
  });
});
