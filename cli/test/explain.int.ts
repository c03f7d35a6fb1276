import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createReprise,
  type Orchestrator,
  parseWorkflow,
  type RemoteAgent,
  type RepriseError,
  remoteAgent,
} from '@reprise/core';
import { nextTurn } from '@reprise/core/plugin';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { explanationShape } from '../src/output/json-shapes.ts';
import { createTerminal, type Terminal } from '../src/output/terminal.ts';
import { explainRun } from '../src/runs/explain-run.ts';
import { showHistory } from '../src/runs/show-history.ts';
import { showRun } from '../src/runs/show-run.ts';
import { showState } from '../src/runs/show-state.ts';
import { startRun } from '../src/runs/start-run.ts';
import { Memory, temporaryFolders } from './support.ts';

const folders = temporaryFolders();

const FLOW = `
name: flow
tasks:
  trip:
    scope:
      hotel: { agent: hotel }
      pay: { agent: gone, after: hotel }
  approve: { wait: { signal: approved }, timeout: 1h }
  nap: { sleep: 1h }
  end: { agent: hotel, after: [trip, approve, nap] }`;

/** A project, and its store with a run that a process left half way; the configuration has no agent. */
async function leftRun(
  text = FLOW,
  paused = false,
  elsewhere: readonly RemoteAgent[] = [],
): Promise<{ readonly config: string }> {
  const folder = folders();
  const config = join(folder, 'reprise.config.yaml');
  const store = join(folder, 'runs.db');
  writeFileSync(config, `store: { path: ${JSON.stringify(store)} }\n`);
  const reached = Promise.withResolvers<void>();
  const definition = parseWorkflow(text);
  const reprise = await createReprise({
    plugins: [sqliteEventStore({ path: store })],
    workflows: [definition],
    agents: [
      { name: 'hotel', handle: async () => 'booked' },
      {
        name: 'gone',
        handle: (_task: unknown, { signal }: { readonly signal: AbortSignal }) => {
          reached.resolve();
          return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        },
      },
      {
        name: 'broken',
        handle: () => {
          throw new Error('no \u001b[31mroom');
        },
      },
      ...(elsewhere as never[]),
    ],
  });
  await reprise.start();
  const run = await reprise.startRun(definition, null as never, { id: 'left' });
  await Promise.race([reached.promise, run.outcome(), ...(elsewhere.length > 0 ? [standstill(reprise, run.id)] : [])]);
  if (paused) await run.pause();
  await reprise.stop({ drainMs: 0 });
  return { config };
}

/** Resolves when nothing of the run is under way any more, and somebody that is not there is waited for. */
async function standstill(reprise: Orchestrator, runId: string): Promise<void> {
  while (reprise.holdOf(runId) === undefined) await nextTurn();
}

async function said(command: (terminal: Terminal) => Promise<unknown>, json = false) {
  const [out, err] = [new Memory(), new Memory()];
  await command(createTerminal(out, err, { NO_COLOR: '1' }, json));
  return { out: out.text, err: err.text };
}

