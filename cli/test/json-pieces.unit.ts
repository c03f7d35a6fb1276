import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { jsonHead, jsonLength, jsonPieces } from '../src/output/json-pieces.ts';
import { notable, shortened } from '../src/output/notable.ts';
import { Screen, type Sink } from '../src/output/terminal.ts';
import { briefJson } from '../src/output/text.ts';

/** 620 texts of 900,000 characters, of which there is one in memory: more than the 512 Mi characters that a string can have. */
const ONE = 'x'.repeat(900_000);
const HUGE = Array.from({ length: 620 }, () => ONE);
const HUGE_LENGTH = 620 * 900_002 + 619 + 2;

/** Takes a text, counts it, and is full after every piece. */
class CountingSink implements Sink {
  length = 0;
  largest = 0;
  waited = 0;
  readonly isTTY = false;
  #fail: ((error: Error & { readonly code?: string }) => void) | undefined;
  readonly #breakAt: number;

  constructor(breakAt = Number.POSITIVE_INFINITY) {
    this.#breakAt = breakAt;
  }

  write(text: string, done?: () => void): boolean {
    this.length += text.length;
    this.largest = Math.max(this.largest, text.length);
    done?.();
    if (this.length > this.#breakAt)
      queueMicrotask(() => this.#fail?.(Object.assign(new Error('EPIPE'), { code: 'EPIPE' })));
    return false;
  }

  once(_event: 'drain', listener: () => void): void {
    this.waited += 1;
    if (this.length <= this.#breakAt) queueMicrotask(listener);
  }

  on(_event: 'error', listener: (error: Error & { readonly code?: string }) => void): void {
    this.#fail = listener;
  }
}

describe('JSON in pieces', () => {
  it('is what JSON.stringify says, whatever the size of the pieces', () => {
    const withGaps = fc.dictionary(fc.string(), fc.option(fc.jsonValue({ stringUnit: 'binary' }), { nil: undefined }));
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), withGaps), fc.integer({ min: 1, max: 40 }), (value, size) => {
        expect([...jsonPieces(value, size)].join('')).to.equal(JSON.stringify(value));
      }),
    );
    expect([...jsonPieces('a😀😀', 2, '!')].join('')).to.equal('"a😀😀"!');
    expect([...jsonPieces([undefined, Number.NaN])].join('')).to.equal('[null,null]');
  });

  it('is written whole where no string could hold it, waiting for the reader, in pieces that are small', async () => {
    expect(() => JSON.stringify(HUGE)).to.throw(RangeError);
    const sink = new CountingSink();
    await new Screen(sink, {}).json(HUGE);
    expect(sink.length).to.equal(HUGE_LENGTH + 1);
    expect(sink.largest).to.be.at.most(256 * 1024);
    expect(sink.waited).to.be.greaterThan(1000);
  });

  it('ends when the reader leaves', async () => {
    const sink = new CountingSink(1_000_000);
    const screen = new Screen(sink, {});
    await screen.json(HUGE);
    await screen.line('nobody reads this');
    expect(screen.broken).to.equal(true);
    expect(sink.length).to.be.lessThan(1_200_000);
  });

  it('is not mixed with the lines that come while it is written', async () => {
    let text = '';
    const sink: Sink = {
      write: (part, done) => {
        text += part;
        done?.();
        return false;
      },
      once: (_event, listener) => setImmediate(listener),
      on: () => undefined,
    };
    const screen = new Screen(sink, {});
    const value = 'y'.repeat(200_000);
    await Promise.all([screen.json(value), screen.line('between'), screen.json(1), screen.flush()]);
    expect(text.startsWith(`"${value}"`)).to.equal(true);
    expect(text.slice(200_002)).to.equal('\nbetween\n1\n');
  });

  it('on a terminal has no character that steers it; in a pipe it stays as it is', async () => {
    const said = async (isTTY: boolean): Promise<string> => {
      let text = '';
      const write = (part: string): boolean => {
        text += part;
        return true;
      };
      const sink: Sink = { isTTY, write, once: () => undefined, on: () => undefined };
      await new Screen(sink, {}).json({ a: '\u001b\u009b\u202eé' });
      return text;
    };
    expect(await said(true)).to.equal('{"a":"\\u001b\\u009b\\u202eé"}\n');
    expect(await said(false)).to.equal('{"a":"\\u001b\u009b\u202eé"}\n');
  });
});

describe('a huge output, for people', () => {
  it('is shortened, and it says of what and how to get all of it', () => {
    expect(notable(HUGE)).to.deep.equal(['[ 620 items ]']);
    expect(notable({ list: HUGE, text: HUGE[0] })[0]).to.equal('list  620 items');
    expect(shortened(HUGE, 'r-1')).to.match(
      /^Shortened, of more than 10,000,000 characters of JSON. All of it: (npx )?reprise run show r-1 --json$/,
    );
    expect(shortened('z'.repeat(500), 'r-1', { store: 'a b.db' })).to.match(
      /^Shortened, of 502 characters of JSON. All of it: (npx )?reprise run show r-1 --json --store "a b.db"$/,
    );
    expect(shortened({ a: 1, b: 'two' }, 'r-1')).to.equal(undefined);
    expect(briefJson({ HUGE }, 30)).to.equal('{"HUGE":["xxxxxxxxxxxxxxxxxxx…');
  });

  it('costs what is shown of it', () => {
    expect(jsonHead(HUGE, 10)).to.deep.equal({ text: '["xxxxxxxx', whole: false });
    expect(jsonHead([1, 2], 10)).to.deep.equal({ text: '[1,2]', whole: true });
    expect(jsonLength(HUGE, 1000)).to.deep.equal({ length: 1000, more: true });
    expect(jsonLength([1, 2], 1000)).to.deep.equal({ length: 5, more: false });
  });
});
