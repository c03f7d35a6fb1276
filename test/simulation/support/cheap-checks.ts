import { expect } from 'chai';

// For what has to hold in thousands of states: chai makes an object for each assertion, and a proxy of it, which took a quarter of the time of these tests. Here it makes them of
// what does not hold.

/** As `expect(actual, what).to.equal(expected)`. */
export function same<T>(actual: T, expected: T, what: string): void {
  if (actual !== expected) expect(actual, what).to.equal(expected);
}

/** As `expect(actual, what).to.be.at.most(limit)`. */
export function atMost(actual: number, limit: number, what: string): void {
  if (!(actual <= limit)) expect(actual, what).to.be.at.most(limit);
}
