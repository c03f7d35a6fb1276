import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { codeSpan, exactBytes, formatBytes, prose } from '../src/report/markdown-text.ts';

describe('text of strangers in Markdown', () => {
  it('stays inside its code span', () => {
    expect(codeSpan('a`b\n## c')).to.equal("`a'b ## c`");
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => /^`[^`\n\r]*`$/.test(codeSpan(text))));
  });

  it('is never read as markup', () => {
    expect(prose('# <b>a</b> [x](y) | *z* `c`')).to.equal('\\# \\<b\\>a\\</b\\> \\[x\\](y) \\| \\*z\\* \\`c\\`');
    expect(prose('1. one')).to.equal('1\\. one');
    expect(prose('- a\n- b')).to.equal('\\- a - b');
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        (text) => !/^(#|>|-|\+|\d+[.)])|\n|(^|[^\\])[<`[|*]/.test(prose(text)),
      ),
    );
  });

  it('gives sizes that people read', () => {
    expect([0, 999, 1000, 1_234_567, 5e9].map(formatBytes)).to.deep.equal([
      '0 B',
      '999 B',
      '1.0 kB',
      '1.2 MB',
      '5.00 GB',
    ]);
    expect([1, 482_469_773].map(exactBytes)).to.deep.equal(['1 B (1 byte)', '482.5 MB (482,469,773 bytes)']);
  });
});
