import {
  type Agent,
  cel,
  createReprise,
  defineAgent,
  isRepriseError,
  type Json,
  type Orchestrator,
  RepriseError,
  workflow,
} from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  changedStore,
  eventsOf,
  eventually,
  gate,
  lastingStore,
  manualTime,
  only,
  orchestrators,
  storePlugin,
} from './support.ts';

const identity = (error: unknown): unknown => error;
const codeOf = (error: unknown): string => (isRepriseError(error) ? error.code : String(error));

describe('Retrying a run', () => {
  const { start } = orchestrators();

  /** A run of good, then many items of which some fail, then end; `mend()` makes all well. */
  const failedRun = async () => {
    const calls: string[] = [];
    let broken = true;
    const good = defineAgent({
      name: 'good',
      handle: async ({ taskId }: { input: unknown; taskId: string }) => {
        calls.push(taskId);
        return [1, 2, 3, 4];
      },
    });
    const items = defineAgent({
      name: 'items',
      concurrency: 1,
      handle: async ({ input, taskId }: { input: number; taskId: string }) => {
        calls.push(taskId);
        if (broken && input === 3) throw new Error('three is broken');
        return input * 10;
      },
    });
    const end = defineAgent({
      name: 'end',
      handle: async ({ input, taskId }: { input: readonly number[]; taskId: string }) => {
        calls.push(taskId);
        return input.reduce((sum, n) => sum + n, 0);
      },
    });
    const definition = workflow<string>('retried')
      .task('first', good)
      .task('odd', good, { when: () => false })
      .task('each', items, { after: 'first', forEach: ({ outputs }) => outputs.first, concurrency: 1, retry: 1 })
      .task('last', end, { after: 'each' })
      .output(({ outputs }) => outputs.last)
      .build();
    const reprise = await start({ workflows: [definition] });
    const run = await reprise.startRun(definition, 'in', { id: 'r1' });
    expect((await run.outcome()).status).to.equal('failed');
    expect(calls.splice(0)).to.deep.equal(['first', 'each[0]', 'each[1]', 'each[2]']);
    return { reprise, run, calls, mend: () => (broken = false) };
  };

  it('makes a new one that takes over what was done, items included', async () => {
    const { reprise, run, calls, mend } = await failedRun();
    mend();
    const retried = await reprise.retryRun('r1', { id: 'r2', by: 'ann', reason: 'it is mended' });
    expect(retried.id).to.equal('r2');
    expect(await retried.result()).to.equal(100);
    expect(calls).to.deep.equal(['each[2]', 'each[3]', 'last']);
    const events = await eventsOf(reprise, 'r2');
    const source = await run.state();
    const copied = await eventsOf(reprise, 'r1');
    const cut = copied.findIndex(({ type }) => type === 'TaskFailed') - 1;
    expect(events.slice(1, cut + 1)).to.deep.equal(copied.slice(1, cut + 1));
    expect(events.slice(cut + 1, cut + 3).map(({ type }) => type)).to.deep.equal(['TasksReset', 'RunForked']);
    expect(only(events, 'TasksReset')[0]?.tasks).to.deep.equal(['each[2]']);
    const [began] = await Array.fromAsync(reprise.runs.history('r2'));
    expect(began?.recorded.metadata).to.include({ by: 'ann', reason: 'it is mended' });
    const lineage = { runId: 'r1', revision: cut, as: 'retry', origin: 'r1' };
    expect(only(events, 'RunStarted')[0]?.lineage).to.deep.equal(lineage);
    expect((await retried.state()).lineage).to.deep.equal(lineage);
    expect((await retried.state()).input).to.equal('in');
    expect((await reprise.runs.replay('r2')).matches).to.equal(true);
    expect(source.status).to.equal('failed');
  });

  it('can be done again and again', async () => {
    const { reprise, calls, mend } = await failedRun();
    const second = await reprise.retryRun('r1');
    expect((await second.outcome()).status).to.equal('failed');
    expect(calls.splice(0)).to.deep.equal(['each[2]']);
    mend();
    const third = await reprise.retryRun(second.id);
    expect(await third.result()).to.equal(100);
    expect(calls).to.deep.equal(['each[2]', 'each[3]', 'last']);
  });

  it('goes on from a cancelled run, but has nothing to do for one that completed', async () => {
    const work = gate('work', { obeys: true });
    const definition = workflow('cancelled').task('a', work.agent).task('b', work.agent, { after: 'a' }).build();
    const reprise = await start({ workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await eventually(() => work.waiting === 1);
    work.answer('a');
    await eventually(() => work.waiting === 1);
    await run.cancel();
    const retried = await reprise.retryRun(run.id);
    await eventually(() => work.calls.length === 3);
    expect(work.calls.at(-1)).to.deep.include({ taskId: 'b', runId: retried.id, attempt: 2, input: 'a' });
    work.answer('b');
    expect(await retried.result()).to.equal('b');
    expect(await reprise.retryRun(retried.id).then(() => 'no error', codeOf)).to.equal('REPRISE_COMMAND_INVALID');
    expect(await reprise.retryRun('nobody').then(() => 'no error', codeOf)).to.equal('REPRISE_RUN_NOT_FOUND');
  });

  it('needs no registered workflow when the recorded one is data only', async () => {
    const store = lastingStore();
    let broken = true;
    const agent = defineAgent({
      name: 'agent',
      handle: async ({ input }: { input: unknown }) => {
        if (broken) throw Object.assign(new Error('no'), { retryable: false });
        return input as string;
      },
    });
    const data = workflow<string>('data')
      .task('a', agent, { input: cel('input + "!"') })
      .build();
    const first = await start({ plugins: [storePlugin(store)], workflows: [data] });
    const run = await first.startRun(data, 'in');
    expect((await run.outcome()).status).to.equal('failed');
    await first.stop();
    broken = false;
    const reprise: Orchestrator = await start({ plugins: [storePlugin(store)], workflows: [], agents: [agent] });
    expect(await (await reprise.retryRun(run.id)).result()).to.equal('in!');
  });

  it('keeps the idempotency keys of the first run, however often it is done', async () => {
    const keys: string[] = [];
    let broken = true;
    const agent = defineAgent({
      name: 'agent',
      handle: ({ idempotencyKey }: { idempotencyKey: string }) => {
        keys.push(idempotencyKey);
        if (broken) throw Object.assign(new Error('no'), { retryable: false });
        return 1;
      },
    });
    const definition = workflow('keys')
      .scope('block', (block) => block.task('a', agent))
      .build();
    const reprise = await start({ workflows: [definition] });
    await (await reprise.startRun(definition, null, { id: 'k1' })).outcome();
    await (await reprise.retryRun('k1', { id: 'k2' })).outcome();
    broken = false;
    expect((await (await reprise.retryRun('k2', { id: 'k3' })).outcome()).status).to.equal('completed');
    expect(keys).to.deep.equal(['k1/block/a', 'k1/block/a', 'k1/block/a']);
  });

  it('keeps those of child runs, too, over attempts of their task and over retries', async () => {
    const keys: string[] = [];
    let failures = 3;
    const agent = defineAgent({
      name: 'agent',
      handle: ({ idempotencyKey }: { idempotencyKey: string }) => {
        keys.push(idempotencyKey);
        failures -= 1;
        if (failures >= 0) throw Object.assign(new Error('no'), { retryable: false });
        return 1;
      },
    });
    const child = workflow('child').task('charge', agent).build();
    const definition = workflow('parent')
      .workflow('pay', child, { retry: { maxAttempts: 2, initialDelay: 1 } })
      .build();
    const reprise = await start({ workflows: [definition] });
    expect((await (await reprise.startRun(definition, null, { id: 'p1' })).outcome()).status).to.equal('failed');
    expect((await (await reprise.retryRun('p1', { id: 'p2' })).outcome()).status).to.equal('completed');
    expect(new Set(keys)).to.deep.equal(new Set(['p1/pay/charge']));
    expect(keys).to.have.length(4);
  });

  it('gives new keys to what was undone and to all that comes after it', async () => {
    const keys: string[] = [];
    let broken = true;
    const agent = defineAgent({
      name: 'agent',
      handle: ({ idempotencyKey, taskId }: { idempotencyKey: string; taskId: string }) => {
        keys.push(idempotencyKey);
        if (broken && taskId === 'pay') throw Object.assign(new Error('no'), { retryable: false });
        return 1;
      },
    });
    const definition = workflow('undone')
      .task('before', agent)
      .task('hotel', agent, { after: 'before', compensate: agent })
      .task('pay', agent, { after: 'hotel' })
      .build();
    const reprise = await start({ workflows: [definition] });
    await (await reprise.startRun(definition, null, { id: 'u1' })).outcome();
    expect(keys.splice(0)).to.deep.equal(['u1/before', 'u1/hotel', 'u1/pay', 'u1/hotel@1']);
    broken = false;
    expect((await (await reprise.retryRun('u1', { id: 'u2' })).outcome()).status).to.equal('completed');
    expect(keys).to.deep.equal(['u2/hotel', 'u2/pay']);
  });

  it('asks before it does again what may be done at most once', async () => {
    let broken = true;
    const agent = defineAgent({
      name: 'agent',
      handle: () => {
        if (broken) throw new Error('no');
        return 1;
      },
    });
    const definition = workflow('once')
      .scope('block', (block) => block.task('pay', agent, { delivery: 'at-most-once' }))
      .build();
    const reprise = await start({ workflows: [definition] });
    await (await reprise.startRun(definition, null, { id: 'o1' })).outcome();
    broken = false;
    expect(await reprise.retryRun('o1').then(() => 'no error', codeOf)).to.equal('REPRISE_WOULD_REPEAT');
    expect(await reprise.retryRun('o1', { again: ['other'] }).then(() => 'no error', codeOf)).to.equal(
      'REPRISE_WOULD_REPEAT',
    );
    const retried = await reprise.retryRun('o1', { again: ['block/pay'] });
    expect((await retried.outcome()).status).to.equal('completed');
  });

  it('goes on with failed child runs in the same way, and asks about what they did at most once', async () => {
    const calls: string[] = [];
    let broken = true;
    const agent = defineAgent({
      name: 'agent',
      handle: ({ idempotencyKey, taskId }: { idempotencyKey: string; taskId: string }) => {
        calls.push(idempotencyKey);
        if (broken && taskId === 'charge') throw Object.assign(new Error('no'), { retryable: false });
        return taskId;
      },
    });
    const child = workflow('child')
      .task('look', agent)
      .task('charge', agent, { after: 'look', delivery: 'at-most-once' })
      .build();
    const definition = workflow('parent').workflow('pay', child).task('end', agent, { after: 'pay' }).build();
    const reprise = await start({ workflows: [definition] });
    expect((await (await reprise.startRun(definition, null, { id: 'p1' })).outcome()).status).to.equal('failed');
    expect(calls.splice(0)).to.deep.equal(['p1/pay/look', 'p1/pay/charge']);
    broken = false;
    const refused = await reprise.retryRun('p1').then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(codeOf(refused)).to.equal('REPRISE_WOULD_REPEAT');
    expect(String(refused)).to.contain("'pay//charge'");
    const next = await reprise.retryRun('p1', { id: 'p2', again: ['pay'] });
    expect((await next.outcome()).status).to.equal('completed');
    expect(calls, 'what the child had done stands').to.deep.equal(['p1/pay/charge', 'p1/end']);
    const [first] = only(await eventsOf(reprise, 'p1'), 'TaskEntered');
    const entered = only(await eventsOf(reprise, 'p2'), 'TaskEntered').at(-1);
    expect(entered?.retries).to.equal(first?.child);
    const started = only(await eventsOf(reprise, entered?.child ?? ''), 'RunStarted')[0];
    expect(started?.lineage).to.deep.include({ runId: first?.child, as: 'retry' });
    expect(started?.parent).to.include({ runId: 'p2', taskId: 'pay' });
  });

  it('copies a long history in pages, each event with where it is from', async () => {
    let broken = true;
    const agent = defineAgent({
      name: 'agent',
      concurrency: 50,
      handle: ({ input }: { input: unknown }) => {
        if (broken && input === 999) throw Object.assign(new Error('no'), { retryable: false });
        return null;
      },
    });
    const definition = workflow<null>('many')
      .task('each', agent, { forEach: () => Array.from({ length: 1000 }, (_, index) => index), concurrency: 50 })
      .build();
    const store = lastingStore();
    const turns: string[] = [];
    const plugin = storePlugin(
      changedStore(store, {
        append: (stream, events, ...more) => {
          if (stream === 'run-m2') turns.push(`${events.length} ${events[0]?.type}`);
          return store.events.append(stream, events, ...more);
        },
      }),
    );
    const reprise = await start({ plugins: [plugin], workflows: [definition] });
    expect((await (await reprise.startRun(definition, null, { id: 'm1' })).outcome()).status).to.equal('failed');
    broken = false;
    expect((await (await reprise.retryRun('m1', { id: 'm2' })).outcome()).status).to.equal('completed');
    const history = await store.events.read('run-m2', { limit: 5000 });
    const forked = history.findIndex(({ type }) => type === 'RunForked');
    const origins = history.map(({ metadata }) => metadata.origin);
    expect(new Set(origins.slice(1, forked - 1))).to.deep.equal(new Set(['m1']));
    expect(new Set([...origins.slice(0, 1), ...origins.slice(forked - 1)])).to.deep.equal(new Set([undefined]));
    const pages = turns.filter((turn) => /^\d+ Task(Scheduled|Completed|Started|Expanded)/.test(turn)).slice(0, 3);
    expect(pages.length, turns.slice(0, 10).join(', ')).to.be.greaterThan(2);
    expect((await reprise.runs.replay('m2')).matches).to.equal(true);
  });

  it('is asked for by any process, and carried out by the one that drives', async () => {
    const store = lastingStore();
    let broken = true;
    const agent = defineAgent({
      name: 'agent',
      handle: () => {
        if (broken) throw Object.assign(new Error('no'), { retryable: false });
        return 'well';
      },
    });
    const definition = workflow('shared').task('a', agent).build();
    const driver = await start({ plugins: [storePlugin(store)], workflows: [definition] });
    const run = await driver.startRun(definition, null, { id: 's1' });
    await run.outcome();
    broken = false;
    await driver.stop();
    const client = await createReprise({ plugins: [storePlugin(store)], workflows: [definition] });
    await client.start({ drive: false });
    await client.retryRun('s1', { id: 's2' });
    expect((await client.run('s2').state()).status).to.equal('forking');
    expect((await client.run('s2').explain()).summary).to.contain("The history of 's1' is being copied");
    const paused = await client
      .run('s2')
      .pause()
      .then(() => undefined, identity);
    expect(codeOf(paused)).to.equal('REPRISE_RUN_FORKING');
    expect(String(paused), 'names the run').to.contain("into run 's2'");
    const forked = await client.forkRun('s2').then(() => undefined, identity);
    expect(codeOf(forked)).to.equal('REPRISE_RUN_FORKING');
    expect(String(forked), 'names the run').to.contain("into run 's2'");
    expect(codeOf(await client.forkRun('s2', { at: 1 }).then(() => undefined, identity))).to.equal(
      'REPRISE_RUN_FORKING',
    );
    await client.run('s2').cancel();
    const given = await client.retryRun('s2').then(() => undefined, identity);
    expect(codeOf(given), 'it was given up half-copied').to.equal('REPRISE_COMMAND_INVALID');
    expect(String(given)).to.contain("go on from run 's1'");
    await client.retryRun('s1', { id: 's3' });
    await client.stop();
    const next = await start({ plugins: [storePlugin(store)], workflows: [definition] });
    expect(await next.run('s3').result()).to.equal('well');
  });

  it('reads the other run once, and for a fork only its start when that is to be closed', async () => {
    const store = lastingStore();
    const read: number[] = [];
    const plugin = storePlugin(
      changedStore(store, {
        read: async (stream, options) => {
          const events = await store.events.read(stream, options);
          if (stream === 'run-c1' && options?.direction !== 'backwards') read.push(events.length);
          return events;
        },
      }),
    );
    const agent = defineAgent({ name: 'agent', handle: () => 1 });
    const definition = workflow<null>('counted')
      .task('each', agent, { forEach: () => Array.from({ length: 1200 }, (_, index) => index), concurrency: 600 })
      .build();
    const reprise = await start({ plugins: [plugin], workflows: [definition] });
    await (await reprise.startRun(definition, null, { id: 'c1' })).outcome();
    const events = (await store.events.read('run-c1', { limit: 100_000 })).length;
    read.splice(0);
    const forked = await reprise.forkRun('c1', { at: 0 });
    await forked.outcome();
    const total = read.reduce((sum, count) => sum + count, 0);
    // The plan reads all of it; what is copied, and the facts, a page each.
    expect(total)
      .to.be.at.least(events)
      .and.below(2 * events);
  });

  it('passes on that the history of a child run cannot be read, and asks nothing about one that nobody started', async () => {
    const store = lastingStore();
    let broken = true;
    let unreadable: string | undefined;
    let gone = false;
    const plugin = storePlugin(
      changedStore(store, {
        read: async (stream, options) => {
          if (stream === unreadable && gone) return [];
          if (stream === unreadable) throw new RepriseError('REPRISE_STORE_UNAVAILABLE', 'gone for lunch');
          return store.events.read(stream, options);
        },
      }),
    );
    const agent = defineAgent({
      name: 'agent',
      handle: () => {
        if (broken) throw Object.assign(new Error('no'), { retryable: false });
        return 1;
      },
    });
    const child = workflow('kid').task('pay', agent, { delivery: 'at-most-once' }).build();
    const parent = workflow('mother').workflow('kid', child).build();
    const reprise = await start({ plugins: [plugin], workflows: [parent] });
    await (await reprise.startRun(parent, null, { id: 'm1' })).outcome();
    const [entered] = only(await eventsOf(reprise, 'm1'), 'TaskEntered');
    unreadable = `run-${entered?.child}`;
    expect(codeOf(await reprise.retryRun('m1').then(() => undefined, identity))).to.equal('REPRISE_STORE_UNAVAILABLE');
    gone = true;
    const anew = await reprise.retryRun('m1');
    expect((await anew.outcome()).status, 'the child run begins as any other').to.equal('failed');
    unreadable = undefined;
    broken = false;
    expect(codeOf(await reprise.retryRun('m1').then(() => undefined, identity))).to.equal('REPRISE_WOULD_REPEAT');
  });

  it('is told what a task gave, and refuses what it cannot take for that', async () => {
    const calls: string[] = [];
    const agent = defineAgent({
      name: 'agent',
      handle: ({ taskId }: { taskId: string }) => {
        calls.push(taskId);
        if (taskId === 'pay') throw Object.assign(new Error('no answer'), { code: 'UNKNOWN', retryable: false });
        return taskId;
      },
    });
    const definition = workflow<string>('told')
      .scope('block', (block) => block.task('inner', agent))
      .task('pay', agent, { after: 'block', delivery: 'at-most-once' })
      .task('end', agent, { after: 'pay' })
      .build();
    const reprise = await start({ workflows: [definition] });
    await (await reprise.startRun(definition, 'in', { id: 't1' })).outcome();
    const refusal = (outcomes: Record<string, unknown>) =>
      reprise.retryRun('t1', { outcomes }).then(
        () => 'no error',
        (error: unknown) => String(error),
      );
    expect(await refusal({ nobody: 1 })).to.contain("'nobody' can be given no outcome: there is no such task");
    expect(await refusal({ 'block/inner': 1, pay: 1 })).to.contain("it is inside 'block', which has ended");
    expect(await refusal({ pay: 10n })).to.contain("The outcome of 'pay'");
    const told = await reprise.retryRun('t1', { outcomes: { pay: { receipt: 7 } } });
    expect((await told.outcome()).status).to.equal('completed');
    expect(calls).to.deep.equal(['block/inner', 'pay', 'end']);
    expect((await told.state()).tasks.get('pay')?.output).to.deep.equal({ receipt: 7 });
  });

  it('of a run at some revision is a fork, which leaves the other one alone', async () => {
    const calls: string[] = [];
    const agent = defineAgent({
      name: 'agent',
      handle: ({ taskId, input }: { taskId: string; input: unknown }) => {
        calls.push(taskId);
        return `${String(input)}>${taskId}`;
      },
    });
    const definition = workflow<string>('forked')
      .task('a', agent)
      .task('b', agent, { after: 'a' })
      .output(({ outputs }) => outputs.b)
      .build();
    const reprise = await start({ workflows: [definition] });
    const run = await reprise.startRun(definition, 'in', { id: 'f1' });
    expect(await run.result()).to.equal('in>a>b');
    calls.splice(0);
    const whatIf = await reprise.forkRun('f1', { outcomes: { a: 'else' } });
    expect(await whatIf.result()).to.equal('else>b');
    expect(calls.splice(0)).to.deep.equal(['b']);
    const anew = await reprise.forkRun('f1', { at: 0 });
    expect(await anew.result()).to.equal('in>a>b');
    expect(calls.splice(0)).to.deep.equal(['a', 'b']);
    const same = await reprise.forkRun(whatIf.id);
    expect(await same.result()).to.equal('else>b');
    expect(calls).to.deep.equal([]);
    expect(await reprise.forkRun('f1', { at: 99 }).then(() => 'no error', codeOf)).to.equal('REPRISE_COMMAND_INVALID');
    expect(await reprise.forkRun('nobody').then(() => 'no error', codeOf)).to.equal('REPRISE_RUN_NOT_FOUND');
    expect(await run.result()).to.equal('in>a>b');
  });

  it('asks about what child runs did that would be begun anew, and refuses to fork what is being undone', async () => {
    const agent = defineAgent({
      name: 'agent',
      handle: ({ taskId }: { taskId: string }) => {
        if (taskId === 'bad') throw Object.assign(new Error('no'), { retryable: false });
        return taskId;
      },
    });
    const child = workflow('kid').task('pay', agent, { delivery: 'at-most-once' }).build();
    const parent = workflow('mother').workflow('kid', child).build();
    const undone = workflow('undone')
      .task('a', agent, { compensate: agent })
      .task('bad', agent, { after: 'a' })
      .build();
    const reprise = await start({ workflows: [parent, undone] });
    await (await reprise.startRun(parent, null, { id: 'kid-1' })).outcome();
    const refused = await reprise.forkRun('kid-1', { at: 0 }).then(() => 'no error', String);
    expect(refused).to.contain("'kid//pay'");
    await (await reprise.startRun(undone, null, { id: 'un-1' })).outcome();
    const began = (await eventsOf(reprise, 'un-1')).findIndex(({ type }) => type === 'CompensationBegan');
    expect(await reprise.forkRun('un-1', { at: began }).then(() => 'no error', String)).to.contain('was about to end');
  });

  it('is for the same tenant and has the same labels, as child runs are and have', async () => {
    const agent = defineAgent({
      name: 'agent',
      handle: () => {
        throw Object.assign(new Error('no'), { retryable: false });
      },
    });
    const child = workflow('child').task('a', agent).build();
    const definition = workflow('parent').workflow('part', child).build();
    const store = lastingStore();
    const reprise = await start({ plugins: [storePlugin(store)], workflows: [definition] });
    await (
      await reprise.startRun(definition, null, { id: 'ten-1', tenant: 'acme', labels: { team: 'eu', '.v-1': 'a b' } })
    ).outcome();
    await (await reprise.retryRun('ten-1', { id: 'ten-2' })).outcome();
    const events = await store.events.readAll({ limit: 1000 });
    expect(new Set(events.map(({ stream }) => stream)).size, 'two runs and their child runs').to.equal(4);
    expect(new Set(events.map(({ metadata }) => metadata.tenant))).to.deep.equal(new Set(['acme']));
    expect((await reprise.runs.state('ten-2')).tenant).to.equal('acme');
    for (const stream of new Set(events.map(({ stream }) => stream)))
      expect((await reprise.runs.state(stream.slice(4))).labels).to.deep.equal({ team: 'eu', '.v-1': 'a b' });
    const fork = await reprise.forkRun('ten-1');
    expect((await fork.state()).labels).to.deep.equal({ team: 'eu', '.v-1': 'a b' });
    expect(await reprise.startRun(definition, null, { tenant: '' }).then(() => 'no error', codeOf)).to.equal(
      'REPRISE_INVALID_ID',
    );
  });

  it('goes on from a run of which a command was refused before anything was scheduled', async () => {
    let fail = true;
    const gates = gate('slow', { concurrency: 1 });
    const agent: Agent<Json, Json> = {
      name: 'slow',
      concurrency: 1,
      handle: async (task, context) => {
        if (!fail) return 'well';
        await gates.agent.handle(task, context);
        throw Object.assign(new Error('no'), { retryable: false });
      },
    };
    const definition = workflow('refused').task('a', agent).build();
    const reprise = await start({ workflows: [definition] });
    const first = await reprise.startRun(definition, null);
    const run = await reprise.startRun(definition, null);
    expect(await run.resume().then(() => 'no error', codeOf)).to.equal('REPRISE_COMMAND_INVALID');
    expect((await eventsOf(reprise, run.id))[1]?.type).to.equal('CommandRejected');
    for (const one of [first, run]) {
      await eventually(() => gates.waiting === 1);
      gates.answer();
      expect((await one.outcome()).status).to.equal('failed');
    }
    fail = false;
    for (const next of [await reprise.retryRun(run.id), await reprise.forkRun(run.id)])
      expect(await next.result()).to.equal('well');
  });

  it('of an open run makes what waits ready at once', async () => {
    const { time, parts } = manualTime();
    const work = gate('work');
    const definition = workflow('waiting')
      .task('a', work.agent, { retry: { maxAttempts: 2, initialDelay: '10h', maxDelay: '10h' } })
      .build();
    const reprise = await start({ ...parts(), workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await time.until(() => work.waiting === 1, 0);
    expect(await reprise.retryRun(run.id).then(() => 'no error', codeOf)).to.equal('REPRISE_COMMAND_INVALID');
    work.refuse(new Error('not yet'));
    await time.quiet();
    const same = await reprise.retryRun(run.id);
    expect(same.id).to.equal(run.id);
    await time.until(() => work.waiting === 1, 0);
    work.answer('now');
    expect(await run.result()).to.equal('now');
    // The timer that was set for later finds nothing to do.
    await time.until(() => false, 11 * 3_600_000);
    expect(only(await eventsOf(reprise, run.id), 'TaskReady').map(({ reason }) => reason)).to.deep.equal(['manual']);
  });
});
