import { oneLine, visibleJson, visibleText } from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';

const HIDDEN = new RegExp(
  '[\\u0000-\\u0008\\u000B-\\u001F\\u007F-\\u009F\\u00AD\\u061C\\u200B\\u200E\\u200F\\u2028-\\u202E\\u2060-\\u206F\\uFEFF' +
    '\\p{Cs}\\u{E0000}-\\u{E0FFF}]',
  'u',
);

describe('visible text', () => {
  for (const [what, text, shown] of [
    ['an escape', 'a\u001b[31mb', 'a\\u001b[31mb'],
    ['a bell, a null and a backspace', '\u0007\u0000\u0008', '\\u0007\\u0000\\u0008'],
    ['a carriage return by itself', 'good\rbad', 'good\\u000dbad'],
    ['a line end of two', 'a\r\nb', 'a\nb'],
    ['DEL and C1', '\u007f\u009b31m', '\\u007f\\u009b31m'],
    ['bidi controls', 'a\u202eb\u2066c\u200fd\u061c', 'a\\u202eb\\u2066c\\u200fd\\u061c'],
    ['line and paragraph separators', 'a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
    ['what takes no room', 'a\u200bb\u2060c\ufeffd\u00ade', 'a\\u200bb\\u2060c\\ufeffd\\u00ade'],
    ['tags', 'a\u{e0041}', 'a\\u{e0041}'],
    ['a lone surrogate', '\ud800x', '\\ud800x'],
    ['joiners between letters that need none', 'pay\u200cm\u200dent', 'pay\\u200cm\\u200dent'],
    ['marks that pile up', `e${'\u0301'.repeat(50)}!`, `e${'\u0301'.repeat(4)}…!`],
  ] as const) {
    it(`shows ${what}`, () => expect(visibleText(text)).to.equal(shown));
  }

  for (const [what, text] of [
    ['emoji of several parts', '👨‍👩‍👧 👩🏽‍💻 ❤️‍🔥'],
    ['Persian, whose words have joiners', 'می‌خواهم'],
    ['Hindi', 'क्‍ष'],
    ['accents, Chinese and tabs', 'e\u0301\té 日本語\n'],
  ] as const) {
    it(`leaves ${what} alone`, () => expect(visibleText(text)).to.equal(text));
  }

  it('hides nothing, whatever the text, and is the same when done again', () => {
    const nasty = fc.constantFrom('\u001b', '\u202e', '\u200d', '\u{e0041}', '\u0301', '\r', '\n', '\ud83d', 'a', '👩');
    fc.assert(
      fc.property(fc.array(fc.oneof(nasty, fc.string({ unit: 'binary' }))), (parts) => {
        const shown = visibleText(parts.join(''));
        expect(shown).to.not.match(HIDDEN);
        expect(visibleText(shown)).to.equal(shown);
        expect(oneLine(parts.join(''))).to.not.match(/[\n\t]/);
      }),
    );
  });

  it('as JSON is the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const json = visibleJson(JSON.stringify(value));
        expect(json).to.not.match(HIDDEN);
        expect(JSON.parse(json)).to.deep.equal(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(visibleJson(JSON.stringify('\u202e\u009b\u{e0041}'))).to.equal('"\\u202e\\u009b\\udb40\\udc41"');
  });
});
