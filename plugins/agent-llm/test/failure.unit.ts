import { expect } from 'chai';
import { describe, it } from 'mocha';
import { failureOf, retryAfter } from '../src/failure.ts';
import { LlmError } from '../src/index.ts';

const NOW = Date.parse('2026-01-05T10:00:00Z');
const DAY = 24 * 3_600_000;

describe('what a server says about coming back', () => {
  const CASES: readonly (readonly [headers: Record<string, string>, ms: number | undefined])[] = [
    [{}, undefined],
    [{ 'retry-after': '20' }, 20_000],
    [{ 'Retry-After': '1.5' }, 1500],
    [{ 'retry-after': 'Mon, 05 Jan 2026 10:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Mon, 05 Jan 2026 09:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-5' }, undefined],
    [{ 'retry-after': '99999999' }, DAY],
    [{ 'retry-after': '1', 'retry-after-ms': '250.5' }, 251],
    [{ 'retry-after': '1', 'retry-after-ms': 'x' }, 1000],
  ];
  for (const [headers, ms] of CASES)
    it(`is ${ms} ms in ${JSON.stringify(headers)}`, () => {
      expect(retryAfter(headers, NOW)).to.equal(ms);
    });
});

describe('whatever is thrown', () => {
  const context = { now: NOW, server: 'example.org', strike: (text: string) => text.replaceAll('sk-1', '[secret]') };

  for (const thrown of [
    undefined,
    null,
    'sk-1',
    7,
    {},
    new Error('sk-1'),
    { error: 'sk-1' },
    new Error('a', { cause: new Error('sk-1') }),
  ])
    it(`is an error of ours, without secrets: ${JSON.stringify(thrown) ?? 'undefined'} ${String(thrown)}`, () => {
      const error = failureOf(thrown, context);
      expect(error).to.be.instanceOf(LlmError).and.to.include({ code: 'LLM_RESPONSE_BROKEN', retryable: true });
      expect(`${error.message} ${JSON.stringify(error)}`).to.not.include('sk-1');
      expect(error.cause).to.equal(undefined);
    });

  it('is left as it is where it is one of ours', () => {
    const own = new LlmError('LLM_SILENT', 'Nothing.');
    expect(failureOf(own, context)).to.equal(own);
  });
});
