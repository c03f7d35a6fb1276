import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Files, monitorModule, monitorPackage, readJson, stateOf, tarballOf, write } from './plugin-projects.ts';
import { type Result, Running, reprise, temporaryFolders } from './support.ts';

const folders = temporaryFolders();

const emptyProject = (files: Files = {}): string =>
  write(folders(), { 'package.json': '{"private":true}', 'reprise.config.json': {}, ...files });
const packageIn = (files: Files): string => write(join(folders(), 'package'), files);

const plugins = (cwd: string, ...args: readonly string[]): Promise<Result> => reprise(['plugins', ...args], { cwd });
/** Installs, as a script does. */
const install = (cwd: string, spec: string, ...flags: readonly string[]): Promise<Result> =>
  plugins(cwd, 'install', spec, '--yes', ...flags);

interface Entry {
  readonly use: string;
  readonly version?: string;
  readonly integrity?: string;
  readonly options?: object;
}

const entriesOf = (cwd: string): readonly Entry[] =>
  readJson<{ plugins: readonly Entry[] }>(cwd, 'reprise.plugins.json').plugins;

describe('reprise plugins install', () => {
  it('shows what the package says, pins it, and puts options and defaults into reprise.plugins.json', async () => {
    const cwd = emptyProject();
    const tarball = tarballOf(packageIn(monitorPackage()));
    const { code, stdout, stderr } = await install(cwd, tarball, '--option', 'channel=#runs', '-o', 'auth.token=abc');
    expect(code, stderr).to.equal(0);
    for (const said of [
      '@acme/monitor-slack 1.4.2',
      'hooks.slack.com',
      'kind       monitor',
      'Nothing of it is enforced',
    ])
      expect(stderr).to.contain(said);
    expect(stdout).to.contain('Installed @acme/monitor-slack 1.4.2 (monitor)');
    const [entry] = entriesOf(cwd);
    expect(entry).to.include({ use: '@acme/monitor-slack', version: '1.4.2' });
    expect(entry?.options).to.deep.equal({ channel: '#runs', retries: 3, auth: { token: 'abc' } });
    const lock = readJson<{ packages: Record<string, { integrity?: string }> }>(cwd, 'package-lock.json');
    expect(entry?.integrity)
      .to.match(/^sha512-/)
      .and.to.equal(lock.packages['node_modules/@acme/monitor-slack']?.integrity);

    const list = await plugins(cwd, 'list');
    expect(list.code).to.equal(0);
    expect(list.stdout).to.match(/@acme\/monitor-slack\s+1\.4\.2\s+monitor\s+file\s+used/);
    expect(list.stdout).to.match(/event-store\s+built in\s+used/);
    const doctor = await reprise(['doctor'], { cwd });
    expect(doctor.stdout).to.contain('slack (monitor, file)');
  });

  it('never runs a script of the package', async () => {
    const cwd = emptyProject();
    const proof = join(cwd, 'ran');
    const script = `node -e "require('fs').writeFileSync(${JSON.stringify(proof).replaceAll('"', "'")},'')"`;
    const names = ['preinstall', 'install', 'postinstall', 'prepare', 'prepack', 'postpack'];
    const files = monitorPackage({ scripts: Object.fromEntries(names.map((name) => [name, script])) });
    const folder = packageIn(files);
    for (const spec of [tarballOf(folder), folder]) {
      const { code, stderr } = await install(cwd, spec, '-o', 'channel=#runs');
      expect(code, stderr).to.equal(0);
      expect(stderr).to.contain('preinstall, install, postinstall, prepare (not run)');
    }
    expect(existsSync(proof)).to.equal(false);
  });

  it('links a folder, which is not pinned by integrity', async () => {
    const cwd = emptyProject();
    expect((await install(cwd, packageIn(monitorPackage()), '-o', 'channel=#runs')).code).to.equal(0);
    expect(entriesOf(cwd)[0]).to.include({ version: '1.4.2' }).and.not.to.have.property('integrity');
    expect((await plugins(cwd, 'list')).stderr).to.equal('');
  });

  it('runs nothing and changes nothing without consent', async () => {
    const cwd = emptyProject();
    const before = stateOf(cwd);
    const { code, stderr } = await plugins(
      cwd,
      'install',
      tarballOf(packageIn(monitorPackage())),
      '-o',
      'channel=#runs',
    );
    expect(code).to.equal(2);
    expect(stderr).to.contain('hooks.slack.com').and.to.contain('--yes');
    expect(stateOf(cwd)).to.deep.equal(before);
  });

  for (const [what, flags, code, said] of [
    ['one that must be given', [], 4, ['--option channel=<string>', 'Where to']],
    [
      'one that there is not',
      ['-o', 'channel=#runs', '-o', 'retrys=1'],
      4,
      ["no option retrys; did you mean 'retries'"],
    ],
    ['one of another type', ['-o', 'channel=#runs', '-o', 'retries=often'], 4, ['retries']],
    ['one that is too short', ['--options', '{"channel":"#"}'], 4, ['channel']],
    ['a variable that is not set', ['-o', 'channel={"env":"NO_SUCH_VARIABLE"}'], 4, ['channel (NO_SUCH_VARIABLE)']],
    ['JSON that is none', ['--options', '{'], 2, ['--options is not JSON']],
    ['a flag without a value', ['-o', 'channel'], 2, ['not key=value']],
  ] as const) {
    it(`refuses options with ${what}, before anything is changed`, async () => {
      const cwd = emptyProject();
      const result = await install(cwd, tarballOf(packageIn(monitorPackage())), ...flags);
      expect(result.code).to.equal(code);
      for (const part of said) expect(result.stderr).to.contain(part);
      expect(existsSync(join(cwd, 'node_modules'))).to.equal(false);
      expect(existsSync(join(cwd, 'reprise.plugins.json'))).to.equal(false);
    });
  }

  it('takes options from a file, JSON over them, and single ones over these', async () => {
    const cwd = emptyProject({ 'o.json': { channel: '#file', retries: 1, auth: { token: 'file' } } });
    const flags = ['--options-file', 'o.json', '--options', '{"retries":2}', '-o', 'auth.token=flag'];
    const { code, stdout } = await install(cwd, tarballOf(packageIn(monitorPackage())), ...flags, '--json');
    expect(code).to.equal(0);
    const { installed, shadowedBy } = JSON.parse(stdout) as { installed: Entry; shadowedBy: unknown };
    expect(installed.options).to.deep.equal({ channel: '#file', retries: 2, auth: { token: 'flag' } });
    expect(shadowedBy).to.equal(null);
  });

  for (const [what, broken] of [
    ['whose factory throws', { 'index.js': monitorModule('slack', 'throw new Error("no luck today");') }],
    ['that does not load', { 'index.js': 'import "no-such-package-at-all"; export default 1;' }],
    ['that is no plugin', { 'index.js': 'export default () => ({});' }],
    [
      'of another kind than it says',
      { 'index.js': monitorModule('slack').replace("kind: 'monitor'", "kind: 'agent'") },
    ],
  ] as const) {
    it(`puts everything back for a package ${what}`, async () => {
      const bare = emptyProject();
      const cwd = emptyProject();
      const older = packageIn(monitorPackage({ version: '1.0.0' }));
      expect((await install(cwd, tarballOf(older), '-o', 'channel=#old')).code).to.equal(0);
      const tarball = tarballOf(packageIn(monitorPackage({}, broken)));
      for (const folder of [bare, cwd]) {
        const before = stateOf(folder);
        const { code, stderr } = await install(folder, tarball, '-o', 'channel=#runs');
        expect(code).to.equal(1);
        expect(stderr).to.contain('REPRISE_PLUGIN_INSTALL_FAILED').and.to.contain('Everything is as it was before.');
        expect(stateOf(folder)).to.deep.equal(before);
      }
      expect(existsSync(join(bare, 'node_modules'))).to.equal(false);
    });
  }

  for (const [what, body, said] of [
    ['ends the process', 'process.exit(0);', 'the plugin @acme/monitor-slack ended the process (exit code 0)'],
    [
      'waits for what never comes',
      'return new Promise(() => {});',
      'the plugin @acme/monitor-slack waits for something',
    ],
  ] as const) {
    it(`puts back package.json, the lockfile and the plugins when the plugin ${what}, and fails`, async () => {
      const cwd = emptyProject();
      const spec = tarballOf(packageIn(monitorPackage({}, { 'index.js': monitorModule('slack', body) })));
      const { code, stderr } = await install(cwd, spec, '-o', 'channel=#runs');
      expect(code, stderr).to.equal(1);
      expect(stderr).to.contain(said).and.to.contain('npm install mends that');
      expect(readFileSync(join(cwd, 'package.json'), 'utf8')).to.equal('{"private":true}');
      for (const name of ['package-lock.json', 'reprise.plugins.json', 'reprise.plugins.json.lock'])
        expect(existsSync(join(cwd, name)), name).to.equal(false);
    });
  }

  it('is refused while another process changes the plugins, and takes over from one that was killed', async () => {
    const cwd = emptyProject({ 'reprise.plugins.json.lock': String(process.pid) });
    const spec = tarballOf(packageIn(monitorPackage()));
    const refused = await install(cwd, spec, '-o', 'channel=#runs');
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.contain(`Another process (${process.pid})`);
    expect(existsSync(join(cwd, 'node_modules'))).to.equal(false);
    // No process has an id that high.
    write(cwd, { 'reprise.plugins.json.lock': '2147483646' });
    expect((await install(cwd, spec, '-o', 'channel=#runs')).code).to.equal(0);
    expect(existsSync(join(cwd, 'reprise.plugins.json.lock'))).to.equal(false);
  });

  it('shows what a package says of an option that must be given on one line', async () => {
    const schema = { required: ['a'], properties: { a: { type: 'string', description: 'x\nError: y' } } };
    const files = monitorPackage({}, { 'options.schema.json': schema });
    const { stderr } = await install(emptyProject(), tarballOf(packageIn(files)));
    expect(stderr).to.match(/ {2}--option a=<string> +x Error: y\n/);
  });

  it('puts node_modules back where there is no lockfile, too', async () => {
    const cwd = emptyProject({ 'node_modules/.keep': '' });
    const broken = { 'index.js': 'throw new Error("no");' };
    const { code, stderr } = await install(
      cwd,
      tarballOf(packageIn(monitorPackage({}, broken))),
      '-o',
      'channel=#runs',
    );
    expect(code).to.equal(1);
    expect(stderr).to.contain('Everything is as it was before.');
    expect(existsSync(join(cwd, 'node_modules/@acme/monitor-slack'))).to.equal(false);
    expect(existsSync(join(cwd, 'package-lock.json'))).to.equal(false);
  });

  it('puts everything back when npm cannot install it', async () => {
    const cwd = emptyProject();
    const before = stateOf(cwd);
    const files = monitorPackage({ dependencies: { gone: 'file:./nowhere/gone-1.0.0.tgz' } });
    const { code, stderr } = await install(cwd, tarballOf(packageIn(files)), '-o', 'channel=#runs');
    expect(code, stderr).to.equal(1);
    expect(stderr).to.contain('npm cannot install');
    expect(stateOf(cwd)).to.deep.equal(before);
  });

  it('puts everything back at Ctrl-C', async () => {
    const cwd = emptyProject();
    const before = stateOf(cwd);
    const hangs = `await new Promise((r) => setTimeout(r, 60_000));\n${monitorModule('slack')}`;
    const spec = tarballOf(
      packageIn(monitorPackage({}, { 'index.js': `process.stderr.write('LOADING\\n');\n${hangs}` })),
    );
    const running = new Running(['plugins', 'install', spec, '--yes', '-o', 'channel=#runs'], { cwd });
    await running.saw(/LOADING/);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).to.equal(130);
    expect(stderr).to.contain('Interrupted. Everything is as it was before.');
    expect(stateOf(cwd)).to.deep.equal(before);
  });

  it('shows control characters, and obeys none', async () => {
    const cwd = emptyProject();
    const nasty = monitorPackage({
      description: 'nice \u001b[2J\u001b]0;title\u0007 \u202e',
      license: 'MIT\r\nfake: line',
    });
    const { stderr } = await install(cwd, tarballOf(packageIn(nasty)), '-o', 'channel=#runs');
    expect(stderr).to.contain('\\u001b[2J').and.to.contain('\\u202e');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    expect(stderr).not.to.match(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it('installs what it says is not used, when code wins', async () => {
    const cwd = emptyProject({
      'reprise.config.json': { plugins: ['./slack.js'] },
      'slack.js': monitorModule('slack'),
    });
    const { code, stderr } = await install(cwd, tarballOf(packageIn(monitorPackage())), '-o', 'channel=#runs');
    expect(code).to.equal(0);
    expect(stderr).to.contain("not used: the monitor 'slack' of the configuration");
    const list = await plugins(cwd, 'list', '--json');
    expect(list.code).to.equal(0);
    const rows = (JSON.parse(list.stdout) as { plugins: { name: string; from: string; state: string }[] }).plugins;
    expect(rows.map(({ name, from, state }) => `${name} ${from} ${state}`)).to.include.members([
      './slack.js code used',
      '@acme/monitor-slack file shadowed',
    ]);
    expect((await reprise(['doctor'], { cwd })).stdout).to.contain('@acme/monitor-slack is shadowed');
  });

  it('refuses what is no package, tarball or folder', async () => {
    const cwd = emptyProject();
    for (const spec of [
      'https://example.org/x.zip',
      'git+ssh://git@host/x.git',
      'Acme Corp',
      './nowhere',
      'github:a/b',
    ]) {
      const { code, stderr } = await install(cwd, spec);
      expect(code, spec).to.equal(2);
      expect(stderr).to.contain('REPRISE_USAGE');
    }
    for (const [name, version] of [
      ['../evil', '1.0.0'],
      ['@acme/x', 'latest'],
    ] as const) {
      const folder = packageIn({ 'package.json': { name, version } });
      expect((await install(cwd, folder)).code, name).to.equal(1);
    }
  });

  it('tells users of another package manager what to do, and writes the entry alone', async () => {
    const cwd = emptyProject({ 'pnpm-lock.yaml': '' });
    const folder = packageIn(monitorPackage());
    const refused = await install(cwd, folder);
    expect(refused.code).to.equal(2);
    expect(refused.stderr).to.contain('pnpm add --save-exact').and.to.contain('--no-package');
    write(join(cwd, 'node_modules/@acme/monitor-slack'), monitorPackage());
    const { code, stderr } = await install(cwd, '@acme/monitor-slack', '--no-package', '-o', 'channel=#runs');
    expect(code, stderr).to.equal(0);
    expect(entriesOf(cwd)[0]).to.include({ use: '@acme/monitor-slack', version: '1.4.2' });
    expect(readFileSync(join(cwd, 'package.json'), 'utf8')).to.equal('{"private":true}');
  });
});

describe('reprise plugins remove', () => {
  it('takes entry and package out, also when the plugin is broken', async () => {
    const cwd = emptyProject();
    expect((await install(cwd, tarballOf(packageIn(monitorPackage())), '-o', 'channel=#runs')).code).to.equal(0);
    writeFileSync(join(cwd, 'node_modules/@acme/monitor-slack/index.js'), 'throw new Error("broken")');
    expect((await plugins(cwd, 'list')).stdout).to.match(/monitor-slack.*failed/);
    const { code, stdout } = await plugins(cwd, 'remove', '@acme/monitor-slack');
    expect(code).to.equal(0);
    expect(stdout).to.contain('Removed @acme/monitor-slack');
    expect(existsSync(join(cwd, 'reprise.plugins.json'))).to.equal(false);
    expect(existsSync(join(cwd, 'node_modules/@acme/monitor-slack'))).to.equal(false);
    expect(readFileSync(join(cwd, 'package.json'), 'utf8')).not.to.contain('monitor-slack');
  });

  it('leaves a package that the configuration speaks of', async () => {
    const cwd = emptyProject();
    expect((await install(cwd, tarballOf(packageIn(monitorPackage())), '-o', 'channel=#runs')).code).to.equal(0);
    write(cwd, { 'reprise.config.json': { plugins: [{ use: '@acme/monitor-slack', options: { channel: '#code' } }] } });
    const { code, stderr } = await plugins(cwd, 'remove', '@acme/monitor-slack');
    expect(code).to.equal(0);
    expect(stderr).to.contain('stays');
    expect(existsSync(join(cwd, 'node_modules/@acme/monitor-slack'))).to.equal(true);
  });

  it('knows what was probably meant', async () => {
    const cwd = emptyProject({ 'reprise.plugins.json': { plugins: [{ use: '@acme/monitor-slack' }] } });
    for (const name of ['@acme/monitor-slak', 'monitor-slack']) {
      const { code, stderr } = await plugins(cwd, 'remove', name);
      expect(code).to.equal(3);
      expect(stderr).to.contain('REPRISE_PLUGIN_UNKNOWN').and.to.contain("did you mean '@acme/monitor-slack'");
    }
  });
});

describe('reprise plugins list', () => {
  it('tells what is missing, and what is not what was pinned', async () => {
    const cwd = emptyProject();
    expect((await install(cwd, tarballOf(packageIn(monitorPackage())), '-o', 'channel=#runs')).code).to.equal(0);
    const [entry] = entriesOf(cwd);
    write(cwd, { 'reprise.plugins.json': { plugins: [{ ...entry, integrity: 'sha512-AAAA' }, { use: 'gone' }] } });
    const { code, stdout, stderr } = await plugins(cwd, 'list');
    expect(code).to.equal(1);
    expect(stdout).to.match(/gone\s+-\s+-\s+file\s+missing/);
    expect(stderr).to.contain('integrity is not the one that was pinned');
    write(cwd, { 'reprise.plugins.json': { plugins: [{ ...entry, version: '1.4.1' }] } });
    expect((await plugins(cwd, 'list')).stderr).to.contain('pinned is 1.4.1, installed is 1.4.2');
    expect((await reprise(['doctor'], { cwd })).stdout).to.contain('pinned is 1.4.1, installed is 1.4.2');
  });
});

describe('reprise plugins inspect', () => {
  it('shows a package before it is installed, and its options with what they are set to after', async () => {
    const cwd = emptyProject();
    const tarball = tarballOf(packageIn(monitorPackage()));
    const before = await plugins(cwd, 'inspect', tarball);
    expect(before.stdout)
      .to.contain('hooks.slack.com')
      .and.to.match(/channel\s+string\s+must be given/);
    expect(existsSync(join(cwd, 'node_modules'))).to.equal(false);
    await reprise(['plugins', 'install', tarball, '--yes', '-o', 'channel={"env":"SLACK_CHANNEL"}'], {
      cwd,
      env: { SLACK_CHANNEL: '#very-secret' },
    });
    const after = await plugins(cwd, 'inspect', '@acme/monitor-slack', '--json');
    const { isInstalled, entries } = JSON.parse(after.stdout) as { isInstalled: boolean; entries: Entry[] };
    expect(isInstalled).to.equal(true);
    expect(entries[0]?.options)
      .to.include({ retries: 3 })
      .and.to.deep.include({ channel: { env: 'SLACK_CHANNEL' } });
    expect(after.stdout).not.to.contain('very-secret');
  });

  it('shows those that the command line brings', async () => {
    const { code, stdout } = await plugins(emptyProject(), 'inspect', '@reprise/monitor-log');
    expect(code).to.equal(0);
    expect(stdout).to.contain('payloads');
  });
});

describe('commands of packages', () => {
  const command = (text: string): string =>
    `export default class Hello { static args = {}; static flags = {}; static summary = 'Says it.'; static async run() { process.stdout.write('${text}\\n'); } }\n`;
  const commandPackage = (more: object = {}, files: Files = {}): string =>
    packageIn({
      'package.json': {
        name: 'acme-commands',
        version: '1.0.0',
        type: 'module',
        oclif: { commands: './commands', topics: { run: { description: 'HIJACKED' } }, hooks: { init: './hook.js' } },
        ...more,
      },
      'hook.js': 'export default () => process.stdout.write("HOOK\\n");',
      'commands/acme/hello.js': command('hello from acme'),
      'commands/doctor.js': command('HIJACKED'),
      'commands/run/list.js': command('HIJACKED'),
      ...files,
    });

  it('are there beside the built-in ones, which they cannot replace', async () => {
    const cwd = emptyProject();
    const installed = await install(cwd, commandPackage());
    expect(installed.code, installed.stderr).to.equal(0);
    expect(installed.stderr).to.contain('commands only');
    const hello = await reprise(['acme', 'hello'], { cwd });
    expect(hello.code).to.equal(0);
    expect(hello.stdout).to.equal('hello from acme\n');
    const doctor = await reprise(['doctor'], { cwd });
    expect(doctor.stdout).to.contain('configuration').and.not.to.contain('HIJACKED');
    expect(doctor.stderr).not.to.contain('acme-commands');
    expect(hello.stderr).to.contain('acme-commands: its command `doctor` is left out');
    const help = await reprise(['--help'], { cwd });
    expect(help.stdout).to.contain('acme').and.not.to.contain('HIJACKED').and.not.to.contain('HOOK');
    expect((await plugins(cwd, 'list')).stdout).to.match(/acme-commands\s+1\.0\.0\s+commands\s+file\s+used/);
    expect((await reprise(['acme', 'hello'], { cwd: emptyProject() })).code).to.equal(2);
  });

  it('cost themselves and one line when they cannot be loaded', async () => {
    const cwd = emptyProject();
    expect(
      (await install(cwd, commandPackage({}, { 'commands/bad.js': 'throw new Error("broken\\nbadly");' }))).code,
    ).to.equal(0);
    const builtIn = await reprise(['workflow', 'list'], { cwd });
    expect(builtIn.code, builtIn.stderr).to.equal(0);
    expect(builtIn.stdout + builtIn.stderr).not.to.contain('broken');
    const { code, stderr } = await reprise(['--help'], { cwd });
    expect(code, stderr).to.equal(0);
    expect(stderr).to.match(/^The commands of acme-commands could not be loaded: .*broken.*\n/);
    expect(stderr.split('\n').filter((line) => /acme|broken/.test(line))).to.have.length(1);
  });
});

describe('commands of packages that do harm', () => {
  const named = (use: string, files: Files = {}): string =>
    emptyProject({
      'reprise.plugins.json': `\uFEFF${JSON.stringify({ plugins: [{ use: 'broken' }, { use }] })}`,
      ...files,
    });
  const broken = { 'node_modules/broken/package.json': '{' };
  const withCommand = (text: string): Files => ({
    ...broken,
    'node_modules/harm/package.json': {
      name: 'harm',
      version: '1.0.0',
      type: 'module',
      oclif: { commands: './commands' },
    },
    'node_modules/harm/commands/harm.js': text,
  });

  it('do none to the built-in ones, so that the package can be taken out', async () => {
    const cwd = named('harm', withCommand('process.exit(0);'));
    const { code, stderr } = await reprise(['harm'], { cwd });
    expect(code).to.equal(1);
    expect(stderr).to.contain('a command of harm ended the process (exit code 0)');
    const json = await reprise(['harm', '--json'], { cwd });
    expect((JSON.parse(json.stderr) as { error: { code: string } }).error.code).to.equal('REPRISE_UNEXPECTED');
    expect((await plugins(cwd, 'remove', 'harm')).code).to.equal(0);
  });

  it('are there where another package cannot be read, and the file begins with a byte order mark', async () => {
    const text = "export default class Harm { static async run() { process.stdout.write('none\\n'); } }";
    const cwd = named('harm', withCommand(text));
    expect((await reprise(['harm'], { cwd })).stdout).to.equal('none\n');
    const config = join(cwd, 'reprise.config.json');
    for (const flags of [['-c', config], [`-c${config}`], [`--config=${config}`]])
      expect((await reprise(['harm', ...flags], { cwd: folders() })).stdout).to.equal('none\n');
  });

  it('are not those of reprise once more', async () => {
    const cwd = emptyProject({ 'reprise.plugins.json': { plugins: [{ use: '@reprise/cli' }] } });
    write(cwd, {
      'node_modules/other/package.json': { name: '@reprise/cli', version: '1.0.0', oclif: { commands: './none' } },
      'reprise.plugins.json': { plugins: [{ use: '@reprise/cli' }, { use: 'other' }] },
    });
    const { code, stdout, stderr } = await reprise(['--help'], { cwd });
    expect(code, stderr).to.equal(0);
    expect(stdout).to.contain('workflow');
    expect((await plugins(cwd, 'remove', '@reprise/cli')).code).to.equal(0);
  });
});

describe('handing over', () => {
  it('says so when that cannot be loaded', async () => {
    const cwd = emptyProject({
      'node_modules/@reprise/cli/package.json': { name: '@reprise/cli', version: '9.9.9', type: 'module' },
      'node_modules/@reprise/cli/bin/run.js': "import '../dist/main.js';",
    });
    const { code, stderr } = await reprise(['run', 'list'], { cwd });
    expect(code).to.equal(4);
    expect(stderr).to.contain('could not be loaded').and.to.contain('REPRISE_NO_HANDOVER=1');
    expect(stderr).not.to.match(/^ {4}at /m);
  });

  it("goes to the project's own command line, and not when it is told not to", async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is one, in the program that is written
    const own = 'process.stdout.write(`own ${process.argv.slice(2).join(" ")}\\n`); process.exitCode = 7;\n';
    const cwd = emptyProject({
      'node_modules/@reprise/cli/package.json': { name: '@reprise/cli', version: '9.9.9', type: 'module' },
      'node_modules/@reprise/cli/bin/run.js': own,
    });
    mkdirSync(join(cwd, 'deep', 'er'), { recursive: true });
    for (const folder of [cwd, join(cwd, 'deep', 'er')]) {
      const { code, stdout } = await reprise(['run', 'list'], { cwd: folder });
      expect(code).to.equal(7);
      expect(stdout).to.equal('own run list\n');
    }
    const { code, stdout } = await reprise(['--version'], { cwd, env: { REPRISE_NO_HANDOVER: '1' } });
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/^reprise \d/)
      .and.not.to.contain('9.9.9');
    rmSync(join(cwd, 'node_modules/@reprise/cli/bin'), { recursive: true });
    expect((await reprise(['--version'], { cwd })).stdout).to.match(/^reprise \d/);
  });
});
