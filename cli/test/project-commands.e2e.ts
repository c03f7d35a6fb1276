import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { jsonLines, projects, type Result, reprise } from './support.ts';

const project = projects();

describe('reprise', () => {
  it('tells its version', async () => {
    const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, '..', 'package.json'), 'utf8')) as {
      version: string;
    };
    const { code, stdout } = await reprise(['--version'], { cwd: project() });
    expect(code).to.equal(0);
    expect(stdout).to.match(new RegExp(`^reprise ${version.replaceAll('.', '\\.')} \\(node \\d+`));
  });

  it('helps, without arguments too', async () => {
    const cwd = project();
    for (const args of [[], ['--help'], ['-h']]) {
      const { code, stdout } = await reprise(args, { cwd });
      expect(code).to.equal(0);
      expect(stdout).to.contain('TOPICS').and.to.contain('doctor');
    }
    expect((await reprise(['run'], { cwd })).stdout).to.contain('run start');
    expect((await reprise(['run', 'replay', '-h'], { cwd })).stdout)
      .to.contain('EXAMPLES')
      .and.to.contain('--speed');
  });

  for (const [typed, meant] of [
    [['run', 'strat', 'greet'], 'run start'],
    [['wrokflow', 'list'], 'workflow list'],
    [['docter'], 'doctor'],
  ] as const) {
    it(`knows what \`${typed.join(' ')}\` was to be`, async () => {
      const { code, stderr, stdout } = await reprise(typed, { cwd: project() });
      expect(code).to.equal(2);
      expect(stdout).to.equal('');
      expect(stderr).to.contain(`Did you mean \`reprise ${meant}\`?`);
    });
  }

  it('gives errors as JSON with --json', async () => {
    const { code, stderr, stdout } = await reprise(['run', 'show', '--json'], { cwd: project() });
    expect(code).to.equal(2);
    expect(stdout).to.equal('');
    const { error } = JSON.parse(stderr) as { error: Record<string, unknown> };
    expect(error).to.include({ code: 'REPRISE_USAGE', exitCode: 2 });
  });
});