describe('run explain', () => {
  it('tells that whoever drives the run is stopping, as a run that is started then is told', async () => {
    const folder = folders();
    const config = join(folder, 'reprise.config.yaml');
    const store = join(folder, 'runs.db');
    writeFileSync(join(folder, 'other.workflow.yaml'), 'name: other\ntasks: { a: { wait: { signal: go } } }\n');
    writeFileSync(config, `store: { path: ${JSON.stringify(store)} }\nworkflows: [other.workflow.yaml]\n`);
    const work = Promise.withResolvers<null>();
    const begun = Promise.withResolvers<void>();
    const handle = () => {
      begun.resolve();
      return work.promise;
    };
    const definition = parseWorkflow('name: flow\ntasks: { a: { agent: work }, b: { agent: work } }');
    const plugins = [sqliteEventStore({ path: store })];
    const reprise = await createReprise({
      plugins,
      workflows: [definition],
      agents: [{ name: 'work', concurrency: 1, handle }],
    });
    await reprise.start();
    const run = await reprise.startRun(definition, null as never, { id: 'first' });
    await begun.promise;
    const stopped = reprise.stop();
    try {
      const stopping =
        'The process that drives the runs is stopping: it waits for what is under way, and begins nothing new.';
      const inside = await run.explain();
      expect(inside.summary).to.include(`${stopping} 'b' is held up here: `).and.include("'a' ");
      expect(inside.tasks.find(({ taskId }) => taskId === 'b')).to.deep.include({ reason: 'held', hold: 'draining' });
      const { out, err } = await said((terminal) => explainRun('first', { config }, terminal));
      expect(out)
        .to.include(stopping)
        .and.match(/\n {2}b +is held up here: .* It begins once another process drives/);
      expect(err).to.match(/To have the run go on: .*reprise worker start/);
      const json = await said((terminal) => explainRun('first', { config }, terminal), true);
      expect(JSON.parse(json.out)).to.include({ driven: true, draining: true });
      const flags = { config, input: ['null'] };
      const told = await said((terminal) => startRun('other', flags, terminal));
      expect(told.err)
        .to.match(/is running\. To have it carried out: .*reprise worker start/)
        .and.include(stopping);
      expect(await said((terminal) => showRun('first', { config }, terminal)))
        .to.have.property('err')
        .that.includes(stopping);
    } finally {
      work.resolve(null);
      await stopped;
    }
    const { out } = await said((terminal) => explainRun('first', { config }, terminal));
    expect(out).to.include('No process drives the run now.');
  });

  it('tells what made it as long as it is, as text and as JSON', async () => {
    const where = await leftRun(
      'name: flow\ntasks: { hotel: { agent: hotel }, trip: { after: hotel, scope: { pay: { agent: gone } } } }',
    );
    const { out } = await said((terminal) => explainRun('left', where, terminal, { path: true }));
    expect(out).to.match(
      /What made it as long as it is\n {2}.*: .* working, .* waiting, 2 attempts one after another\n {2}TASK +AGENT/,
    );
    expect(out).to.match(/\n {2}hotel +hotel +0.*\n {2}trip\/pay +gone /);
    const json = await said((terminal) => explainRun('left', where, terminal, { path: true }), true);
    const { links, from, until, workingMs, waitingMs, restMs } = JSON.parse(json.out).criticalPath;
    expect(links.map(({ taskId }: { readonly taskId: string }) => taskId)).to.deep.equal(['hotel', 'trip/pay']);
    expect(workingMs + waitingMs + restMs).to.equal(Date.parse(until) - Date.parse(from));
    const without = await said((terminal) => explainRun('left', where, terminal), true);
    expect(JSON.parse(without.out)).not.to.have.property('criticalPath');
  });

  it('tells one reason for each open task, what moves it, and that nobody drives the store', async () => {
    const where = await leftRun();
    const { out, err } = await said((terminal) => explainRun('left', where, terminal));
    expect(out).to.match(/^left {2}● running\nNo process drives the run now\. /);
    const [roots = '', others = ''] = out.split('What waits for that');
    expect(roots).to.match(
      /\n {2}trip\/pay +is under way, as far as is on record: attempt 1 at 'gone'.* ago\. Whoever drives the run next/,
    );
    expect(roots).to.match(
      /\n {2}approve +waits for the signal 'approved'\. Somebody sends the signal, or its time is up in/,
    );
    expect(roots).to.match(/\n {2}nap +sleeps until \d{4}-.*It wakes in/);
    expect(others).to.match(/\n {2}trip +waits for 'trip\/pay'\./);
    expect(others).to.match(/\n {2}end +waits for 'trip', 'approve' and 'nap'\./);
    expect(err)
      .to.match(/by the agents of this configuration/)
      .and.to.contain('reprise worker start');
  });

  it('tells what a value stands in for, as the history does', async () => {
    const text = `name: flow
tasks:
  ask: { send: { to: '\${ "nobody" }', data: 1 }, fallback: { value: none } }
  go: { wait: { signal: go } }
  gone: { agent: gone }`;
    const where = await leftRun(text);
    const { out } = await said((terminal) => explainRun('left', where, terminal));
    expect(out).to.match(
      /\nWhat failed, and a value stands in for\n {2}ask {2}REPRISE_MAILBOX_UNKNOWN: There is no mailbox "nobody"/,
    );
    const json = JSON.parse((await said((terminal) => explainRun('left', where, terminal), true)).out);
    expect(json.standIns).to.have.length(1);
    expect(json.standIns[0]).to.have.nested.property('error.code', 'REPRISE_MAILBOX_UNKNOWN');
    const history = await said((terminal) => showHistory('left', where, terminal));
    expect(history.out).to.match(
      /TaskCompleted +ask +by fallback-value, output "none", instead of REPRISE_MAILBOX_UNKNOWN: /,
    );
  });

  it('tells in JSON what is owed to whoever waits for a message, with times as everywhere', () => {
    const one = { who: 'critic', about: undefined, stage: 'asked', since: 0, dueAt: 60_000 } as const;
    const waits = {
      reason: 'message',
      mailbox: 'author',
      from: undefined,
      circle: [],
      lying: 0,
      until: 1,
      limitAt: undefined,
    } as const;
    const told = { taskId: 'author', count: 1, mover: 'signal', waits: '', moves: '', hasDefault: false } as const;
    const tasks = [{ ...told, ...waits, owed: [one, { ...one, about: 'review', dueAt: undefined }] }];
    const shape = explanationShape({
      runId: 'r',
      status: 'running',
      revision: 1,
      summary: '',
      failure: undefined,
      waitsFor: [],
      tasks,
    });
    const since = '1970-01-01T00:00:00.000Z';
    expect(shape).to.have.nested.property('tasks[0].until', '1970-01-01T00:00:00.001Z');
    expect(shape)
      .to.have.nested.property('tasks[0].owed')
      .that.deep.equals([
        { who: 'critic', about: null, stage: 'asked', since, dueAt: '1970-01-01T00:01:00.000Z' },
        { who: 'critic', about: 'review', stage: 'asked', since, dueAt: null },
      ]);
  });

  it('does not promise that a worker of this project helps a run whose agent it does not have', async () => {
    const where = await leftRun('name: far\ntasks:\n  a: { agent: hotel }\n  b: { agent: far, after: a }', false, [
      remoteAgent({ name: 'far' }),
    ]);
    const { out, err } = await said((terminal) => explainRun('left', where, terminal));
    expect(out).to.contain("waits for a worker of the agent 'far': none is there");
    expect(err).to.contain('drive it where somebody does').and.not.to.contain('reprise worker start');
  });

  it('prints the same as JSON, with times in ISO 8601', async () => {
    const where = await leftRun();
    const { out } = await said((terminal) => explainRun('left', where, terminal), true);
    const shape = JSON.parse(out);
    expect(shape).to.deep.include({
      runId: 'left',
      workflow: 'flow',
      status: 'running',
      driven: false,
      agentsKnown: true,
    });
    expect(shape.waitsFor).to.have.members(['trip/pay', 'approve', 'nap']);
    const nap = shape.tasks.find(({ taskId }: { readonly taskId: string }) => taskId === 'nap');
    expect(nap).to.include({ reason: 'sleep', mover: 'timer', count: 1 });
    expect(nap.until).to.match(/^\d{4}-\d\d-\d\dT/);
  });

  it('tells of a run that failed what failed first, as text that nothing obeys', async () => {
    const where = await leftRun(`
name: flow
tasks:
  trip: { scope: { room: { agent: broken, retry: 1 } } }
  end: { agent: hotel, after: trip }`);
    const { out, err } = await said((terminal) => explainRun('left', where, terminal));
    expect(out).to.contain(
      "The run failed: 'trip/room' failed (and with it 'trip'): REPRISE_AGENT_FAILED: no \\u001b[31mroom",
    );
    expect(out).to.contain('Failed       trip › trip/room');
    expect(out).to.not.contain('\u001b');
    expect(err).to.match(/^To go on from it, in a new run: (npx )?reprise run retry left --config .*\n$/);
  });

  it('refuses a run that is not there', async () => {
    const where = await leftRun();
    const refused = await said((terminal) => explainRun('other', where, terminal)).catch(
      (error: RepriseError) => error,
    );
    expect(refused).to.include({ code: 'REPRISE_RUN_NOT_FOUND' });
  });
});

