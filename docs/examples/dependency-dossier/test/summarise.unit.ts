import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { clip } from '../src/text/clip.ts';
import { readmeProse } from '../src/text/readme-prose.ts';
import { MAX_SUMMARY_BYTES, summarise } from '../src/text/summarise.ts';

const jsonBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - 2;

describe('README prose', () => {
  it('leaves out everything that is not prose', () => {
    const readme = `<h1 align="center">left-pad</h1>
<!-- a comment
over lines -->
[![Build](https://img.example/b.svg)](https://ci.example) ![npm](https://img.example/n.svg)

Title
=====

**left-pad** pads a \`string\` on the [left](https://x.example/a_(b)) &mdash; nothing
*more*, see <https://y.example>.

\`\`\`js
const not = 'prose';
\`\`\`

| a | b |
| - | - |

    indented(code);

- first item
- second [item][ref]

[ref]: https://z.example
`;
    expect(readmeProse(readme)).to.deep.equal([
      'left-pad pads a string on the left — nothing more, see.',
      '• first item',
      '• second item',
    ]);
  });

  it('keeps prose after a tag that is only mentioned, and after an open fence of another kind', () => {
    expect(readmeProse('Use the `<script>` tag here.\n\nMore text follows.')).to.deep.equal([
      'Use the tag here.',
      'More text follows.',
    ]);
    expect(readmeProse('~~~\n```\nno\n~~~\nyes')).to.deep.equal(['yes']);
  });
});

describe('summary', () => {
  it('says what the package is, in its own words', () => {
    const readme = `# thing\n\n> Docs at example.\n\n## Install\n\nnpm install thing\n\nThing parses configuration files and reports each mistake with its line. It never evaluates them.\n\nLicensed under MIT.`;
    expect(summarise(readme, 'thing')).to.equal(
      'Thing parses configuration files and reports each mistake with its line. It never evaluates them.',
    );
  });

  it('reads scripts without spaces', () => {
    expect(summarise('# 图书馆\n\n这个库可以解析配置文件并报告错误。', 'x')).to.equal(
      '这个库可以解析配置文件并报告错误。',
    );
  });

  it('finds nothing in a README without prose', () => {
    for (const readme of [
      '',
      '\n\n',
      '# title',
      '<div><img src="x"></div>',
      '```\ncode here is all\n```',
      '[![a](b)](c)',
      '---',
    ]) {
      expect(summarise(readme, 'x'), readme).to.equal(undefined);
    }
  });

  it('stays within its size, is one line and the same each time, whatever the text', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '[',
      ']',
      '(',
      ')',
      '!',
      '`',
      '*',
      '\n',
      '\t',
      '|',
      '\\',
      '"',
      '#',
      'word ',
      'и ',
      '字',
      '👩‍👧 ',
      '. ',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.array(piece, { maxLength: 300 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (readme) => {
        const summary = summarise(readme, 'x');
        expect(summarise(readme, 'x')).to.equal(summary);
        if (summary === undefined) return;
        expect(jsonBytes(summary)).to.be.at.most(MAX_SUMMARY_BYTES);
        expect(summary).to.not.match(/[\n\r\t]/);
      }),
      { numRuns: 300 },
    );
  });

  it('comes to an end on texts made to hang a reader', () => {
    const hostile = [
      '<',
      '[',
      '![',
      '(',
      '`',
      '[a](',
      '<!--',
      '<pre',
      '*a',
      '&',
      ':a',
      '> ',
      '\\',
      '_ ',
      '[[a](b)',
      '- ',
    ];
    for (const piece of hostile) {
      const readme = `Fine words stand here first.\n\n${piece.repeat(60_000 / piece.length)}`;
      expect(summarise(readme, 'x'), piece).to.be.a('string');
    }
  });
});

describe('clip', () => {
  it('never exceeds its budget nor cuts a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 3, max: 60 }), (text, max) => {
        const cut = clip(text, max);
        expect(jsonBytes(cut)).to.be.at.most(max);
        expect(cut.isWellFormed()).to.equal(true);
        if (jsonBytes(text) <= max) expect(cut).to.equal(text);
      }),
    );
  });
});