describe('reprise workflow', () => {
  let cwd: string;
  const workflow = (...args: string[]): Promise<Result> => reprise(['workflow', ...args], { cwd });

  before(() => {
    cwd = project();
  });

  it('list names what the configuration has', async () => {
    expect((await workflow('list')).stdout).to.match(/batch +1 +3 +batch\.yaml +Doubles/);
    const [listed] = jsonLines((await workflow('list', '--json')).stdout);
    expect(((listed?.['workflows'] ?? []) as { name: string }[]).map(({ name }) => name)).to.deep.equal([
      'greet',
      'hold',
      'stubborn',
      'batch',
      'approval',
      'saga',
    ]);
  });

  it('validate says that all is well', async () => {
    expect((await workflow('validate')).code).to.equal(0);
    const [checked] = jsonLines((await workflow('validate', 'batch', 'workflows.ts', '--json')).stdout);
    expect(checked).to.include({ valid: true, agentsChecked: true });
    expect(checked?.['workflows']).to.have.lengthOf(4);
  });

  it('validate lists every problem with its place', async () => {
    writeFileSync(
      join(cwd, 'bad.yaml'),
      'name: bad\ntasks:\n  a: { agent: addr, after: b }\n  b: { agent: adder, after: a, retries: 3 }\n',
    );
    const { code, stdout } = await workflow('validate', 'bad.yaml', 'batch');
    expect(code).to.equal(4);
    expect(stdout)
      .to.match(/✖ bad\.yaml\n/)
      .and.to.match(/ 4:\d+ tasks\.b\.retries/)
      .and.to.contain('✔ batch@1');
    writeFileSync(join(cwd, 'agent.yaml'), 'name: agent\ntasks:\n  a: { agent: addr }\n');
    const agent = await workflow('validate', 'agent.yaml', '--json');
    expect(agent.code).to.equal(4);
    expect(agent.stdout).to.contain("did you mean 'adder'");
  });

  it('validate warns of what has no effect, and calls it valid', async () => {
    const text = 'name: w\ntasks:\n  a: { agent: adder, delivery: at-most-once, retry: 5 }\n';
    writeFileSync(join(cwd, 'warned.yaml'), text);
    const { code, stdout } = await workflow('validate', 'warned.yaml');
    expect(code).to.equal(0);
    expect(stdout).to.match(/✔ w@1.*\n {4}warning tasks\.a\.retry: has no effect/);
    const [checked] = jsonLines((await workflow('validate', 'warned.yaml', 'batch', '--json')).stdout);
    const [warned, batch] = (checked?.['workflows'] ?? []) as { valid: boolean; warnings: string[] }[];
    expect(warned?.valid).to.equal(true);
    expect(warned?.warnings).to.have.lengthOf(1);
    expect(batch?.warnings).to.deep.equal([]);
  });

  it('validate checks files without a configuration', async () => {
    const bare = project();
    rmSync(join(bare, 'reprise.config.ts'));
    const { code, stdout, stderr } = await reprise(['workflow', 'validate', 'batch.yaml'], { cwd: bare });
    expect(code).to.equal(0);
    expect(stdout).to.contain('✔ batch@1');
    expect(stderr).to.contain('not checked');
    expect((await reprise(['workflow', 'validate'], { cwd: bare })).code).to.equal(4);
    expect((await reprise(['workflow', 'validate', 'none.yaml'], { cwd: bare })).code).to.equal(4);
  });

  it('validate tells one bad file from the good ones', async () => {
    const mixed = project();
    writeFileSync(join(mixed, 'batch.yaml'), 'name: batch\n');
    const { code, stdout } = await reprise(['workflow', 'validate'], { cwd: mixed });
    expect(code).to.equal(4);
    expect(stdout).to.contain('✔ greet@1').and.to.contain('✖ batch.yaml').and.to.contain('tasks');
    expect((await reprise(['workflow', 'validate', 'greet'], { cwd: mixed })).code).to.equal(0);
  });

  it('graph draws by name and by file', async () => {
    const byName = await workflow('graph', 'batch');
    expect(byName.stdout).to.match(/^flowchart TD\n/);
    expect((await workflow('graph', 'batch.yaml')).stdout).to.equal(byName.stdout);
    expect(jsonLines((await workflow('graph', 'batch', '--json')).stdout)[0]).to.deep.equal({
      workflow: 'batch',
      version: '1',
      mermaid: byName.stdout,
    });
    expect((await workflow('graph')).code).to.equal(2);
    const unknown = await workflow('graph', 'bacth');
    expect(unknown.code).to.equal(3);
    expect(unknown.stderr).to.contain("did you mean 'batch'?");
  });
});

