import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { jsonLines, projects, Running, reprise } from '../support.ts';

const project = projects();
const PUBLIC = 'https://reprise.example';

describe('reprise dashboard for others', () => {
  it('does not start where it would be open, and says what to do', async () => {
    const cwd = project();
    const starts: readonly [readonly string[], RegExp][] = [
      [['--host', '0.0.0.0'], /REPRISE_DASHBOARD_UNSAFE[\s\S]*--tls-cert FILE and --tls-key FILE/],
      [
        ['--host', '0.0.0.0', '--behind-proxy', '10.0.0.5', '--public-url', PUBLIC],
        /REPRISE_DASHBOARD_UNSAFE[\s\S]*token add/,
      ],
      [
        ['--behind-proxy', '10.0.0.5', '--public-url', PUBLIC, '--tokens', 'none.json'],
        /REPRISE_TOKEN_FILE_INVALID[\s\S]*There is no file/,
      ],
      [
        ['--behind-proxy', 'x', '--public-url', PUBLIC, '--tokens', 'none.json'],
        /REPRISE_CONFIG_INVALID[\s\S]*address of a proxy/,
      ],
      [['--tokens', 'none.json'], /REPRISE_CONFIG_INVALID/],
    ];
    for (const [flags, said] of starts) {
      const { code, stderr } = await reprise(['dashboard', '--store', 'events.db', '--port', '0', ...flags], { cwd });
      expect([code, stderr], flags.join(' ')).to.satisfy(([ended]: [number]) => ended === 4);
      expect(stderr, flags.join(' ')).to.match(said);
    }
    const half = await reprise(['dashboard', '--tls-cert', 'cert.pem'], { cwd });
    expect([half.code, half.stderr]).to.satisfy(
      ([code, text]: [number, string]) => code === 2 && /--tls-key/.test(text),
    );
  });

  it('lets in by tokens that are given, listed and taken back by commands', async () => {
    const cwd = project();
    const tokens = (...args: readonly string[]) =>
      reprise(['dashboard', 'token', ...args, '--file', 'tokens.json'], { cwd });
    const ann = await tokens('add', 'ann', '--role', 'operator');
    expect(ann.stdout).to.match(/^rpd_[\w-]{43}\n$/);
    const kim = jsonLines((await tokens('add', 'kim', '--role', 'viewer', '--json')).stdout)[0];
    expect((await tokens('list')).stdout).to.match(/ann +operator[\s\S]*kim +viewer/);
    expect((await tokens('list', '--format', 'ids')).stdout).to.equal('ann\nkim\n');
    expect((await tokens('add', 'tim', '--role', 'viewer', '--format', 'ids')).stdout).to.match(/^rpd_[\w-]{43}\n$/);
    expect((await tokens('revoke', 'tim', '--format', 'ids')).stdout).to.equal('tim\n');
    expect(readFileSync(join(cwd, 'tokens.json'), 'utf8')).to.not.include(String(kim?.['token']).slice(4));

    const flags = ['--store', 'events.db', '--port', '0', '--behind-proxy', '127.0.0.1', '--public-url', PUBLIC];
    const dashboard = new Running(['dashboard', ...flags, '--tokens', 'tokens.json'], { cwd });
    try {
      await dashboard.saw(/reprise\.example/);
      expect(dashboard.stdout).to.equal(`${PUBLIC}/\n`);
      expect(dashboard.stderr).to.include('for who has a token of tokens.json');
    } finally {
      dashboard.child.kill('SIGTERM');
      await dashboard.ended;
    }

    expect((await tokens('revoke', 'kim')).code).to.equal(0);
    expect((await tokens('revoke', 'kim')).code).to.equal(2);
    expect((await tokens('list', '--format', 'ids')).stdout).to.equal('ann\n');
    chmodSync(join(cwd, 'tokens.json'), 0o644);
    const open = await tokens('list');
    expect([open.code, open.stderr.includes('chmod 600')]).to.deep.equal([4, true]);
  });
});
