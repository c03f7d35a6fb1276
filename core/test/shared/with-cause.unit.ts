import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type ErrorData, withCause } from '../../src/shared/errors.ts';

const error = (message: string, cause?: ErrorData): ErrorData => ({
  code: 'X',
  message,
  retryable: false,
  ...(cause !== undefined && { cause }),
});

describe('an error with what came before it', () => {
  it('names it in its message', () => {
    expect(withCause(error('Late.'), error('no tea'))).to.deep.include({ message: 'Late. Before that: X: no tea' });
  });

  it('does not say twice what it says already', () => {
    const before = error('no tea');
    expect(withCause(error("'make' failed: no tea"), before)).to.deep.equal(error("'make' failed: no tea", before));
    const chain = withCause(error('Late.'), before);
    const twice = withCause(error(`'make' failed: ${chain.message}`), chain);
    expect(twice).to.deep.equal(error("'make' failed: Late. Before that: X: no tea", before));
  });
});
