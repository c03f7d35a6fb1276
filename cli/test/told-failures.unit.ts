import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ToldFailures } from '../src/output/told-failures.ts';

const error = (message: string, code = 'E') => ({ code, message });

describe('failures that are told', () => {
  it('are told once: again, elsewhere, and in what follows from them, only whose they are is said', () => {
    const told = new ToldFailures();
    expect(told.words('pay', error('no luck'))).to.equal(undefined);
    expect(told.words('pay', error('no luck'))).to.equal('as before');
    expect(told.words('each[1]', error('no luck'))).to.equal("as 'pay'");
    expect(told.words('each', error('item 1: no luck'))).to.equal("because of 'each[1]'");
    expect(told.words(undefined, error("Task 'each' failed: item 1: no luck", 'REPRISE_TASK_FAILED'))).to.equal(
      "because of 'each[1]'",
    );
  });

  it('are others with another code, another message, or when nothing was told before', () => {
    const told = new ToldFailures();
    expect(told.words(undefined, error('out of time'))).to.equal(undefined);
    expect(told.words('pay', error('no luck'))).to.equal(undefined);
    expect(told.words('pay', error('no luck', 'F'))).to.equal(undefined);
    expect(told.words('pay', error('luck'))).to.equal(undefined);
  });

  it('are told anew after many others', () => {
    const told = new ToldFailures();
    for (let n = 0; n < 201; n += 1) told.words('pay', error(`number ${n}.`));
    expect(told.words('pay', error('number 0.'))).to.equal(undefined);
    expect(told.words('pay', error('number 200.'))).to.equal('as before');
  });
});
