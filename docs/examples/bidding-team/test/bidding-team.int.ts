import { resolve } from 'node:path';
import { createReprise, type Json, type Orchestrator } from '@reprise/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import config from '../reprise.config.ts';

const REPOSITORY = resolve(import.meta.dirname, '../../../..');

describe('the team that bids for packages to summarise', () => {
  let reprise: Orchestrator;

  beforeEach(async () => {
    reprise = await createReprise(config);
    await reprise.start();
  });
  afterEach(() => reprise.stop({ drainMs: 0 }));

  it('summarises each package, by whoever does it at the better price', async () => {
    const run = await reprise.startRun('summaries', { folder: REPOSITORY });
    const { list, ...summaries } = (await run.result()) as Record<string, Record<string, Json>>;
    const all = Object.values(summaries);
    expect(all).to.have.length(Number(list?.['packages'])).above(300);
    for (const { path, text } of all) expect(text, String(path)).to.be.a('string').and.not.equal('');
    const sources = all.map(({ source }) => source);
    expect(sources).to.include('readme').and.to.include('manifest');

    const winners = new Map<string, number>();
    const done = new Map<string, string[]>();
    for await (const { event } of reprise.runs.history(run.id)) {
      if (event.type === 'DecisionMade' && event.kind === 'award')
        winners.set(event.why?.split(' ')[0] ?? '', (winners.get(event.why?.split(' ')[0] ?? '') ?? 0) + 1);
      if (event.type === 'TaskScheduled' && /^team\/p\d+$/.test(event.taskId))
        done.set(event.taskId, [...(done.get(event.taskId) ?? []), event.agent]);
    }
    expect([...winners.keys()].toSorted()).to.deep.equal(['clerk', 'reader']);
    expect([...winners.values()].reduce((sum, one) => sum + one, 0)).to.equal(all.length);
    // A README that turned out to have no prose went to the next bid, and to nobody else.
    for (const agents of done.values()) expect(agents.join()).to.match(/^(reader|clerk|reader,clerk)$/);
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
  });
});
