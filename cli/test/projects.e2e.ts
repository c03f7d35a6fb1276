import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  agentSource,
  pluginSource,
  projectionSource,
  strategySource,
  testSource,
  workflowSource,
} from '../src/projects/sources.ts';
import { TEMPLATES } from '../src/projects/templates.ts';
import { jsonLines, type Result, Running, reprise, temporaryFolders } from './support.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const { version: VERSION } = JSON.parse(readFileSync(join(ROOT, 'cli', 'package.json'), 'utf8')) as { version: string };

const folders = temporaryFolders();

/** As if the packages had been installed. */
const installed = (folder: string): string => {
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
  return folder;
};

const run = (program: string, args: readonly string[], cwd: string): Promise<Result> =>
  new Promise((done) => {
    const { PATH } = process.env;
    execFile(program, args, { cwd, env: { PATH }, encoding: 'utf8' }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });

/** Runs a test of a project, as its `npm test` would. */
async function passes(folder: string, template = 'hello'): Promise<void> {
  const mocha = [join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js'), '--no-config', 'test/**/*.test.ts'];
  const { code, stdout, stderr } = await run(process.execPath, template === 'plugin' ? mocha : ['--test'], folder);
  expect(code, `${stdout}\n${stderr}`).to.equal(0);
  expect(stdout).to.match(/pass [1-9]|[1-9]\d* passing/);
}

/** Compiles a project: strictly, whatever it says itself. */
async function compiles(folder: string): Promise<void> {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const flags = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--noImplicitReturns'];
  const { code, stdout } = await run(process.execPath, [tsc, '-p', '.', ...flags], folder);
  expect(code, stdout).to.equal(0);
}

const COMPILER = {
  target: 'es2024',
  lib: ['es2024'],
  module: 'nodenext',
  types: ['node'],
  skipLibCheck: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  allowImportingTsExtensions: true,
  noEmit: true,
};

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** The rules of this repository, for what a command wrote. */
async function isClean(folder: string): Promise<void> {
  const biome = join(ROOT, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
  const files = filesIn(folder).filter((file) => /\.m?ts$/.test(file) && !file.includes('node_modules'));
  const settings = [`--config-path=${ROOT}`, '--vcs-enabled=false', '--max-diagnostics=none'];
  const { code, stdout, stderr } = await run(process.execPath, [biome, 'check', ...settings, ...files], folder);
  expect(code, `${stdout}\n${stderr}`).to.equal(0);
  expect(`${stdout}${stderr}`).to.contain(`Checked ${files.length} files`);
}

describe('reprise create', () => {
  it('says in its help which templates there are', async () => {
    const { stdout } = await reprise(['create', '--help'], { cwd: ROOT });
    expect(stdout).to.contain(`--template=${TEMPLATES.join('|')}`);
  });

  for (const template of TEMPLATES) {
    it(`makes a project from the template ${template} that compiles and passes its tests`, async () => {
      const cwd = folders();
      const made = await reprise(['create', 'my-project', '--template', template, '--json'], { cwd });
      expect(made.code, made.stderr).to.equal(0);
      const folder = join(cwd, 'my-project');
      const [said = {}] = jsonLines(made.stdout);
      expect(said).to.include({ name: 'my-project', template, folder, installed: false });
      expect(filesIn(folder)).to.have.members((said['files'] as string[]).map((path) => join(folder, path)));
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
      expect(manifest).to.include({ name: 'my-project', type: 'module' });
      expect(JSON.stringify(manifest)).to.contain(`"@reprise/core":"^${VERSION}"`);
      expect(readFileSync(join(folder, '.gitignore'), 'utf8')).to.match(/^\.reprise\/$/m);
      for (const file of filesIn(folder)) expect(readFileSync(file, 'utf8'), file).to.not.match(/\{\{\w+\}\}/);
      installed(folder);
      await passes(folder, template);
      await compiles(folder);
    });

    it(`asks in the template ${template} for versions that this repository is tested with`, () => {
      const text = readFileSync(join(ROOT, 'cli', 'templates', template, '_package.json'), 'utf8');
      const { dependencies = {}, devDependencies = {} } = JSON.parse(text) as Record<string, Record<string, string>>;
      for (const [name, range] of Object.entries({ ...dependencies, ...devDependencies })) {
        if (name.startsWith('@reprise/')) continue;
        const manifest = readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8');
        const [major] = (JSON.parse(manifest) as { version: string }).version.split('.');
        expect(range, name).to.match(new RegExp(`^\\^${major}\\.`));
      }
    });
  }

  it('says what to do next, and prints the folder', async () => {
    const cwd = folders();
    const { code, stdout, stderr } = await reprise(['create', '@acme/my-project'], { cwd });
    expect([code, stdout]).to.deep.equal([0, 'my-project\n']);
    for (const word of ['cd my-project', 'npm install', 'npm start', 'npm test']) expect(stderr).to.contain(word);
    const folder = installed(join(cwd, 'my-project'));
    expect(readFileSync(join(folder, 'package.json'), 'utf8')).to.contain('"name": "@acme/my-project"');
    const hello = await reprise(['run', 'start', 'hello', '--wait', '--json'], { cwd: folder });
    expect(jsonLines(hello.stdout)[0]?.['output']).to.deep.equal({ text: 'Hello, world!', letters: 10 });
    const simulated = await reprise(['sim', 'run', 'hello', '--runs', '5', '--faults', 'none'], { cwd: folder });
    expect(simulated.stdout).to.contain('5 runs: 5 completed').and.to.not.contain('output schema');
  });

  it('says nothing of an installation where the packages are there already', async () => {
    const { stderr } = await reprise(['create', 'within'], { cwd: installed(folders()) });
    expect(stderr).to.contain('npm start').and.to.not.contain('npm install');
  });

  it('makes a project that decides by a form', async () => {
    const cwd = folders();
    await reprise(['create', 'mine', '-t', 'approval'], { cwd });
    const folder = installed(join(cwd, 'mine'));
    const driving = new Running(['run', 'start', 'approval', '--id', 'a-1', '--follow'], { cwd: folder });
    await driving.saw(/decision .*a form for editor/);
    expect((await reprise(['form', 'list'], { cwd: folder })).stdout).to.match(/a-1 +decision +Approval +editor/);
    const answer = ['--answer', '{"decision":"approve"}', '--by', 'kim'];
    expect((await reprise(['form', 'answer', 'a-1', 'decision', ...answer], { cwd: folder })).code).to.equal(0);
    expect((await driving.ended).code).to.equal(0);
    const { stdout } = await reprise(['run', 'show', 'a-1', '--json'], { cwd: folder });
    expect(jsonLines(stdout)[0]?.['output']).to.deep.equal({ said: "'News' is published: News: a first draft." });
  });

  it('makes a plugin that runs from its sources', async () => {
    const cwd = folders();
    await reprise(['create', 'mine', '-t', 'plugin'], { cwd });
    const folder = installed(join(cwd, 'mine'));
    const config = ['--config', join('example', 'reprise.config.ts')];
    const { code, stderr } = await reprise(['run', 'start', 'hello', '--wait', ...config], { cwd: folder });
    expect(code, stderr).to.equal(0);
    expect(readFileSync(join(folder, 'runs.log'), 'utf8')).to.contain('"RunCompleted"');
  });

  for (const name of ['../up', 'My Project']) {
    it(`refuses the name ${name}, and makes nothing`, async () => {
      const cwd = folders();
      const { code, stderr, stdout } = await reprise(['create', name, '--json'], { cwd });
      expect([code, stdout]).to.deep.equal([2, '']);
      const { error } = JSON.parse(stderr) as { error: Record<string, unknown> };
      expect(error['code']).to.equal('REPRISE_NAME_INVALID');
      expect(error['fix']).to.be.a('string');
      expect(readdirSync(cwd)).to.deep.equal([]);
    });
  }

  for (const [template, words] of [
    ['distributd', /did you mean 'distributed'/],
    ['aproval', /did you mean 'approval'/],
    ['../hello', /There is no template/],
  ] as const) {
    it(`refuses the template ${template}`, async () => {
      const cwd = folders();
      const { code, stderr } = await reprise(['create', 'mine', '--template', template], { cwd });
      expect(code).to.equal(2);
      expect(stderr).to.contain('REPRISE_TEMPLATE_UNKNOWN').and.to.match(words);
      expect(readdirSync(cwd)).to.deep.equal([]);
    });
  }

  it('overwrites nothing, and takes a folder that is empty', async () => {
    const cwd = folders();
    mkdirSync(join(cwd, 'full'));
    writeFileSync(join(cwd, 'full', 'precious.txt'), 'mine');
    writeFileSync(join(cwd, 'file'), 'mine');
    mkdirSync(join(cwd, 'cloned', '.git'), { recursive: true });
    for (const name of ['full', 'file']) {
      const { code, stderr } = await reprise(['create', name], { cwd });
      expect(code).to.equal(1);
      expect(stderr).to.contain('REPRISE_FILE_EXISTS');
    }
    expect(filesIn(join(cwd, 'full'))).to.have.lengthOf(1);
    expect((await reprise(['create', 'cloned'], { cwd })).code).to.equal(0);
    expect(existsSync(join(cwd, 'cloned', 'reprise.config.ts'))).to.equal(true);
  });

  it('says where it may not write', async function () {
    // The superuser may write everywhere.
    if (process.getuid?.() === 0) this.skip();
    const cwd = folders();
    chmodSync(cwd, 0o500);
    const { code, stderr } = await reprise(['create', 'mine'], { cwd });
    chmodSync(cwd, 0o700);
    expect(code).to.equal(1);
    expect(stderr).to.contain('REPRISE_NOT_WRITABLE').and.to.contain('Fix');
  });

  it('says what the system says when a folder cannot be made', async function () {
    if (process.platform !== 'linux') this.skip();
    const { code, stderr } = await reprise(['create', 'mine'], { cwd: '/proc' });
    expect(code).to.equal(1);
    expect(stderr).to.contain('REPRISE_NOT_WRITABLE').and.to.contain('/proc/mine');
  });

  it('keeps what it made when npm fails', async () => {
    const cwd = folders();
    const { code, stderr } = await reprise(['create', 'mine', '--install'], {
      cwd,
      env: { PATH: join(cwd, 'nothing') },
    });
    expect(code).to.equal(1);
    expect(stderr).to.contain('REPRISE_INSTALL_FAILED').and.to.contain('npm could not be run');
    expect(existsSync(join(cwd, 'mine', 'package.json'))).to.equal(true);
  });

  it('is what create-reprise runs', async () => {
    const cwd = folders();
    const program = join(ROOT, 'cli', 'create-reprise', 'bin', 'run.js');
    const { code, stdout, stderr } = await run(process.execPath, [program, 'mine', '--template', 'approval'], cwd);
    expect([code, stdout], stderr).to.deep.equal([0, 'mine\n']);
    expect(existsSync(join(cwd, 'mine', 'workflows', 'approval.ts'))).to.equal(true);
    expect((await run(process.execPath, [program, '../mine'], cwd)).code).to.equal(2);
  });
});

/** A package, with files. */
function packageOf(manifest: object, files: Readonly<Record<string, string>> = {}): string {
  const folder = installed(folders());
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 4)}\n`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const own = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();

const COMMONJS = {
  name: 'x',
  version: '1.0.0',
  scripts: { test: 'echo "Error: no test specified" && exit 1' },
  type: 'commonjs',
};

describe('reprise init', () => {
  for (const [type, extension] of [
    ['commonjs', 'mts'],
    ['module', 'ts'],
    [undefined, 'mts'],
  ] as const) {
    it(`adds a configuration that works to a package of type ${type ?? 'unsaid'}`, async () => {
      const { type: _, ...rest } = COMMONJS;
      const cwd = packageOf(type === undefined ? rest : { ...rest, type });
      const before = readFileSync(join(cwd, 'package.json'), 'utf8');
      const { code, stdout, stderr } = await reprise(['init'], { cwd });
      expect(code, stderr).to.equal(0);
      const made = ['.gitignore', 'agents/trimmer', 'reprise.config', 'test/hello.test', 'workflows/hello'];
      expect(stdout.trim().split('\n').sort()).to.deep.equal(
        made.map((path) => (path === '.gitignore' ? path : `${path}.${extension}`)),
      );
      expect(readFileSync(join(cwd, 'package.json'), 'utf8')).to.equal(before);
      expect(stderr)
        .to.contain('reprise init --yes')
        .and.to.contain('npm install @reprise/cli @reprise/core')
        .and.to.match(/Not changed: package\.json/);
      const started = await reprise(['run', 'start', 'hello', '--wait', '--json'], { cwd });
      expect(started.stderr).to.equal('');
      expect(jsonLines(started.stdout)[0]).to.deep.include({ status: 'completed', output: { done: 'nothing to do' } });
      await passes(cwd);
      writeFileSync(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER }));
      await compiles(cwd);
      await isClean(cwd);
    });
  }

  it('changes with --yes only what it says', async () => {
    const cwd = packageOf({ ...COMMONJS, dependencies: { zod: '4', abc: '1' } }, { '.gitignore': 'out' });
    const { stdout } = await reprise(['init', '--yes', '--json'], { cwd });
    const [said = {}] = jsonLines(stdout);
    expect(said['wouldChange']).to.deep.equal([]);
    expect((said['changed'] as { file: string }[]).map(({ file }) => file)).to.deep.equal([
      'package.json',
      '.gitignore',
    ]);
    expect(readFileSync(join(cwd, '.gitignore'), 'utf8')).to.equal('out\n.reprise/\n');
    const text = readFileSync(join(cwd, 'package.json'), 'utf8');
    expect(JSON.parse(text)).to.deep.equal({
      ...COMMONJS,
      scripts: { test: 'node --test' },
      dependencies: { '@reprise/cli': `^${VERSION}`, '@reprise/core': `^${VERSION}`, abc: '1', zod: '4' },
    });
    expect(text)
      .to.match(/^ {4}"name"/m)
      .and.to.match(/\}\n$/);
    const again = await reprise(['init', '--yes'], { cwd });
    expect([again.code, again.stdout]).to.deep.equal([0, '']);
    expect(again.stderr).to.contain('Nothing is missing');
    expect(readFileSync(join(cwd, 'package.json'), 'utf8')).to.equal(text);
  });

  it('leaves a test script and dependencies that are there', async () => {
    const manifest = {
      name: 'x',
      scripts: { test: 'vitest' },
      devDependencies: { '@reprise/cli': '*', '@reprise/core': '*' },
    };
    const cwd = packageOf(manifest);
    await reprise(['init', '--yes'], { cwd });
    expect(JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'))).to.deep.equal(manifest);
  });

  it('changes nothing that is there', async () => {
    const files = { 'test/hello.test.ts': '// mine\n', 'workflows/ci.yml': 'on: push\n', '.gitignore': '/.reprise\n' };
    const cwd = packageOf({ name: 'x', type: 'module' }, files);
    const { code, stderr } = await reprise(['init'], { cwd });
    expect(code).to.equal(0);
    expect(stderr).to.contain('test/hello.test.ts is there already');
    for (const [path, text] of Object.entries(files)) expect(readFileSync(join(cwd, path), 'utf8')).to.equal(text);
    // The folder of the other workflows is not taken for one of ours.
    expect(own(cwd)).to.include.members(['reprise/workflows/hello.ts', 'reprise/agents/trimmer.ts']);
    expect((await reprise(['workflow', 'validate'], { cwd })).code).to.equal(0);
    const made = await reprise(['generate', 'agent', 'writer'], { cwd });
    expect(made.stdout.trim()).to.equal(join('reprise', 'agents', 'writer.ts'));
  });

  it('leaves a configuration as it is, and adds no code to it', async () => {
    const cwd = packageOf({ name: 'x' }, { 'reprise.config.yaml': 'workflows: []\n' });
    await reprise(['init'], { cwd });
    expect(own(cwd)).to.deep.equal(['.gitignore', 'package.json', 'reprise.config.yaml']);
  });

  it('refuses a folder that is no package, and a package.json that cannot be read', async () => {
    const bare = folders();
    const refused = await reprise(['init'], { cwd: bare });
    expect(refused.code).to.equal(4);
    expect(refused.stderr).to.contain('REPRISE_PACKAGE_NOT_FOUND').and.to.contain('npm init -y');
    expect(readdirSync(bare)).to.deep.equal([]);
    writeFileSync(join(bare, 'package.json'), '{ "name": ');
    const torn = await reprise(['init', '--yes'], { cwd: bare });
    expect([torn.code, readdirSync(bare).length]).to.deep.equal([4, 1]);
    expect((await reprise(['init', '--install'], { cwd: bare })).code).to.equal(2);
  });

  it('makes all or nothing, and spoils no package.json that is odd', async () => {
    const cwd = packageOf({ name: 'x' });
    symlinkSync(join(cwd, 'no-such-folder'), join(cwd, 'workflows'));
    expect((await reprise(['init', '--yes'], { cwd })).stderr).to.contain('REPRISE_NOT_WRITABLE');
    expect(own(cwd)).to.deep.equal(['package.json']);
    for (const odd of [{ dependencies: 'x' }, { scripts: [] }]) {
      const other = packageOf({ name: 'x', ...odd });
      const { code, stderr } = await reprise(['init', '--yes'], { cwd: other });
      expect(code).to.equal(4);
      expect(stderr).to.contain(`its ${Object.keys(odd)[0]} are no object`);
      expect(own(other)).to.deep.equal(['package.json']);
    }
  });

  it('does not install with npm what is of another package manager', async () => {
    const cwd = packageOf({ name: 'x' }, { 'pnpm-lock.yaml': '' });
    const { code, stderr } = await reprise(['init', '--yes', '--install'], { cwd });
    expect(code).to.equal(1);
    expect(stderr).to.contain('pnpm install');
  });
});

describe('reprise generate', () => {
  /** A project of the template hello. */
  async function project(): Promise<string> {
    const cwd = folders();
    await reprise(['create', 'mine'], { cwd });
    return installed(join(cwd, 'mine'));
  }
  const KINDS = ['workflow', 'agent', 'strategy', 'plugin', 'projection', 'test'] as const;

  it('writes modules that compile, are clean, and do what they say', async () => {
    const cwd = await project();
    for (const kind of KINDS) {
      const { code, stdout, stderr } = await reprise(['generate', kind, 'nightly-report'], { cwd });
      expect(code, stderr).to.equal(0);
      expect(existsSync(join(cwd, stdout.trim())), stdout).to.equal(true);
    }
    // Names that no variable has, or that the modules use themselves.
    for (const name of ['class', 'workflow', 'test', 'define-agent', 'define-projection', 'input', 'row', 'x2']) {
      const test = {
        name,
        from: `../workflows/${name}.ts`,
        export: workflowSource(name).export,
        agents: [`${name}-worker`],
      };
      writeFileSync(join(cwd, 'workflows', `${name}.ts`), workflowSource(name).text);
      writeFileSync(join(cwd, 'agents', `${name}.ts`), agentSource(name).text);
      writeFileSync(join(cwd, 'strategies', `${name}.ts`), strategySource(name).text);
      writeFileSync(join(cwd, 'plugins', `${name}.ts`), pluginSource(name).text);
      writeFileSync(join(cwd, 'projections', `${name}.ts`), projectionSource(name).text);
      writeFileSync(join(cwd, 'test', `${name}.test.ts`), testSource(test));
    }
    await compiles(cwd);
    await isClean(cwd);
    await passes(cwd);
    const [{ workflows = [] } = {}] = jsonLines((await reprise(['workflow', 'list', '--json'], { cwd })).stdout) as {
      workflows?: { name: string }[];
    }[];
    expect(workflows.map(({ name }) => name)).to.include.members(['hello', 'nightly-report', 'class', 'workflow']);
  });

  it('says what the configuration needs, and that is enough', async () => {
    const cwd = await project();
    const added: Record<string, string> = {};
    for (const kind of ['workflow', 'agent', 'strategy', 'plugin', 'projection']) {
      const [said] = jsonLines((await reprise(['generate', kind, 'my-own', '--json'], { cwd })).stdout);
      added[kind] = String(said?.['add']);
      expect(said).to.include({ kind, name: 'my-own', config: join(cwd, 'reprise.config.ts') });
    }
    expect([added['workflow'], added['agent']]).to.deep.equal(['null', 'null']);
    const plugins = ['strategy', 'plugin'].map((kind) => added[kind]?.replace('plugins: [', '').replace(/\]$/, ''));
    const [imported, projections] = added['projection']?.split('  and  ') ?? [];
    const text = `import { defineConfig } from '@reprise/cli';
${imported}
export default defineConfig({
  workflows: ['./workflows'],
  agents: ['./agents'],
  plugins: [${plugins.join(', ')}],
  ${projections},
});
`;
    writeFileSync(join(cwd, 'reprise.config.ts'), text);
    await compiles(cwd);
    const file = join(cwd, 'workflows', 'my-own.ts');
    writeFileSync(file, readFileSync(file, 'utf8').replace("{ version: '1' }", "{ version: '1', strategy: 'my-own' }"));
    const { code, stderr } = await reprise(['run', 'start', 'my-own', '--id', 'r-1', '--wait'], { cwd });
    expect(code, stderr).to.equal(0);
    expect(stderr).to.match(/^r-1 RunCompleted$/m);
    const view = await reprise(['views', 'show', 'my-own', '--json'], { cwd });
    const [{ rows } = {}] = jsonLines(view.stdout) as { rows?: object[] }[];
    expect(rows?.[0]).to.include({ key: 'my-own', completed: 1 });
  });

  it('says so where the configuration does not take the folder', async () => {
    const cwd = packageOf(
      { name: 'x', type: 'module' },
      {
        'reprise.config.ts': "import { defineConfig } from '@reprise/core';\nexport default defineConfig({});\n",
        'sub/a.txt': '',
      },
    );
    const inTypeScript = await reprise(['generate', 'workflow', 'a'], { cwd: join(cwd, 'sub') });
    expect(inTypeScript.stdout.trim()).to.equal(join('..', 'workflows', 'a.ts'));
    expect(inTypeScript.stderr)
      .to.contain("workflows: ['./workflows']")
      .and.to.contain('with defineConfig of @reprise/cli');
    rmSync(join(cwd, 'reprise.config.ts'));
    writeFileSync(join(cwd, 'reprise.config.yaml'), 'workflows: []\n');
    expect((await reprise(['generate', 'agent', 'a'], { cwd })).stderr).to.contain('agents: [./agents]');
    expect((await reprise(['generate', 'projection', 'a'], { cwd })).stderr).to.contain('in code only');
    rmSync(join(cwd, 'reprise.config.yaml'));
    expect((await reprise(['generate', 'workflow', 'b'], { cwd })).stderr).to.contain('reprise init');
    writeFileSync(join(cwd, 'reprise.config.ts'), 'throw new Error("no luck");\n');
    const broken = await reprise(['generate', 'workflow', 'c'], { cwd });
    expect(broken.code).to.equal(0);
    expect(broken.stderr).to.contain('no luck').and.to.contain("workflows: ['./workflows']");
  });

  it('writes a test of a workflow in YAML', async () => {
    const cwd = await project();
    const text =
      'name: by.text\ntasks:\n  a: { agent: greeter }\n  b: { scope: { c: { capability: browse } }, after: a }\n';
    writeFileSync(join(cwd, 'workflows', 'by-text.yaml'), text);
    expect((await reprise(['generate', 'test', 'by.text'], { cwd })).code).to.equal(0);
    expect(readFileSync(join(cwd, 'test', 'by.text.test.ts'), 'utf8'))
      .to.contain('browse: { output: {} }')
      .and.to.contain('greeter: { output: {} }');
    await compiles(cwd);
    await isClean(cwd);
    await passes(cwd);
  });

  it('never overwrites, in whatever form', async () => {
    const cwd = await project();
    const before = readFileSync(join(cwd, 'workflows', 'hello.ts'), 'utf8');
    writeFileSync(join(cwd, 'workflows', 'nightly.yaml'), 'name: nightly\ntasks: { a: { set: 1 } }\n');
    for (const args of [
      ['workflow', 'hello'],
      ['workflow', 'nightly'],
      ['agent', 'greeter'],
      ['test', 'hello'],
    ]) {
      const { code, stderr } = await reprise(['generate', ...args], { cwd });
      expect(code).to.equal(1);
      expect(stderr).to.contain('REPRISE_FILE_EXISTS');
    }
    expect(readFileSync(join(cwd, 'workflows', 'hello.ts'), 'utf8')).to.equal(before);
  });

  for (const [what, args, code, words] of [
    ['a kind that is none', ['workflw', 'a'], 2, "did you mean 'workflow'"],
    ['a name in capitals', ['workflow', 'NightlyReport'], 2, 'Perhaps: nightly-report'],
    ['a path', ['agent', '../../evil'], 2, 'Perhaps: evil'],
    ['a name that begins with a digit', ['agent', '2fast'], 2, 'Perhaps: fast'],
    ['a name that is too long', ['agent', 'x'.repeat(65)], 2, 'at most 64'],
    ['a device', ['agent', 'nul'], 2, 'REPRISE_NAME_INVALID'],
    ['a test of nothing', ['test', 'helo'], 3, "did you mean 'hello'"],
    ['a name that is missing', ['agent'], 2, 'REPRISE_USAGE'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const cwd = await project();
      const before = own(cwd);
      const refused = await reprise(['generate', ...args], { cwd });
      expect(refused.code).to.equal(code);
      expect(refused.stderr).to.contain(words);
      expect(own(cwd)).to.deep.equal(before);
    });
  }

  it('refuses a folder that is no project', async () => {
    const { code, stderr } = await reprise(['generate', 'agent', 'a'], { cwd: folders() });
    expect(code).to.equal(4);
    expect(stderr).to.contain('REPRISE_CONFIG_NOT_FOUND').and.to.contain('reprise init');
  });

  it('refuses to guess where a workflow of the configuration itself comes from', async () => {
    const cwd = await project();
    const config = `import { hello } from './workflows/hello.ts';\nexport default { workflows: [hello] };\n`;
    writeFileSync(join(cwd, 'reprise.config.ts'), config);
    rmSync(join(cwd, 'test', 'hello.test.ts'));
    const { code, stderr } = await reprise(['generate', 'test', 'hello'], { cwd });
    expect(code).to.equal(2);
    expect(stderr).to.contain("workflows: ['./workflow.ts']");
  });
});
