import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DEFAULT_ENGINE_OPTIONS, parseText } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { shapeProblems } from '../src/config/check-shape.ts';
import { EXIT } from '../src/errors/exit-codes.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const COMMANDS = join(ROOT, 'cli', 'src', 'commands');

interface CommandClass {
  readonly summary?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly flags?: Readonly<Record<string, { readonly description?: string; readonly char?: string }>>;
  readonly rows?: unknown;
  readonly args?: Readonly<Record<string, { readonly description?: string }>>;
}

const files = readdirSync(COMMANDS, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

const page = readFileSync(join(ROOT, 'docs', 'reference', 'cli.md'), 'utf8');

/** The part of the page under a heading. */
const section = (heading: string): string => page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';

describe('docs/reference/cli.md', () => {
  it('is about every command there is, and no other', () => {
    const commands = files.map((file) => `reprise ${file.replace(/\.ts$/, '').replaceAll(/[\\/]/g, ' ')}`);
    const headings = [...page.matchAll(/^## (reprise .*)$/gm)].map(([, heading]) => heading);
    expect(headings).to.have.members(commands);
  });

  for (const file of files) {
    const name = `reprise ${file.replace(/\.ts$/, '').replaceAll(/[\\/]/g, ' ')}`;

    it(`tells every flag of ${name}, which explains itself`, async () => {
      const { default: command } = (await import(join(COMMANDS, file))) as { readonly default: CommandClass };
      expect(command.summary, 'summary').to.be.a('string').and.to.not.equal('');
      expect('format' in (command.flags ?? {}), '--format').to.equal(command.rows !== undefined);
      expect(command.examples, 'examples').to.have.length.above(0);
      const common = page.split('### Flags of every command')[1]?.split('###')[0] ?? '';
      for (const [flag, { description, char }] of Object.entries(command.flags ?? {})) {
        const where = ['config', 'store', 'format'].includes(flag) ? common : section(name);
        expect(where, `--${flag}`).to.match(new RegExp(`\`--${flag}[ \`]`));
        if (char !== undefined) expect(where, `-${char}`).to.contain(`\`-${char}\``);
        expect(description, `description of --${flag}`).to.be.a('string');
      }
      for (const [argument, { description }] of Object.entries(command.args ?? {})) {
        expect(description, `description of ${argument}`).to.be.a('string');
      }
    });
  }

  it('tells no flag of a command that does not have it', async () => {
    for (const file of files) {
      const { default: command } = (await import(join(COMMANDS, file))) as { readonly default: CommandClass };
      const name = `reprise ${file.replace(/\.ts$/, '').replaceAll(/[\\/]/g, ' ')}`;
      for (const [, flag = ''] of section(name).matchAll(/^\| `--([a-z-]+)/gm)) {
        expect(Object.keys(command.flags ?? {}), `${name} --${flag}`).to.include(flag);
      }
    }
  });

  it('has --format for everything that prints data, and says what has not', async () => {
    const without: string[] = [];
    for (const file of files) {
      const { default: command } = (await import(join(COMMANDS, file))) as { readonly default: CommandClass };
      if (command.rows === undefined) without.push(file.replace(/\.ts$/, '').replaceAll(/[\\/]/g, ' '));
    }
    const forGood = ['dev', 'dashboard', 'worker start', 'orchestrator start'];
    const ownFormat = ['run export', 'trace export', 'completion'];
    const filesOnly = ['create', 'init', 'generate', 'plugins install', 'plugins remove'];
    expect(without).to.have.members([...forGood, ...ownFormat, ...filesOnly]);
    const said = page.split('| `--format FORMAT` |')[1]?.split('\n')[0] ?? '';
    for (const name of without) expect(said).to.contain(name === 'plugins remove' ? '`remove`' : `\`${name}\``);
  });

  it('tells every exit code', () => {
    for (const code of Object.values(EXIT)) expect(page).to.contain(`\n| ${code} | `);
  });
});

describe('docs/reference/configuration.md', () => {
  const text = readFileSync(join(ROOT, 'docs', 'reference', 'configuration.md'), 'utf8');

  it('tells every key, and every limit with its default', () => {
    for (const key of [
      'store',
      'workflows',
      'agents',
      'plugins',
      'limits',
      'clock',
      'ids',
      'random',
      'use',
      'export',
      'options',
    ]) {
      expect(text).to.contain(`\`${key}\``);
    }
    for (const [limit, value] of Object.entries(DEFAULT_ENGINE_OPTIONS)) {
      expect(text).to.match(new RegExp(`\\| \`${limit}\` \\| .* \\| ${value.toLocaleString('en-US')} \\|`));
    }
  });

  it('has a YAML example that is valid', () => {
    const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(text) ?? [];
    const { value } = parseText(yaml, 'the example');
    expect(shapeProblems(value, true)).to.deep.equal([]);
    expect(Object.keys(value as object)).to.have.members(['store', 'workflows', 'agents', 'plugins', 'limits']);
  });
});
