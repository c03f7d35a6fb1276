import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, beforeEach, describe, it } from 'mocha';
import { endTerminals, noTerminal, OnTerminal } from './pseudo-terminal.ts';
import { projects, reprise } from './support.ts';

const project = projects();
const ESCAPE = '\u001b';
const COLOUR = new RegExp(`${ESCAPE}\\[\\d+(;\\d+)*m`);

const AGENTS = `function firstName(customer) {
  return customer.name.first.toUpperCase();
}
export const thrower = {
  name: 'thrower',
  async handle({ input }) {
    try {
      return firstName(input);
    } catch (cause) {
      throw new TypeError('no greeting', { cause });
    }
  },
};
export const asker = {
  name: 'asker',
  async handle({ input }) {
    throw Object.assign(new Error('no answer to ' + input), { code: 'NO_ANSWER', retryable: false });
  },
};
export const teller = { name: 'teller', handle: async () => 'none' };
`;
const WORKFLOWS = `import { cel, workflow } from '@reprise/core';
export const greeting = workflow('greeting').task('hello', 'thrower', { retry: 1 }).build();
export const asking = workflow('asking')
  .task('ask', 'asker', { forEach: cel('input.list'), input: cel('item'), fallback: { agent: 'teller' } })
  .build();
`;

/** Two signals of one kind at once would be one. */
async function stop(running: OnTerminal): Promise<number | null> {
  running.type('\u0003');
  await running.shows(/Stopping/);
  running.type('\u0003');
  return running.ended;
}

let cwd: string;
const at = (columns: number, args: readonly string[], env: Readonly<Record<string, string>> = {}): OnTerminal =>
  new OnTerminal(args, { cwd, columns, env });

/** Lines that something else was written over, or that were left behind half. */
const torn = (lines: readonly string[]): readonly string[] => lines.filter((line) => line.includes('^C'));

