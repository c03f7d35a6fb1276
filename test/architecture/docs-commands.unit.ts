import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readPages } from './support/markdown.ts';
import { ROOT } from './support/tools.ts';

const COMMANDS = join(ROOT, 'cli', 'src', 'commands');
const TOPICS: ReadonlySet<string> = new Set(
  globSync('*', { cwd: COMMANDS, withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? entry.name : [])),
);
const SHARED = ['base-command.ts', 'flags.ts'].map((file) => readFileSync(join(ROOT, 'cli', 'src', file), 'utf8'));

/** Other names of commands: `projection list` is the file of `views list`. */
const ALIASES: ReadonlyMap<string, string> = new Map(
  globSync('**/*.ts', { cwd: COMMANDS }).flatMap((path) => {
    const file = join(COMMANDS, path);
    const [, list = ''] = /static override aliases = \[(.*)\]/.exec(readFileSync(file, 'utf8')) ?? [];
    return [...list.matchAll(/'([^']+)'/g)].map(([, alias = '']): [string, string] => [alias.replace(':', ' '), file]);
  }),
);

/** What is wrong with the uses of `reprise …` in a text: a command or a flag that is not there. */
function unknownCommands(text: string): readonly string[] {
  return [
    ...text.matchAll(/(?<![\w@/.-])reprise ([a-z]+(?:-[a-z]+)*(?: [a-z]+(?:-[a-z]+)*){0,2})([^\n`|&]*)/g),
  ].flatMap(([whole, words = '', rest = '']) => {
    const [first = '', second = '', third = ''] = words.split(' ');
    const within = TOPICS.has(first)
      ? existsSync(join(COMMANDS, first, second))
        ? [first, second, third]
        : [first, second]
      : [first];
    // `dashboard` is a command with an argument, and has commands below it.
    const below = `${join(COMMANDS, ...within)}.ts`;
    const own = existsSync(below) ? below : `${join(COMMANDS, first)}.ts`;
    const file = ALIASES.get(`${first} ${second}`) ?? own;
    if (!existsSync(file)) return [`${whole.trim()}: no such command`];
    const sources = [readFileSync(file, 'utf8'), ...SHARED].join('\n');
    const flags = [...rest.replace(/#.*/, '').matchAll(/(?<=\s)--([\w-]+)/g)].map(([, flag = '']) => flag);
    const known = (flag: string): boolean => new RegExp(`^\\s+'?${flag}'?: `, 'm').test(sources) || flag === 'help';
    return flags.filter((flag) => !known(flag)).map((flag) => `${whole.trim()}: no flag --${flag}`);
  });
}

/** Blocks of the shell, and code in the prose. */
const codeOf = (page: ReturnType<typeof readPages>[number]): string =>
  [
    ...page.blocks.filter(({ language }) => language === 'sh').map(({ text }) => text),
    ...page.prose.flatMap((line) => [...line.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)),
  ].join('\n');

describe('commands in the documents', () => {
  it('are there, with their flags', () => {
    expect(
      readPages().flatMap((page) => unknownCommands(codeOf(page)).map((problem) => `${page.path}: ${problem}`)),
    ).to.deep.equal([]);
  });

  it('that the fixes of errors name are there', () => {
    expect(
      unknownCommands(
        Object.values(ERROR_CODES)
          .map(({ fix }) => fix)
          .join('\n'),
      ),
    ).to.deep.equal([]);
  });

  it('are told when they are not', () => {
    expect(
      unknownCommands('reprise run start a --follow\nreprise run halt a\nnpx reprise doctor --fast\n'),
    ).to.deep.equal(['reprise run halt a: no such command', 'reprise doctor --fast: no flag --fast']);
  });
});
