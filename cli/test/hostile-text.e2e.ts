import { expect } from 'chai';
import { describe, it } from 'mocha';
import { projects, reprise } from './support.ts';

const project = projects();
const EVIL = 'x\u001b[2J\u009b31m\u202ey';

describe('what somebody typed', () => {
  it('is shown as text in every error', async () => {
    const cwd = project();
    let shown = 0;
    for (const args of [
      [EVIL],
      ['run', EVIL],
      ['run', 'show', EVIL],
      ['run', 'show', 'last', `--${EVIL}`],
      ['run', 'list', '--status', EVIL],
      ['run', 'list', '--since', EVIL],
      ['run', 'list', '--config', EVIL],
      ['run', 'history', 'last', '--type', EVIL, '--store', `${EVIL}.db`],
      ['run', 'import', EVIL],
      ['run', 'start', EVIL],
      ['run', 'start', 'greet', '--id', EVIL],
      ['workflow', 'graph', EVIL],
      ['workflow', 'validate', `${EVIL}.yaml`],
    ]) {
      const { code, stdout, stderr } = await reprise(args, { cwd, env: { FORCE_COLOR: '0' } });
      const said = stdout + stderr;
      expect(code, args.join(' ')).to.be.greaterThan(0);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
      expect(said, args.join(' ')).to.not.match(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/);
      if (said.includes('\\u202ey')) shown += 1;
    }
    expect(shown, 'where what was typed is quoted').to.be.greaterThan(7);
  });
});