describe('reprise doctor', () => {
  const doctor = (cwd: string, ...args: string[]): Promise<Result> => reprise(['doctor', ...args], { cwd });

  it('finds a fresh project well, and leaves nothing behind', async () => {
    const cwd = project();
    const { code, stdout } = await doctor(cwd);
    expect(code, stdout).to.equal(0);
    expect(existsSync(join(cwd, '.reprise'))).to.equal(false);
    expect(stdout)
      .to.match(/ok +node/)
      .and.to.match(/ok +start/)
      .and.to.contain('not made yet');
  });

  it('reads the whole store on request, and finds held runs', async () => {
    const cwd = project();
    await reprise(['run', 'start', 'greet', '--input', '{"name":"x"}', '--id', 'open-1'], { cwd });
    const well = await doctor(cwd, '--deep', '--json');
    expect(well.code).to.equal(0);
    const checks = (jsonLines(well.stdout)[0]?.['checks'] ?? []) as { name: string; status: string; detail: string }[];
    expect(checks.find(({ name }) => name === 'integrity')?.detail).to.contain('all readable');
    expect(checks.find(({ name }) => name === 'driver')?.detail).to.contain('no process drives');
    expect(checks.find(({ name }) => name === 'open runs')?.detail).to.equal('1');
    // A mapping in code that no registered workflow has any more.
    const file = join(cwd, 'workflows.ts');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(
        ".task('greet', greeter)",
        ".task('greet', greeter, { input: ({ input }) => input })",
      ),
    );
    await reprise(['run', 'start', 'greet', '--input', '{"name":"x"}', '--id', 'held-1'], { cwd });
    writeFileSync(file, readFileSync(file, 'utf8').replace(', { input: ({ input }) => input }', ''));
    const held = await doctor(cwd);
    expect(held.stdout)
      .to.match(/warn +held run +held-1 needs functions of greet@1/)
      .and.to.contain('run cancel held-1');
  });

  it('names what is wrong with the configuration, and still looks at the store', async () => {
    const cwd = project();
    await reprise(['run', 'start', 'greet', '--wait', '--input', '{"name":"x"}'], { cwd });
    appendFileSync(join(cwd, 'reprise.config.ts'), '\nthrow new Error("no luck");\n');
    const { code, stdout } = await doctor(cwd);
    expect(code).to.equal(1);
    expect(stdout)
      .to.match(/fail +configuration .*no luck/)
      .and.to.match(/ok +store/)
      // The doctor is what checks the configuration: to send for it would help nobody.
      .and.to.not.contain('reprise doctor');
  });

  it('names an agent that is missing', async () => {
    const cwd = project();
    writeFileSync(join(cwd, 'agents.mjs'), "export const adder = { name: 'adder', handle: () => 1 };\n");
    const { code, stdout } = await doctor(cwd);
    expect(code).to.equal(1);
    expect(stdout)
      .to.match(/fail +start/)
      .and.to.contain('holder');
  });

  for (const [what, config, words] of [
    [
      'a limit',
      '{ admission: { agents: { adder: { concurrency: 0 } } } }',
      /fail +start +admission\.agents\.adder\.conc/,
    ],
    ['a projection', "{ projections: [{ name: 'x', version: 0 }] }", /fail +start +The projection "x" cannot be used/],
    ['two stores', '{ plugins: [store, store] }', /fail +start .*There can be one event-store/],
  ] as const) {
    it(`refuses what a start refuses: ${what}`, async () => {
      const cwd = project();
      const store = "const store = { name: 'mine', kind: 'event-store', create: () => ({}) };\n";
      writeFileSync(join(cwd, 'reprise.config.ts'), `${store}export default ${config};\n`);
      const { code, stdout } = await doctor(cwd);
      expect(code).to.equal(1);
      expect(stdout).to.match(words);
    });
  }

  it('warns of limits for what the project has not', async () => {
    const cwd = project();
    const limits = "agents: { addr: {}, '*': {} }, capabilities: { none: {} }, workflows: { greet: {}, great: {} }";
    const config = `export default { agents: ['./agents.mjs'], workflows: ['./workflows.ts'], admission: { ${limits} } };`;
    writeFileSync(join(cwd, 'reprise.config.ts'), config);
    const { stdout } = await doctor(cwd);
    expect(stdout.match(/warn +admission/g)).to.have.length(3);
    expect(stdout)
      .to.contain("admission.agents.addr limits nothing: the project has no such agent; did you mean 'adder'?")
      .and.contain('no such capability.')
      .and.contain("did you mean 'greet'?");
  });

  it('finds a store that is damaged', async () => {
    const cwd = project();
    mkdirSync(join(cwd, '.reprise'));
    writeFileSync(join(cwd, '.reprise', 'reprise.db'), 'this is no database at all');
    const { code, stdout } = await doctor(cwd);
    expect(code).to.equal(1);
    expect(stdout).to.match(/fail +store .*damaged/);
  });

  it('works without any configuration', async () => {
    const cwd = project();
    rmSync(join(cwd, 'reprise.config.ts'));
    const { code, stdout } = await doctor(cwd);
    expect(code).to.equal(1);
    expect(stdout)
      .to.match(/ok +node/)
      .and.to.match(/fail +configuration/);
  });
});
