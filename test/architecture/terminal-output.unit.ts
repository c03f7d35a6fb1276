import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const CLI = resolve(import.meta.dirname, '..', '..', 'cli', 'src');

/** Ways past output/terminal.ts, which shows foreign text as text. */
const OTHER_WAYS =
  /process\s*\.\s*(?:stdout|stderr|_rawDebug)|process\s*\[|\bconsole\b|from 'node:(?:tty|console)'|\bux\b|\bthis\.(?:log|warn|error|logToStderr|logJson|exit)\b|writeSync|\bfd:\s*[12]\b/g;

/** The streams are handed to createTerminal() in these places, and nowhere else touched. The text of a generated module names one; at the end of the process nothing can be waited for. */
const ALLOWED: Readonly<Record<string, number>> = {
  'main.ts': 2,
  'base-command.ts': 3,
  'output/last-words.ts': 3,
  'projects/sources.ts': 1,
};

const otherWaysIn = (source: string): readonly string[] => {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  return [...code.matchAll(OTHER_WAYS)].map(([found]) => found);
};

describe('the command line', () => {
  it('writes to a terminal in one way only', () => {
    const files = readdirSync(CLI, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    expect(files.length).to.be.greaterThan(60);
    const found = files.flatMap((file) => {
      const ways = otherWaysIn(readFileSync(join(CLI, file), 'utf8'));
      const name = relative('.', file);
      return ways.length === (ALLOWED[name] ?? 0) ? [] : [`${name}: ${ways.join(', ')}`];
    });
    expect(found).to.deep.equal([]);
  });

  it('would be told of another', () => {
    for (const source of [
      "process.stdout.write('x');",
      "const { stderr } = process['stdout'];",
      'console.log(1);',
      "this.log('x');",
      "import { ux } from '@oclif/core';",
      'writeSync(1, text);',
    ]) {
      expect(otherWaysIn(source), source).to.have.length.greaterThan(0);
    }
    expect(otherWaysIn('// process.stdout is not for us')).to.deep.equal([]);
  });
});
