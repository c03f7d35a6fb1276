import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { plainNotice } from '../../src/orchestration/monitoring/plain-notice.ts';

const fieldsOf = (fields: Readonly<Record<string, unknown>>): unknown => {
  const notice = plainNotice({ kind: 'log', level: 'info', message: 'm', fields });
  expect(isDeepStrictEqual(structuredClone(notice), JSON.parse(JSON.stringify(notice)))).to.equal(true);
  return notice.kind === 'log' ? notice.fields : undefined;
};

describe('A log line for monitors', () => {
  it('keeps plain fields as they are, and shares nothing with them', () => {
    const fields = { a: [1, 'two', { three: null }], b: true };
    const copy = fieldsOf(fields);
    expect(copy).to.deep.equal(fields);
    fields.a.push('later');
    expect(copy).to.deep.equal({ a: [1, 'two', { three: null }], b: true });
  });

  it('says in text what has no JSON form', () => {
    const date = new Date(0);
    const odd = {
      big: 10n,
      nan: Number.NaN,
      symbol: Symbol('s'),
      call: () => 1,
      nothing: undefined,
      date,
      set: new Set([1]),
    };
    expect(fieldsOf(odd)).to.deep.equal({
      big: '10',
      nan: 'NaN',
      symbol: 'Symbol(s)',
      call: '[function]',
      date: '1970-01-01T00:00:00.000Z',
      set: [1],
    });
  });

  it('has name, message, code and stack of an error', () => {
    const error = Object.assign(new TypeError('mine'), { code: 'E_MINE' });
    expect(fieldsOf({ error }))
      .to.have.property('error')
      .that.deep.equals({ name: 'TypeError', message: 'mine', code: 'E_MINE', stack: error.stack });
  });

  it('names cycles, what cannot be read, and what goes too deep', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const hostile = {
      fine: 1,
      get boom(): never {
        throw new Error('no');
      },
    };
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    let deep: unknown = 'bottom';
    for (let level = 0; level < 100; level += 1) deep = [deep];
    expect(fieldsOf({ cycle, hostile, proxy })).to.deep.equal({
      cycle: { self: '[cycle]' },
      hostile: { fine: 1, boom: '[cannot be read]' },
      proxy: '[cannot be read]',
    });
    expect(JSON.stringify(fieldsOf({ deep })))
      .to.contain('[too deep]')
      .and.not.contain('bottom');
  });

  it('is bounded', () => {
    const wide = Array.from({ length: 100_000 }, (_, index) => [index]);
    expect(JSON.stringify(fieldsOf({ wide, again: wide })).length).to.be.lessThan(200_000);
  });

  it('has a text for a message, whatever was logged', () => {
    for (const [logged, message] of [
      [{ a: 1 }, '{"a":1}'],
      [undefined, 'undefined'],
      [10n, '10'],
    ] as const) {
      expect(plainNotice({ kind: 'log', level: 'info', message: logged as never })).to.include({ message });
    }
  });
});