describe('on a terminal', () => {
  before(function () {
    if (noTerminal !== undefined) {
      process.stderr.write(`skipped: ${noTerminal}\n`);
      this.skip();
    }
  });
  // Whoever drives a store waits for what others left open in it.
  beforeEach(() => {
    cwd = project();
    writeFileSync(join(cwd, 'agents.mjs'), `${AGENTS}\nexport * from './more-agents.mjs';\n`);
    writeFileSync(
      join(cwd, 'more-agents.mjs'),
      `import { setTimeout as wait } from 'node:timers/promises';
export const holder = { name: 'holder', handle: ({ input }, { signal }) => wait(input.ms, null, { signal }) };
export const stayer = { name: 'stayer', handle: ({ input }) => wait(input.ms, null) };
`,
    );
    writeFileSync(join(cwd, 'workflows2.mjs'), WORKFLOWS);
    writeFileSync(
      join(cwd, 'reprise.config.ts'),
      `import { hold, stubborn } from './workflows.ts';
import { asking, greeting } from './workflows2.mjs';
export default { workflows: [hold, stubborn, asking, greeting], agents: ['./agents.mjs'] };
`,
    );
  });
  after(endTerminals);

  for (const columns of [100, 60]) {
    it(`of ${columns} columns, Ctrl-C leaves no half line`, async () => {
      for (const times of [1, 2]) {
        const run = at(columns, ['run', 'start', 'stubborn', '--follow', '--input', '{"ms":2500}']);
        await run.shows(/running/);
        run.type('\u0003');
        await run.shows(/Stopping\./);
        if (times === 2) run.type('\u0003');
        const code = await run.ended;
        // What is waited for may have been the last task.
        expect(code).to.be.oneOf(times === 1 ? [0, 130] : [130]);
        const { screen } = run;
        expect(torn(screen), screen.join('\n')).to.deep.equal([]);
        expect(
          screen.filter((line) => line.includes('Stopping')).every((line) => line.startsWith('Stopping')),
        ).to.equal(true);
        expect(
          screen.filter((line) => line.startsWith('stubborn@1 ')),
          screen.join('\n'),
        ).to.have.length(1);
        if (code === 130) expect(screen.join('')).to.match(/Run \S+ goes on at the next start: reprise worker/);
        expect(run.raw.lastIndexOf(`${ESCAPE}[?25h`)).to.be.greaterThan(run.raw.lastIndexOf(`${ESCAPE}[?25l`));
        expect(screen.at(-1)).to.equal('');
      }
    });

    it(`of ${columns} columns, --wait and worker start are left on a line of their own`, async () => {
      const run = at(columns, ['run', 'start', 'hold', '--wait', '--id', `wait-${columns}`, '--input', '{"ms":60000}']);
      // It says nothing by itself.
      while (!(await reprise(['run', 'history', `wait-${columns}`], { cwd })).stdout.includes('TaskStarted'));
      expect(await stop(run)).to.equal(130);
      expect(torn(run.screen), run.screen.join('\n')).to.deep.equal([]);
      const worker = at(columns, ['worker', 'start']);
      await worker.shows(/Driving/);
      expect(await stop(worker)).to.equal(130);
      expect(torn(worker.screen), worker.screen.join('\n')).to.deep.equal([]);
    });

    it(`of ${columns} columns, a history that is followed, and a run that is watched, too`, async () => {
      await reprise(['run', 'start', 'hold', '--id', `wait-${columns}`, '--input', '{"ms":1}'], { cwd });
      for (const args of [
        ['run', 'history', `wait-${columns}`, '--follow'],
        ['run', 'watch', `wait-${columns}`],
      ]) {
        const reader = at(columns, args);
        await reader.shows(/RunStarted|running/);
        reader.type('\u0003');
        expect(await reader.ended).to.equal(130);
        expect(torn(reader.screen), reader.screen.join('\n')).to.deep.equal([]);
        expect(reader.screen.at(-1)).to.equal('');
      }
    });

    it(`of ${columns} columns, an error of an agent has the first frame of the user's code`, async () => {
      const run = at(columns, ['run', 'start', 'greeting', '--follow']);
      expect(await run.ended).to.equal(1);
      const text = run.screen.join('\n');
      expect(text).to.match(/^ {4}at Object\.handle \(agents\.mjs:\d+:\d+\)$/m);
      expect(text).to.not.contain('attempt-run');
      expect(Math.max(...run.screen.slice(0, 3).map((line) => line.length))).to.be.at.most(columns);
    });
  }

  it('DEBUG=1 shows the whole stack and its cause', async () => {
    const run = at(100, ['run', 'start', 'greeting', '--follow'], { DEBUG: '1' });
    expect(await run.ended).to.equal(1);
    const text = run.screen.join('\n');
    expect(text).to.contain('TypeError: no greeting').and.to.contain('attempt-run');
    expect(text)
      .to.match(/caused by TypeError: Cannot read properties of undefined/)
      .and.to.contain('at firstName');
  });

  it('fallbacks that are expected are no warnings', async () => {
    const input = JSON.stringify({ list: Array.from({ length: 40 }, (_, index) => index) });
    const run = at(100, ['run', 'start', 'asking', '--follow', '--input', input]);
    expect(await run.ended).to.equal(0);
    expect(run.screen.filter((line) => /warn|NO_ANSWER/.test(line))).to.deep.equal([]);
    expect(run.screen.length).to.be.lessThan(25);
  });

  it('worker start logs lines that people read; JSON is for pipes and for --log-format', async () => {
    const logged = async (...flags: string[]): Promise<string> => {
      const started = at(100, ['run', 'start', 'greeting']);
      expect(await started.ended).to.equal(0);
      const worker = at(200, ['worker', 'start', '--until-idle', '--store', '.reprise/reprise.db', ...flags]);
      await worker.shows(/RunFailed|run failed/);
      await stop(worker);
      return worker.screen.join('\n');
    };
    const text = await logged();
    expect(text).to.match(/^\d\d:\d\d:\d\d\.\d{3} warn +\S+\/hello #1|the agent failed: no greeting/m);
    expect(text).to.contain('at Object.handle (agents.mjs:').and.to.not.contain('{"level"');
    expect(await logged('--log-format', 'json')).to.contain('{"level":"error"');
  });

  it('NO_COLOR switches colours off, and nothing else', async () => {
    const coloured = at(100, ['run', 'start', 'greeting', '--follow']);
    await coloured.ended;
    expect(coloured.raw).to.contain(`${ESCAPE}[31m`);
    const plain = at(100, ['run', 'start', 'greeting', '--follow'], { NO_COLOR: '1' });
    await plain.ended;
    expect(plain.raw).to.contain(`${ESCAPE}[?25l`).and.to.not.match(COLOUR);
    const worker = at(100, ['worker', 'start'], { NO_COLOR: '1' });
    await worker.shows(/Driving/);
    await stop(worker);
    expect(worker.raw).to.not.match(COLOUR);
  });
});
