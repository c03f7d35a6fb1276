import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, type Json, type Orchestrator, RunReader, systemClock } from '@reprise/core';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { openProject } from './old-store/project.ts';

/** What earlier builds have left: by the rules of their histories. */
const BUILDS = {
  'rules-1.db': 'the build before rules were recorded',
  'rules-2.db': 'the last build of rules 2',
  'rules-3.db': 'the last build of rules 3',
};

/** How those end that only a store of rules 3 has. */
const ENDS_SINCE_3: Readonly<Record<string, Json>> = {
  block: { slow: { n: 1 } },
  polish: { complete: true, round: 3 },
  napping: { slow: { n: 1 } },
  parent: { slow: { n: 1 } },
  handling: { slow: { input: { n: 1 }, error: { code: 'BROKEN', message: 'never' } } },
  race: { n: 1 },
  mutex: { one: { single: { n: 1 } }, two: { single: { n: 1 } } },
  switched: { high: null, low: { slow: { n: 1 } } },
  large: [1, 2, 3].map(() => ({ slow: 'a long text, '.repeat(100) })),
  'gone-on': { complete: true, round: 3 },
  told: { told: true },
};

/** How every open run of the store ends once all agents answer; a text is the code of the error. */
const ENDS: Readonly<Record<string, Json>> = {
  completed: { text: { was: { n: 1 }, n: 2 } },
  running: { slow: { n: 1 } },
  resumed: { slow: { n: 1 } },
  queue: { one: { single: { n: 1 } }, two: { single: { n: 1 } } },
  scheduled: { one: { single: { n: 1 } }, two: { single: { n: 1 } } },
  retry: { attempt: 'later' },
  list: [2, 4, 6, 8, 10, 12],
  retried: [2, 4, 6, 8, 10, 12],
  tolerant: { slow: [null, null, null, null, null, null] },
  loop: { complete: true, round: 3 },
  'fall-to-agent': { slow: { n: 1 } },
  'fall-to-task': { slow: { input: { n: 1 }, error: { code: 'BROKEN', message: 'never' } } },
  'fall-to-value': { slow: 7 },
  nobody: { found: { n: 1 } },
  missing: { found: { n: 1 } },
  conditions: { slow: { yes: { n: 1 }, never: null } },
  'task-limit-value': 'stood-in',
  'attempt-limit': { slow: { n: 1 } },
  functions: { done: { slow: { given: { n: 1 } } } },
};

/** How long after it was left the store is opened: limits of a minute are over by then, and one of an hour is not. */
const LATER_MS = 600_000;

/** A clock by which the store was left a while ago, whenever the test runs. */
async function soonAfter(path: string): Promise<Clock> {
  const { events } = await createSqliteStorage({ path, readOnly: true });
  const times = (await events.readAll({ limit: 100_000 })).map(({ time }) => time);
  await events.close();
  const offset = systemClock.now() - (Math.max(...times) + LATER_MS);
  return { ...systemClock, now: () => systemClock.now() - offset };
}

for (const [name, build] of Object.entries(BUILDS))
  describe(`a store that ${build} has left, with a run in every state`, () => {
    let folder = '';
    let path = '';
    let reprise: Orchestrator;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'reprise-old-store-'));
      path = join(folder, 'events.db');
      copyFileSync(fileURLToPath(new URL(`./old-store/${name}`, import.meta.url)), path);
      reprise = await openProject(path, 'finishing', await soonAfter(path));
      await reprise.start();
    });

    after(async () => {
      await reprise?.stop({ drainMs: 0 });
      rmSync(folder, { recursive: true, force: true });
    });

    for (const [id, output] of Object.entries(ENDS)) {
      it(`'${id}' completes`, async () => {
        expect(await reprise.run(id).outcome()).to.deep.equal({ status: 'completed', output });
      });
    }

    if (name === 'rules-3.db') {
      for (const [id, output] of Object.entries(ENDS_SINCE_3)) {
        it(`'${id}' completes`, async () => {
          expect(await reprise.run(id).outcome()).to.deep.equal({ status: 'completed', output });
        });
      }

      it("'waiting' completes once it has its signal", async () => {
        await reprise.run('waiting').signal('answer', 42);
        expect(await reprise.run('waiting').result()).to.equal(42);
      });

      it('what was closing ends once what was done is undone', async () => {
        expect((await reprise.run('closing').outcome()).status).to.equal('cancelled');
        expect((await reprise.run('closing').state()).tasks.get('pay@1')?.status).to.equal('completed');
        expect((await reprise.run('undoing').outcome()).status).to.equal('failed');
        expect((await reprise.run('undoing').state()).tasks.get('pay@1')?.status).to.equal('completed');
        expect((await reprise.run('race').state()).tasks.get('loser')?.status).to.equal('cancelled');
      });
    }

    for (const id of ['paused', 'paused-idle']) {
      it(`'${id}' completes once it is resumed`, async () => {
        expect((await reprise.run(id).state()).status).to.equal('paused');
        await reprise.run(id).resume();
        expect((await reprise.run(id).outcome()).status).to.equal('completed');
      });
    }

    for (const [id, code] of Object.entries({
      failed: 'BROKEN',
      once: 'REPRISE_OUTCOME_UNKNOWN',
      'task-limit': 'REPRISE_TASK_TIMEOUT',
    })) {
      it(`'${id}' fails with ${code}`, async () => {
        const outcome = await reprise.run(id).outcome();
        expect(outcome.status === 'failed' && outcome.error.details).to.include({ code });
      });
    }

    it('the run whose time was up fails with REPRISE_RUN_TIMEOUT', async () => {
      const outcome = await reprise.run('short').outcome();
      expect(outcome.status === 'failed' && outcome.error.code).to.equal('REPRISE_RUN_TIMEOUT');
    });

    it('cancelled runs stay cancelled', async () => {
      expect(await reprise.run('cancelled').outcome()).to.deep.equal({ status: 'cancelled', reason: 'of no use' });
      expect(await reprise.run('half').outcome()).to.deep.equal({ status: 'cancelled', reason: 'half way' });
    });

    it('a run whose functions are gone waits, and can be cancelled', async () => {
      expect((await reprise.run('gone').state()).status).to.equal('running');
      await reprise.run('gone').cancel();
      expect((await reprise.run('gone').outcome()).status).to.equal('cancelled');
    });

    it('every history replays to the state that its end recorded', async () => {
      await reprise.stop();
      const storage = await createSqliteStorage({ path, readOnly: true });
      const reader = new RunReader(storage);
      const listed = await reader.list({ limit: 100 });
      const replays = await Promise.all(listed.map(async ({ runId }) => [runId, (await reader.replay(runId)).matches]));
      await storage.events.close();
      expect(Object.fromEntries(replays)).to.deep.equal(Object.fromEntries(listed.map(({ runId }) => [runId, true])));
    });
  });
