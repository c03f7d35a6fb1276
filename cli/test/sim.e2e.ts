import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { jsonLines, projects, reprise } from './support.ts';

const project = projects();

const AGENTS = `export const agents = {
  doubler: ({ input }) => ({ doubled: 2 * input.n }),
  adder: ({ input }) => ({ sum: input.numbers.length }),
};
`;
const INVARIANTS = `export const sums = ({ output }) => output !== undefined || 'no output';
export const callsFew = ({ calls }) => calls.length < 4 || calls.length + ' calls';
`;

describe('sim', () => {
  let cwd: string;
  const say = (...args: string[]) => reprise(args, { cwd });

  before(() => {
    cwd = project();
    writeFileSync(join(cwd, 'agents.sim.mjs'), AGENTS);
    writeFileSync(join(cwd, 'invariants.mjs'), INVARIANTS);
    writeFileSync(join(cwd, 'empty.mjs'), 'export const nothing = 1;\n');
  });

  it('plays a workflow of the project, stores nothing, and says what befell it', async () => {
    const { code, stdout } = await say('sim', 'run', 'hold', '--runs', '40', '--json');
    const [report] = jsonLines(stdout) as Record<string, Record<string, number>>[];
    expect(code, stdout).to.equal(0);
    expect(report).to.deep.include({
      workflow: 'hold',
      runs: 40,
      seed: 1,
      failure: null,
      file: null,
      calm: 'completed',
    });
    expect(report?.['faults']).to.include.keys('drop', 'unavailable', 'crash');
    expect(existsSync(join(cwd, '.reprise'))).to.equal(false);
    const text = await say('sim', 'run', 'hold', '--runs', '5');
    expect(text.stdout).to.match(
      /hold@1: 5 runs: 5 completed\n.*\n.*No output schema.*holder.*\n.*every invariant held/,
    );
  });

  it('writes the smallest run that breaks an invariant, and plays it again to the same events until it is mended', async () => {
    const given = ['--agents', 'agents.sim.mjs', '--invariant', 'invariants.mjs', '--input', '{"numbers":[1,2]}'];
    const found = await say('sim', 'run', 'batch', '--runs', '300', '--faults', 'crash', ...given);
    expect(found.code, found.stderr).to.equal(1);
    expect(found.stdout).to.match(
      /callsFew: 4 calls\n {2}seed \d+, input .*faults?:\n {4}crash at append run-simulated/,
    );
    expect(found.stderr).to.match(/^Run \d+ breaks an invariant: making it smaller\.\n$/);
    const file = /sim replay (\S+)/.exec(found.stdout)?.[1] ?? '';
    expect(file).to.match(/^\.reprise\/simulations\/batch-\d+\.json$/);
    const [one, two] = await Promise.all([say('sim', 'replay', file, '--json'), say('sim', 'replay', file, '--json')]);
    expect(one.code).to.equal(1);
    expect(one.stdout).to.equal(two.stdout);
    const lines = jsonLines(one.stdout) as Record<string, unknown>[];
    expect(lines.at(-1)).to.have.nested.property('broken.invariant', 'callsFew');
    expect(lines.map(({ type }) => type)).to.include.members(['RunStarted', 'RunCompleted']);
    const text = await say('sim', 'replay', file);
    expect(text.stdout).to.match(/RunStarted[\s\S]*crash at append[\s\S]*callsFew: 4 calls/);
    writeFileSync(join(cwd, 'invariants.mjs'), INVARIANTS.replace('< 4', '< 9'));
    const mended = await say('sim', 'replay', file);
    expect([mended.code, mended.stdout]).to.satisfy(
      ([code, out]: [number, string]) => code === 0 && /every invariant held; .*callsFew did not/.test(out),
    );
  });

  it('calls the agents of the project only when it is told to', async () => {
    const real = await say('sim', 'run', 'greet', '--runs', '2', '--agents', 'project', '--json');
    expect(jsonLines(real.stdout)[0]).to.have.deep.property('cast', { greeter: 'project' });
  });

  it('refuses what it cannot make sense of, and says what to do', async () => {
    for (const [args, code, message] of [
      [['run', 'hold', '--faults', 'crsh'], 2, /no fault 'crsh'; did you mean 'crash'/],
      [['run', 'hold', '--faults', 'none,crash'], 2, /none stands alone/],
      [['run', 'hold', '--timeout', 'soon'], 2, /is no duration/],
      [['run', 'hold', '--invariant', 'empty.mjs'], 4, /exports no function/],
      [['run', 'hold', '--agents', 'empty.mjs'], 4, /has no scripts/],
      [['run', 'hold', '--agents', 'nix.mjs'], 4, /no such file/],
      [['run', 'nope'], 3, /no workflow 'nope'/],
      [['replay', 'nix.json'], 2, /no such file/],
      [['replay', 'empty.mjs'], 2, /empty\.mjs is not JSON[\s\S]*Fix: Name a file that `sim run` wrote/],
      [['replay', 'package.json'], 2, /no such file|is no simulation/],
    ] as const) {
      const told = await say('sim', ...args);
      expect([told.code, told.stderr], args.join(' ')).to.satisfy(
        ([ended, err]: [number, string]) => ended === code && message.test(err),
      );
    }
    const broken = join(cwd, 'broken.json');
    for (const [content, why] of [
      ['{}', /its format is null/],
      ['{"format":"reprise-simulation/1"}', /names no workflow/],
      ['[', /JSON/],
    ] as const) {
      writeFileSync(broken, content);
      const { code, stderr } = await say('sim', 'replay', broken);
      expect([code, stderr]).to.satisfy(([ended, err]: [number, string]) => ended === 2 && why.test(err), content);
    }
    expect(readFileSync(broken, 'utf8')).to.equal('[');
  });
});
