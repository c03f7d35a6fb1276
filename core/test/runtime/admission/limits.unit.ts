import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type AdmissionConfig, admissionOptions } from '../../../src/orchestration/runtime/admission/options.ts';
import { Pace } from '../../../src/orchestration/runtime/admission/pace.ts';
import { TokenBucket } from '../../../src/orchestration/runtime/admission/token-bucket.ts';

describe('a token bucket', () => {
  const rate = { limit: 10, perMs: 1000, burst: 3 };

  it('is full at first, and fills evenly', () => {
    const bucket = new TokenBucket(rate, 0);
    expect(bucket.available(0)).to.equal(3);
    for (let taken = 0; taken < 3; taken += 1) bucket.take(0);
    expect(bucket.waitMs(40)).to.equal(60);
    expect(bucket.available(99)).to.equal(0);
    expect(bucket.available(100)).to.equal(1);
    expect(bucket.available(10_000), 'no more than the burst').to.equal(3);
    expect(bucket.isFull(10_000)).to.equal(true);
  });

  it('takes back what was not used, and a clock that is set back gives nothing', () => {
    const bucket = new TokenBucket(rate, 1000);
    for (let taken = 0; taken < 3; taken += 1) bucket.take(1000);
    bucket.putBack();
    expect(bucket.available(1000)).to.equal(1);
    expect(bucket.available(0)).to.equal(1);
    expect(bucket.available(100)).to.equal(2);
  });

  it('lets no more through in any while than its rate and its burst, to the last one of a third', () => {
    const bucket = new TokenBucket({ limit: 3, perMs: 1000, burst: 1 }, 0);
    let through = 0;
    for (let now = 0; now <= 10_000; ) {
      if (bucket.available(now) > 0) {
        bucket.take(now);
        through += 1;
      }
      const wait = bucket.waitMs(now);
      expect(wait, 'it is worth waiting').to.be.above(0);
      now += wait;
    }
    expect(through).to.be.within(30, 31);
  });
});

describe('how far ahead of an agent attempts are admitted', () => {
  it('none before anything is known, and none for an agent that takes longer than an append', () => {
    const pace = new Pace();
    expect(pace.ahead(16, 3)).to.equal(0);
    pace.worked(200);
    expect(pace.ahead(1, 3)).to.equal(0);
    expect(pace.ahead(100, 4)).to.equal(2);
  });

  it('many for one that answers at once; a slow answer counts at once, quick ones by and by', () => {
    const pace = new Pace();
    pace.worked(0);
    expect(pace.ahead(1, 3)).to.equal(256);
    pace.worked(1000);
    expect(pace.ahead(1, 3)).to.equal(0);
    for (let quick = 0; quick < 10; quick += 1) pace.worked(0);
    expect(pace.ahead(1, 3)).to.equal(0);
    for (let quick = 0; quick < 100; quick += 1) pace.worked(0);
    expect(pace.ahead(1, 3)).to.equal(256);
  });
});

describe('the configuration of admission', () => {
  it('is read, with what is left out', () => {
    const options = admissionOptions({
      process: { concurrency: 100 },
      agents: { llm: { concurrency: 4, rate: { limit: 60, per: '1m' } }, '*': { concurrency: 50 } },
      tenants: { acme: { weight: 2 }, '*': { concurrency: 10 } },
      labels: { customer: { concurrency: 1 } },
      ageing: '5s',
    });
    expect(options.process).to.deep.equal({ concurrency: 100, rate: undefined });
    expect(options.agents.get('llm')).to.deep.equal({ concurrency: 4, rate: { limit: 60, perMs: 60_000, burst: 60 } });
    expect(options.tenants.get('acme')?.concurrency).to.equal(Number.POSITIVE_INFINITY);
    expect(options.weights.get('acme')).to.equal(2);
    expect(options.ageingMs).to.equal(5000);
    expect(admissionOptions().ageingMs).to.equal(10_000);
  });

  const wrong: readonly (readonly [string, unknown])[] = [
    ['admission.agent', { agent: {} }],
    ['admission.agents', { agents: [] }],
    ['admission.agents.x', { agents: { x: 4 } }],
    ['admission.agents.x.concurency', { agents: { x: { concurency: 1 } } }],
    ['admission.agents.x.concurrency', { agents: { x: { concurrency: 0 } } }],
    ['admission.agents.x.weight', { agents: { x: { weight: 1 } } }],
    ['admission.tenants.x.weight', { tenants: { x: { weight: 0 } } }],
    ['admission.process.rate.limit', { process: { rate: { limit: 1.5, per: '1s' } } }],
    ['admission.process.rate.per', { process: { rate: { limit: 1, per: 'hourly' } } }],
    ['admission.process.rate.per', { process: { rate: { limit: 1, per: 0 } } }],
    ['admission.process.rate.burst', { process: { rate: { limit: 1, per: '1s', burst: 0 } } }],
    ['admission.ageing', { ageing: '0s' }],
    ['admission', null],
  ];
  for (const [place, config] of wrong) {
    it(`refuses ${JSON.stringify(config)}, naming the place`, () => {
      expect(() => admissionOptions(config as AdmissionConfig))
        .to.throw()
        .that.satisfies(
          (error: { code: string; message: string }) =>
            error.code === 'REPRISE_CONFIG_INVALID' && error.message.startsWith(`${place} `),
          place,
        );
    });
  }
});
