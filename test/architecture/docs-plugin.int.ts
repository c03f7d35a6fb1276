import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { after, describe, it } from 'mocha';
import { type Page, readPages } from './support/markdown.ts';
import { ROOT } from './support/tools.ts';

// docs/plugins.md makes a package from its beginning to its publishing. Here it is done as it stands there, file by file and command by
// command, but for what needs a registry: those are blocks of a console, the others are of the shell.

const PAGE = 'docs/plugins.md';
const SECTION = '## A package, from its beginning to npm';

type Step = { readonly file: string; readonly text: string } | { readonly command: string };

/** What the section says to write and to run, in order. The name of a file begins the sentence before its block. */
function stepsOf({ prose, blocks }: Page): readonly Step[] {
  const from = prose.indexOf(SECTION) + 1;
  const to = prose.findIndex((line, index) => index >= from && line.startsWith('## ')) + 1;
  expect(from, SECTION).to.be.above(0);
  return blocks
    .filter(({ line }) => line > from && line < to)
    .flatMap(({ language, text, line }): readonly Step[] => {
      if (language === 'sh') return text.split('\n').map((command) => ({ command }));
      if (language === 'console') return [];
      const said = prose.slice(0, line - 1).findLast((before) => before.trim() !== '') ?? '';
      const file = /(?:^|\. )`([\w./-]+\.(?:ts|json))`/.exec(said)?.[1];
      expect(file, `the file that the block in line ${line} is`).to.be.a('string');
      return [{ file: file ?? '', text: `${text}\n` }];
    });
}

describe('the package of docs/plugins.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-page-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const page = readPages().find(({ path }) => path === PAGE);
  const steps = page === undefined ? [] : stepsOf(page);
  const bin = join(ROOT, 'node_modules', '.bin');
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}`, NODE_OPTIONS: '' };
  const run = async (command: string): Promise<string> => {
    const { stdout } = await promisify(execFile)('sh', ['-c', command], { cwd: folder, env });
    return stdout;
  };
  const said = new Map<string, string>();

  it('is written and run as it stands there', async () => {
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
    for (const step of steps) {
      if ('command' in step) said.set(step.command, await run(step.command));
      else {
        mkdirSync(dirname(join(folder, step.file)), { recursive: true });
        writeFileSync(join(folder, step.file), step.text);
      }
    }
    expect([...said.keys()]).to.deep.equal(['npm test', 'npm pack', 'node try.ts']);
  });

  it('passes its tests, the suite among them', () => {
    expect(said.get('npm test')).to.match(/monitor conformance: failures[\s\S]*\d+ passing/);
    expect(said.get('npm test')).to.not.match(/failing/);
  });

  it('is packed with what it needs, and nothing else', async () => {
    const archive = 'reprise-monitor-failures-1.0.0.tgz';
    expect(existsSync(join(folder, archive))).to.equal(true);
    const files = (await run(`tar -tzf ${archive}`)).trim().split('\n').sort();
    expect(files).to.deep.equal([
      'package/dist/failures-monitor.d.ts',
      'package/dist/failures-monitor.js',
      'package/dist/index.d.ts',
      'package/dist/index.js',
      'package/options.schema.json',
      'package/package.json',
    ]);
  });

  it('works as a project would use it', () => {
    expect(said.get('node try.ts')).to.equal('failed\n');
    const lines = readFileSync(join(folder, 'failures.jsonl'), 'utf8').trim().split('\n');
    expect(lines).to.have.length(1);
    expect(JSON.parse(lines[0] ?? '')).to.include({ event: 'RunFailed' });
  });
});

describe('the suites of docs/plugins.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-kinds-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('are passed by the examples, as they stand there', async () => {
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const page = readPages().find(({ path }) => path === PAGE);
    const suites = (page?.blocks ?? []).filter(({ text }) => /^import .*@reprise\/conformance/m.test(text));
    for (const { text, line } of suites) {
      const imported = [...text.matchAll(/from '\.\/([\w-]+\.ts)'/g)].map(([, file = '']) => file);
      // Those of the package are run with it.
      if (imported.length === 0) continue;
      for (const file of imported) {
        const [example = ''] = globSync(`docs/examples/*/${file}`, { cwd: ROOT });
        copyFileSync(join(ROOT, example), join(folder, file));
      }
      writeFileSync(join(folder, `${line}.test.ts`), text);
    }
    const mocha = join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js');
    const { stdout } = await promisify(execFile)(process.execPath, [mocha, '*.test.ts'], { cwd: folder }).catch(
      (error: { readonly stdout?: string; readonly stderr?: string }) => ({ stdout: `${error.stdout}${error.stderr}` }),
    );
    expect(stdout.split(/\d+ failing/)[1], 'what fails').to.equal(undefined);
    for (const kind of ['event store', 'transport', 'view store', 'strategy', 'monitor'])
      expect(stdout).to.contain(`${kind} conformance: `);
    expect(stdout).to.match(/\d+ passing/);
  });
});
