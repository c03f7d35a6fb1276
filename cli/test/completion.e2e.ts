import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { SHELLS } from '../src/completion/scripts.ts';
import { type KnownCommand, suggest } from '../src/completion/suggest.ts';
import { BIN, projects, reprise } from './support.ts';

const project = projects();

const COMMANDS: readonly KnownCommand[] = [
  {
    name: 'run list',
    args: [{ name: 'query' }],
    flags: { status: { hasValue: true, options: ['failed', 'running'] }, limit: { char: 'n', hasValue: true } },
  },
  {
    name: 'run show',
    args: [{ name: 'run' }, { name: 'task' }],
    flags: { json: { hasValue: false }, store: { char: 's', hasValue: true } },
  },
  { name: 'create', args: [{ name: 'name' }], flags: {} },
];
const words = (...typed: string[]): readonly string[] | string => {
  const found = suggest(COMMANDS, typed);
  return 'words' in found ? found.words : `${found.wanted.kind} ${found.wanted.before.join(',')}`.trim();
};

describe('what is offered', () => {
  for (const [typed, offered] of [
    [[''], ['create', 'run']],
    [['r'], ['run']],
    [
      ['run', ''],
      ['list', 'show'],
    ],
    [['run', 'sh'], ['show']],
    [['nope', ''], []],
    [
      ['run', 'list', '--'],
      ['--help', '--limit', '--status'],
    ],
    [
      ['run', 'list', '--status', ''],
      ['failed', 'running'],
    ],
    [['run', 'list', '--status=f'], ['--status=failed']],
    [['run', 'list', '-n', ''], '--limit'],
    [['run', 'show', ''], 'run'],
    [['run', 'show', 'r-1', ''], 'task r-1'],
    [['run', 'show', '--store', 'x.db', 'r-1', ''], 'task r-1'],
    [['run', 'show', '--json', 'r-1', 'p'], 'task r-1'],
    [['run', 'show', '-'], 'run'],
  ] as const)
    it(`for \`reprise ${typed.join(' ')}\``, () => {
      expect(words(...typed)).to.deep.equal(offered);
    });
});

describe('completion', () => {
  let cwd: string;
  const offered = async (...typed: string[]): Promise<readonly string[]> => {
    const { code, stdout, stderr } = await reprise(['completion', '--suggest', '--', ...typed], { cwd });
    expect([code, stderr]).to.deep.equal([0, '']);
    return stdout.split('\n').filter((line) => line !== '');
  };

  before(async () => {
    cwd = project();
    for (const id of ['order-7', 'order-8']) await reprise(['run', 'start', 'approval', '--id', id], { cwd });
    await reprise(['worker', 'start', '--until-idle', '--log', 'silent'], { cwd });
    await reprise(['mailbox', 'send', 'desk', '--data', '1'], { cwd });
  });

  it('offers commands, flags, and what the store and the project have', async () => {
    expect(await offered('run', 're')).to.deep.equal(['replay', 'rerun', 'restart', 'resume', 'retry']);
    expect(await offered('run', 'show', 'ord')).to.deep.equal(['order-8', 'order-7']);
    expect(await offered('run', 'show', 'order-7', '')).to.deep.equal(['approved', 'greeted']);
    expect(await offered('run', 'signal', 'order-7', '')).to.deep.equal(['approved']);
    expect(await offered('run', 'start', 'ap')).to.deep.equal(['approval']);
    expect(await offered('run', 'list', '--format', '')).to.deep.equal(['csv', 'ids', 'json', 'yaml']);
    expect(await offered('mailbox', 'show', '')).to.deep.equal(['desk']);
    expect(await offered('agent', 'messages', 'gr')).to.deep.equal(['greeter']);
    expect(await offered('views', 'show', 'run')).to.deep.equal(['runs']);
    expect(await offered('run', 'show', '--store', 'none.db', ''), 'no store, no error').to.deep.equal([]);
  });

  it('works in bash', async function () {
    if (spawnSync('bash', ['-c', 'true']).status !== 0) this.skip();
    mkdirSync(join(cwd, 'bin'), { recursive: true });
    writeFileSync(join(cwd, 'bin', 'reprise'), `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`);
    chmodSync(join(cwd, 'bin', 'reprise'), 0o755);
    writeFileSync(join(cwd, 'completion.bash'), (await reprise(['completion', 'bash'], { cwd })).stdout);
    const script = `source completion.bash; COMP_WORDS=(reprise run show order-); COMP_CWORD=3; _reprise; printf '%s\\n' "\${COMPREPLY[@]}"; complete -p reprise`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], {
      cwd,
      encoding: 'utf8',
      env: { PATH: `${join(cwd, 'bin')}:${process.env['PATH']}`, HOME: cwd },
    });
    expect(stdout, stderr).to.match(/^order-8\norder-7\ncomplete .*-F _reprise reprise\n$/);
  });

  for (const shell of ['zsh', 'fish'] as const)
    it(`is a script that ${shell} can read`, async function () {
      if (spawnSync(shell, ['-c', 'true']).status !== 0) this.skip();
      const file = join(cwd, `completion.${shell}`);
      writeFileSync(file, (await reprise(['completion', shell], { cwd })).stdout);
      const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
      expect([status, stderr]).to.deep.equal([0, '']);
    });

  it('works in fish', async function () {
    if (spawnSync('fish', ['-c', 'true']).status !== 0) this.skip();
    mkdirSync(join(cwd, 'bin'), { recursive: true });
    writeFileSync(join(cwd, 'bin', 'reprise'), `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`);
    chmodSync(join(cwd, 'bin', 'reprise'), 0o755);
    writeFileSync(join(cwd, 'completion.fish'), (await reprise(['completion', 'fish'], { cwd })).stdout);
    const script = `source completion.fish; complete -C 'reprise run show order-'; complete -C 'reprise sim r'`;
    const { stdout, stderr } = spawnSync('fish', ['-c', script], {
      cwd,
      encoding: 'utf8',
      env: { PATH: `${join(cwd, 'bin')}:${process.env['PATH']}`, HOME: cwd },
    });
    expect(stdout.trim().split('\n').sort(), stderr).to.deep.equal(['order-7', 'order-8', 'replay', 'run']);
  });

  it('is there for each shell, and says which there are', async () => {
    for (const shell of SHELLS) {
      const { code, stdout } = await reprise(['completion', shell], { cwd });
      expect([code, stdout.includes('completion --suggest --')]).to.deep.equal([0, true]);
    }
    for (const args of [[], ['tcsh'], ['bash', 'zsh']]) {
      const wrong = await reprise(['completion', ...args], { cwd });
      expect([wrong.code, wrong.stderr.includes('bash, zsh, fish')], wrong.stderr).to.deep.equal([2, true]);
    }
  });
});
