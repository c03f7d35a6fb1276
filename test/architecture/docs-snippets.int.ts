import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseText, parseWorkflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Block, readPages } from './support/markdown.ts';
import { ROOT, tool } from './support/tools.ts';

interface Snippet extends Block {
  readonly page: string;
}

const snippets: readonly Snippet[] = readPages().flatMap(({ path, blocks }) =>
  blocks.map((block) => ({ ...block, page: path })),
);
const inLanguages = (...languages: readonly string[]): readonly Snippet[] =>
  snippets.filter(({ language }) => languages.includes(language));

const placeOf = ({ page, line }: Snippet): string => `${page}:${line}`;

/** Whole files and `#region`s of the examples: what a snippet may be a copy of. */
function sourcesOfExamples(extension: string): ReadonlySet<string> {
  const texts = new Set<string>();
  const exclude = (path: string): boolean => /node_modules|dist/.test(path);
  for (const path of globSync(`docs/examples/**/*.${extension}`, { cwd: ROOT, exclude })) {
    const text = readFileSync(join(ROOT, path), 'utf8');
    texts.add(text.trim());
    for (const [, region = ''] of text.matchAll(/^\s*\/\/ #region .*\n([\s\S]*?)^\s*\/\/ #endregion/gm)) {
      texts.add(dedent(region).trim());
    }
  }
  return texts;
}

function dedent(text: string): string {
  const lines = text.split('\n');
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length);
  const indent = Math.min(...indents);
  return lines.map((line) => line.slice(indent)).join('\n');
}

const COMPILER_OPTIONS = {
  composite: false,
  incremental: false,
  declaration: false,
  declarationMap: false,
  noEmit: true,
  customConditions: ['reprise-source'],
};

/** Not the snippets' own: what the reader is to write and they import (a file, or a plugin), and what the type check says of the sources. */
const NOT_THEIRS = /error TS2307: Cannot find module '(?:\.{1,2}\/|reprise-)|^(?:\.\.\/|\s)/;

/** What the compiler says about texts, each a module of its own; by name. */
async function compile(texts: ReadonlyMap<string, string>): Promise<readonly string[]> {
  // Inside the repository, so that the workspaces resolve; where no other tool looks.
  const folder = join(ROOT, 'node_modules', '.cache', `reprise-snippets-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  try {
    const names = [...texts.keys()];
    const files = names.map((_name, index) => `${index}.ts`);
    for (const [index, text] of [...texts.values()].entries()) {
      writeFileSync(join(folder, `${index}.ts`), `${text}\nexport {};\n`);
    }
    const config = { extends: join(ROOT, 'tsconfig.base.json'), compilerOptions: COMPILER_OPTIONS, files };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const { code, stdout } = await tool('typescript/bin/tsc', ['--pretty', 'false', '-p', folder], { cwd: folder });
    if (code === 0) return [];
    const said = stdout
      .trim()
      .split('\n')
      .filter((line) => !NOT_THEIRS.test(line));
    return said.map((line) =>
      line.replace(/^(?:.*\/)?(\d+)\.ts\((\d+),\d+\)/, (_, at, row) => `${names[at]} line ${row}`),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('snippets in the documents', () => {
  it('in TypeScript are part of an example, or compile as they are', async () => {
    const copied = sourcesOfExamples('ts');
    const typescript = inLanguages('ts', 'typescript');
    expect(typescript).to.have.length.above(5);
    const own = typescript.filter(({ text }) => !copied.has(text));
    expect(await compile(new Map(own.map((snippet) => [placeOf(snippet), snippet.text])))).to.deep.equal([]);
  });

  it('are told when they do not compile', async () => {
    const bad = "import { workflow } from '@reprise/core';\nworkflow('a').task('b', 'c', { after: 'absent' });";
    const [first] = await compile(new Map([['page', bad]]));
    expect(first).to.match(/^page line 2: error .*absent/);
  });

  it('in YAML parse, and those that are workflows are valid', () => {
    for (const snippet of inLanguages('yaml', 'yml')) {
      const { text } = snippet;
      const whole = /^name:/m.test(text) && /^tasks:/m.test(text);
      const read = () => (whole ? parseWorkflow(text, { file: placeOf(snippet) }) : parseText(text, placeOf(snippet)));
      expect(read, placeOf(snippet)).to.not.throw();
    }
  });

  it('in JSON parse', () => {
    for (const snippet of inLanguages('json')) {
      expect(() => JSON.parse(snippet.text), placeOf(snippet)).to.not.throw();
    }
  });

  it('in the shell name npm scripts that are there', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
    const unknown = inLanguages('sh', 'bash', 'console').flatMap((snippet) =>
      [...snippet.text.matchAll(/\bnpm run ([\w:-]+)/g)]
        .map(([, script = '']) => script)
        .filter((script) => !Object.hasOwn(scripts, script))
        .map((script) => `${placeOf(snippet)}: npm run ${script}`),
    );
    expect(unknown).to.deep.equal([]);
  });
});