describe('run show and run state', () => {
  it('show tasks inside blocks, what waits for what, and a line for each open task', async () => {
    const where = await leftRun();
    const { out } = await said((terminal) => showRun('left', where, terminal));
    expect(out).to.match(/\ntrip +● running/);
    expect(out).to.match(/\n {2}hotel +✔ completed +hotel/);
    expect(out).to.match(/\n {2}pay +● running +gone/);
    expect(out).to.match(/\napprove +● running .*for the signal approved/);
    expect(out).to.match(/\nnap +● running .*until \d{4}-/);
    const open = out.split('\nOpen\n')[1] ?? '';
    expect(open).to.match(/^ {2}trip +waits for 'trip\/pay'$/m);
    expect(open).to.match(/^ {2}end +waits for 'trip', 'approve' and 'nap'$/m);
    expect(open.trimEnd().split('\n')).to.have.lengthOf(5);
    const state = await said((terminal) => showState('left', where, terminal));
    expect(state.out).to.match(/Results so far\n {2}trip\/hotel {2}"booked"/);
  });

  it('say by whom the run is held paused', async () => {
    const where = await leftRun(FLOW, true);
    expect((await said((terminal) => showRun('left', where, terminal))).out).to.match(/\nPaused by +hand\n/);
    const shape = JSON.parse((await said((terminal) => showRun('left', where, terminal), true)).out);
    expect(shape.pausedBy).to.deep.equal(['user']);
    expect((await said((terminal) => explainRun('left', where, terminal))).out).to.match(/\nThe run is paused\. /);
  });

  it('say the same in JSON', async () => {
    const where = await leftRun();
    const shape = JSON.parse((await said((terminal) => showRun('left', where, terminal), true)).out);
    expect(shape.tasks.map(({ id }: { readonly id: string }) => id)).to.deep.equal([
      'trip',
      'trip/hotel',
      'trip/pay',
      'approve',
      'nap',
      'end',
    ]);
    expect(shape.tasks[3]).to.include({ signal: 'approved' });
    expect(shape.explanation.tasks).to.have.lengthOf(5);
  });
});
