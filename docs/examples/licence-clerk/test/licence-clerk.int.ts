import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createReprise, type Orchestrator } from '@reprise/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import config from '../reprise.config.ts';

const LOCKFILE = resolve(import.meta.dirname, '../../../../package-lock.json');

describe('the licence clerk, with a stand-in for its model', () => {
  let reprise: Orchestrator;

  beforeEach(async () => {
    reprise = await createReprise(config);
    await reprise.start();
  });
  afterEach(() => reprise.stop({ drainMs: 0 }));

  it('finds out by its tools what the lockfile says, and each call is a task', async () => {
    const run = await reprise.startRun('licences', null);
    const { unusual, found } = (await run.result()) as {
      readonly found: number;
      readonly unusual: readonly { readonly licence: string; readonly packages: readonly string[] }[];
    };
    expect(found).to.equal(unusual.length).and.to.be.above(0);
    const text = readFileSync(LOCKFILE, 'utf8');
    for (const { licence, packages } of unusual) {
      expect(licence).to.not.match(/^\(?(MIT|ISC|Apache|BSD|0BSD|BlueOak)/);
      expect(packages, licence).to.have.length.above(0);
      for (const name of packages) expect(text).to.include(`node_modules/${name}": {`);
    }
    const tasks: string[] = [];
    for await (const { event } of reprise.runs.history(run.id))
      if (event.type === 'TaskScheduled') tasks.push(`${event.taskId}: ${event.agent}`);
    expect(tasks.slice(0, 3)).to.deep.equal([
      'answer/ask: clerk',
      'answer/ask.1.count: count-licences',
      'answer/ask.2: clerk',
    ]);
    expect(tasks.filter((task) => task.endsWith('packages-by-licence'))).to.have.length(unusual.length);
    expect(tasks.at(-1)).to.equal('answer/ask.3: clerk');
  });
});
