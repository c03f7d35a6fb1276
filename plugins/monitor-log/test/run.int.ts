import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReprise, defineAgent, workflow } from '@reprise/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type LogMonitorOptions, logMonitor } from '../src/index.ts';

const greeter = defineAgent({
  name: 'greeter',
  handle: (task: { readonly input: { readonly name: string } }, context) => {
    context.logger.info('greeting', { to: 'someone' });
    return { greeting: `Hello, ${task.input.name}!` };
  },
});

const greeting = workflow<{ readonly name: string }>('greeting', { version: '1' }).task('greet', greeter).build();

async function runWith(options: LogMonitorOptions): Promise<unknown> {
  const reprise = await createReprise({ plugins: [logMonitor(options)], workflows: [greeting] });
  await reprise.start();
  try {
    return await (await reprise.startRun(greeting, { name: 'Ada' }, { id: 'r1' })).result();
  } finally {
    await reprise.stop();
  }
}

describe('a run with the log monitor', () => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-log-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is written down, with run, task, attempt and agent, and without its data', async () => {
    const destination = join(folder, 'run.log');
    await runWith({ destination, level: 'debug' });
    const text = readFileSync(destination, 'utf8');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const types = lines.map((line) => line['event']).filter((type) => type !== undefined);
    expect(types).to.deep.equal(['RunStarted', 'TaskScheduled', 'TaskStarted', 'TaskCompleted', 'RunCompleted']);
    const place = { run: 'r1', task: 'greet', attempt: 1, agent: 'greeter' };
    for (const type of ['TaskScheduled', 'TaskStarted', 'TaskCompleted']) {
      expect(lines.find((line) => line['event'] === type)).to.include(place);
    }
    expect(lines.find((line) => line['msg'] === 'greeting')).to.deep.include({
      ...place,
      level: 'info',
      fields: { to: 'someone' },
    });
    expect(text).not.to.contain('Ada');
  });

  it('completes when the log cannot be written', async function () {
    if (!existsSync('/dev/full')) this.skip();
    expect(await runWith({ destination: '/dev/full', level: 'debug' })).to.deep.equal({ greeting: 'Hello, Ada!' });
  });
});
