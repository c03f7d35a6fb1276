import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AnyWorkflow, defineAgent, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { writeHistory } from '../../../test/bench/long-run.ts';
import { jsonLines, projects, Running } from '../support.ts';

const project = projects();
const EVENTS = 12_000;

describe('states of a long run on the dashboard', () => {
  it('opened by a link to it, are the same after a kill -9, from what was kept, and when that is damaged', async () => {
    const cwd = project();
    const spin = defineAgent({ name: 'spin', handle: ({ input }: { readonly input: unknown }) => input });
    const long = workflow('long', { version: '1' })
      .task('spin', spin, { input: () => null, repeat: { from: 'spin', until: () => false, max: EVENTS } })
      .build() as AnyWorkflow;
    await writeHistory(join(cwd, 'events.db'), long, EVENTS);

    /** The states at some revisions; the server is killed then. */
    const states = async (): Promise<readonly string[]> => {
      const dashboard = new Running(['dashboard', 'last', '--store', 'events.db', '--port', '0', '--json'], { cwd });
      try {
        await dashboard.saw(/"link"/);
        const link = String(jsonLines(dashboard.stdout)[0]?.['link']);
        const entered = await fetch(link);
        expect(await entered.text()).to.include('url=/runs/long"');
        const headers = { cookie: (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? '' };
        const texts: string[] = [];
        for (const at of ['', '?at=4999', '?at=5000', '?at=9998', '?at=7', `?at=${EVENTS}`]) {
          const response = await fetch(`${new URL(link).origin}/api/v1/runs/long/state${at}`, { headers });
          expect(response.status, at).to.equal(200);
          texts.push(await response.text());
        }
        return texts;
      } finally {
        dashboard.child.kill('SIGKILL');
        await dashboard.ended;
      }
    };
    const first = await states();
    expect(new Set(first).size).to.be.greaterThan(4);
    expect(existsSync(join(cwd, 'events.db-keyframes'))).to.equal(true);
    expect(await states()).to.deep.equal(first);
    writeFileSync(join(cwd, 'events.db-keyframes'), 'x'.repeat(20_000));
    expect(await states()).to.deep.equal(first);
  });
});
