import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createReprise, defineAgent, isolatedAgent, type Json, type RunOutcome, sleep, workflow } from '@reprise/core';
import { recordingMonitor } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventsOf, lastingStore, only, orchestrators, storePlugin, temporaryFiles } from '../support.ts';
import type { Order } from './agents.ts';
import { gone, ISOLATIONS, isolatedAny, single } from './support.ts';

const local = defineAgent({ name: 'local', handle: ({ input }: { input: Json }) => input });
const beside = workflow<number>('beside').task('a', local).task('b', local, { after: 'a' }).build();

const causeOf = (outcome: RunOutcome) => (outcome.status === 'failed' ? outcome.error.cause : undefined);

describe('an isolated agent', () => {
  const { start, make } = orchestrators();
  const temporary = temporaryFiles();
  const file = (name: string): string => join(dirname(temporary()), name);

  for (const isolation of ISOLATIONS)
    describe(`in a ${isolation}`, () => {
      it('that loops without end lets all others go on, and ends when it is cancelled', async () => {
        const agent = isolatedAny(isolation);
        const looping = single(agent);
        const reprise = await start({ workflows: [looping, beside] });
        const run = await reprise.startRun(looping, { do: 'loop' });
        while (reprise.running === 0) await sleep(1);
        for (let n = 0; n < 20; n += 1) expect(await (await reprise.startRun(beside, n)).result()).to.equal(n);
        expect(reprise.running).to.equal(1);
        await run.cancel('enough');
        expect(await run.outcome()).to.deep.equal({ status: 'cancelled', reason: 'enough' });
        await until(() => reprise.running === 0);
        expect(await (await reprise.startRun(looping, { do: 'echo', text: 'here' })).result()).to.equal('here');
      });

      const ends: readonly (readonly [Order, string, RegExp])[] = [
        [{ do: 'exit', n: 0 }, 'REPRISE_AGENT_EXITED', /exit code 0/],
        [{ do: 'exit', n: 1 }, 'REPRISE_AGENT_EXITED', /exit code 1/],
        [{ do: 'timer-throw' }, 'REPRISE_AGENT_EXITED', /threw where nobody caught it.*: nobody caught this/],
        [{ do: 'reject-unheard' }, 'REPRISE_AGENT_EXITED', /nobody awaited this/],
        [{ do: 'heap' }, 'REPRISE_AGENT_MEMORY', /its limit of 128 MiB \(limits\.memoryMiB\)/],
        [{ do: 'buffers' }, 'REPRISE_AGENT_MEMORY', /its limit of 128 MiB/],
        [{ do: 'one-array' }, 'REPRISE_AGENT_MEMORY', /its limit of 128 MiB/],
      ];
      for (const [order, code, message] of ends)
        it(`that does ${JSON.stringify(order)} fails its attempt with ${code}, and nothing else`, async () => {
          const definition = single(isolatedAny(isolation), { retry: { maxAttempts: 2, initialDelay: 0 } });
          const reprise = await start({ workflows: [definition, beside] });
          const run = await reprise.startRun(definition, order);
          const other = await reprise.startRun(beside, 7);
          const cause = causeOf(await run.outcome());
          expect(cause).to.include({ code, retryable: true });
          expect(cause?.message).to.match(message);
          expect(only(await eventsOf(reprise, run.id), 'TaskAttemptFailed')).to.have.length(2);
          expect(await other.result()).to.equal(7);
          expect(await (await reprise.startRun(definition, { do: 'echo' })).result()).to.equal(null);
        });

      it('is made again after a crash, by a new one', async () => {
        const definition = single(isolatedAny(isolation), { retry: { maxAttempts: 2, initialDelay: 0 } });
        const reprise = await start({ workflows: [definition] });
        const run = await reprise.startRun(definition, { do: 'crash-once', file: file('crashed') });
        expect(await run.result()).to.equal('second');
        const [failed] = only(await eventsOf(reprise, run.id), 'TaskAttemptFailed');
        expect(failed?.error.details).to.deep.equal({ exitCode: 3 });
        expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
      });

      it('that may do it only once has an unknown outcome when it is gone', async () => {
        const again = defineAgent({ name: 'again', handle: () => 'instead' });
        const options = { delivery: 'at-most-once', fallback: { agent: again } };
        const definition = single(isolatedAny(isolation), options);
        const reprise = await start({ workflows: [definition] });
        const run = await reprise.startRun(definition, { do: 'exit', n: 5 });
        expect(causeOf(await run.outcome())?.code).to.equal('REPRISE_OUTCOME_UNKNOWN');
        const [failed, more] = only(await eventsOf(reprise, run.id), 'TaskAttemptFailed');
        expect(failed).to.include({ lost: true });
        expect(failed?.error.code).to.equal('REPRISE_OUTCOME_UNKNOWN');
        expect(failed?.error.message).to.match(/exit code 5/);
        expect(more).to.equal(undefined);
        // What it says itself is no unknown outcome: others may.
        const said = await reprise.startRun(definition, { do: 'throw-text' });
        expect(await said.result()).to.equal('instead');
      });

      it('that does not heed its signal is ended after a grace, and its slot is free', async () => {
        const agent = isolatedAny(isolation, { grace: 100 }, { concurrency: 1 });
        const definition = single(agent, {
          timeout: { attempt: '1500ms' },
          retry: { maxAttempts: 2, initialDelay: 0 },
        });
        const reprise = await start({ workflows: [definition] });
        const run = await reprise.startRun(definition, { do: 'loop' });
        const next = await reprise.startRun(definition, { do: 'echo', text: 'next' });
        expect(causeOf(await run.outcome())?.code).to.equal('REPRISE_ATTEMPT_TIMEOUT');
        expect(await next.result()).to.equal('next');
      });

      it('has a limit of time of its own', async () => {
        const definition = single(isolatedAny(isolation, { time: '200ms' }));
        const reprise = await start({ workflows: [definition] });
        const cause = causeOf(await (await reprise.startRun(definition, { do: 'loop' })).outcome());
        expect(cause).to.include({ code: 'REPRISE_ATTEMPT_TIMEOUT', retryable: true });
        expect(cause?.message).to.match(/took longer than 200ms, the limit of the agent 'any' \(limits\.time\)/);
      });

      it('writes into the log of its attempt, at a bounded pace', async () => {
        const monitor = recordingMonitor();
        const definition = single(isolatedAny(isolation, { memoryMiB: 256 }));
        const reprise = await start({ workflows: [definition, beside], plugins: [monitor.plugin] });
        const run = await reprise.startRun(definition, { do: 'write', text: 'a line' });
        await run.result();
        const lines = (): readonly unknown[] =>
          monitor.notices.flatMap((notice) =>
            notice.kind === 'log' && notice.runId === run.id
              ? [[notice.taskId, notice.attempt, notice.fields?.['stream'], notice.message]]
              : [],
          );
        await until(() => lines().length === 3);
        expect(lines()).to.have.deep.members([
          ['do', 1, 'stdout', 'a line'],
          ['do', 1, 'stderr', 'an error line'],
          ['do', 1, 'stdout', 'half'],
        ]);
        const much = await reprise.startRun(definition, { do: 'write-much', n: 3000 });
        expect(await much.result()).to.equal('written');
        const said = (): readonly string[] =>
          monitor.notices.flatMap((notice) => (notice.kind === 'log' ? notice.message : []));
        const dropped = (): number => said().filter((text) => text.endsWith('is too much: the rest is dropped')).length;
        await until(() => dropped() === 1);
        expect(said().filter((text) => text.startsWith('xxxx')).length).to.be.within(1000, 1100);
        // It fills its own memory, or waits for its pipe: others do not.
        const flood = await reprise.startRun(definition, { do: 'write-for-ever' });
        expect(await (await reprise.startRun(beside, 1)).result()).to.equal(1);
        expect(causeOf(await flood.outcome())?.code).to.equal('REPRISE_AGENT_MEMORY');
      });

      it('that emits without end is heard of a thousand times a second', async () => {
        const monitor = recordingMonitor();
        const definition = single(isolatedAny(isolation, { time: '400ms' }));
        const reprise = await start({ workflows: [definition], plugins: [monitor.plugin] });
        await (await reprise.startRun(definition, { do: 'emit-for-ever' })).outcome();
        const emitted = monitor.notices.filter(({ kind }) => kind === 'progress').length;
        expect(emitted).to.be.within(1, 3000);
      });

      it('is kept for the next attempt, and ended when nothing needs it', async () => {
        const definition = single(isolatedAny(isolation, { idle: '2s' }));
        const reprise = await start({ workflows: [definition] });
        const count = async (): Promise<Json> => (await reprise.startRun(definition, { do: 'calls' })).result();
        expect([await count(), await count(), await count()]).to.deep.equal([1, 2, 3]);
        await sleep(4000);
        expect(await count()).to.equal(1);
      });

      it('makes as many attempts at once as it may, each in one of its own', async () => {
        const agent = isolatedAny(isolation, {}, { concurrency: 3 });
        const many = workflow<readonly Order[]>('many')
          .task('do', agent, { forEach: ({ input }) => input })
          .build();
        const reprise = await start({ workflows: [many] });
        const seen = new Set<number>();
        const run = await reprise.startRun(
          many,
          Array.from({ length: 6 }, () => ({ do: 'note', file: file('notes'), n: 300 })),
        );
        while ((await run.state()).status === 'running') {
          seen.add(reprise.running);
          await sleep(5);
        }
        expect(Math.max(...seen)).to.equal(3);
        expect((await run.outcome()).status).to.equal('completed');
      });

      it('is left to finish by a drain, and gone after it; one that goes on is made again at the next start', async () => {
        const storage = lastingStore();
        const notes = file('notes');
        const definition = single(isolatedAny(isolation, { grace: '10s' }));
        const open = () => make({ workflows: [definition], plugins: [storePlugin(storage)] });
        const first = await open();
        await first.start();
        const short = await first.startRun(definition, { do: 'note', file: notes, n: 300 });
        const long = await first.startRun(definition, { do: 'note', file: notes, n: 3000 });
        await until(() => existsSync(notes) && readFileSync(notes, 'utf8').split('\n').length > 2);
        await first.stop({ drainMs: 800 });
        const second = await open();
        await second.start();
        expect((await second.run(short.id).outcome()).status).to.equal('completed');
        expect(await second.run(long.id).result()).to.equal(2);
        expect((await second.runs.replay(long.id)).matches).to.equal(true);
        const pids = readFileSync(notes, 'utf8').match(/^\d+/gm)?.map(Number) ?? [];
        await second.stop();
        if (isolation === 'process') expect(await gone(...pids)).to.equal(true);
      });
    });

  it('in a process may crash it', async () => {
    const definition = single(isolatedAny('process'));
    const reprise = await start({ workflows: [definition] });
    for (const [order, signal] of [
      ['abort', 'SIGABRT'],
      ['kill', 'SIGKILL'],
    ] as const) {
      const cause = causeOf(await (await reprise.startRun(definition, { do: order })).outcome());
      expect(cause?.code).to.equal('REPRISE_AGENT_EXITED');
      expect(cause?.details).to.deep.equal({ signal });
    }
  });

  it('that could be loaded, and cannot be any more, may be tried again', async () => {
    const module = file('moved.mjs');
    writeFileSync(module, 'export const x = () => process.exit(0);');
    const agent = isolatedAgent({ name: 'x', module: pathToFileURL(module), export: 'x', isolation: 'process' });
    const definition = workflow<Json>('moved')
      .task('do', agent, { retry: { maxAttempts: 2, initialDelay: 0 } })
      .build();
    const reprise = await start({ workflows: [definition] });
    rmSync(module);
    const run = await reprise.startRun(definition, null);
    expect(causeOf(await run.outcome())).to.include({ code: 'REPRISE_AGENT_NOT_LOADED', retryable: true });
    const failed = only(await eventsOf(reprise, run.id), 'TaskAttemptFailed').map(({ error }) => error.code);
    expect(failed).to.deep.equal(['REPRISE_AGENT_EXITED', 'REPRISE_AGENT_NOT_LOADED']);
  });

  it('takes with it what it has started itself', async () => {
    const pid = file('pid');
    const definition = single(isolatedAny('process', { grace: 50 }));
    const reprise = await start({ workflows: [definition] });
    const run = await reprise.startRun(definition, { do: 'grandchild', file: pid });
    await until(() => existsSync(pid) && readFileSync(pid, 'utf8') !== '');
    await run.cancel('enough');
    await run.outcome();
    expect(await gone(Number(readFileSync(pid, 'utf8')))).to.equal(true);
  });
});

describe('what cannot be isolated', () => {
  const from = (more: object) => () =>
    isolatedAgent({ name: 'x', module: import.meta.resolve('./agents.ts'), isolation: 'thread', ...more } as never);

  const refused: readonly (readonly [object, RegExp])[] = [
    [{ handle: () => null }, /given as a function/],
    [{ module: './agents.ts' }, /`module` is the URL of one, not "\.\/agents\.ts"/],
    [{ module: undefined }, /`module` is the URL of one, not undefined/],
    [{ isolation: 'fork' }, /'thread' or 'process', not "fork"/],
    [{ limits: { memory: 5 } }, /no limit 'memory'/],
    [{ limits: { memoryMiB: 2 } }, /whole number of 16 or more, not 2/],
    [{ limits: { time: 'soon' } }, /limits\.time is a duration .* not "soon"/],
    [{ limits: [] }, /`limits` are an object/],
    [{ options: { at: new Date() } }, /`options` are to be plain JSON/],
    [{ exports: 'any' }, /no option 'exports'; did you mean 'export'/],
    [{ export: 5 }, /`export` is the name of one/],
  ];
  for (const [more, message] of refused)
    it(`is refused: ${message.source}`, () => {
      expect(from(more)).to.throw(message).with.property('code', 'REPRISE_ISOLATION_INVALID');
    });

  it('is a closure, and the remedy is said', async () => {
    const agents = [{ name: 'x', isolation: 'process', handle: () => null }];
    const error = await createReprise({ agents }).then(
      () => undefined,
      (thrown: { code: string; fix: string }) => thrown,
    );
    expect(error?.code).to.equal('REPRISE_ISOLATION_INVALID');
    expect(error?.fix).to.include("isolatedAgent({ name, module: import.meta.resolve('./x.ts')");
  });

  const unloadable: readonly (readonly [string, object, RegExp])[] = [
    ['a module that is not there', { module: import.meta.resolve('./absent.ts') }, /Cannot find module/],
    ['an export that is not there', { export: 'absent' }, /no such export \(.*any/],
    ['what is no agent', { export: 'nothing' }, /neither an agent with a `handle`, nor a function/],
    ['an agent that is to be made', { options: {} }, /has to be a function that makes the agent/],
    ['a module that throws', { module: 'data:text/javascript,throw new Error("at once")' }, /at once/],
    ['a module that ends its process', { module: 'data:text/javascript,process.exit(4)' }, /exit code 4/],
    ['a module that never loads', { module: 'data:text/javascript,for(;;);', limits: { load: 300 } }, /within 300ms/],
  ];
  for (const isolation of ISOLATIONS)
    for (const [what, more, message] of unloadable)
      it(`fails the start: ${what}, in a ${isolation}`, async () => {
        const module = import.meta.resolve('./agents.ts');
        const agent = isolatedAgent({ name: 'x', module, export: 'any', isolation, ...more });
        const reprise = await createReprise({ agents: [agent] });
        const error = await reprise.start().then(
          () => undefined,
          (thrown: { code: string; message: string }) => thrown,
        );
        expect(error?.code).to.equal('REPRISE_AGENT_NOT_LOADED');
        expect(error?.message).to.match(message);
      });
});

async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds(); waited += 5) {
    if (waited > 20_000) throw new Error('it did not come to that');
    await sleep(5);
  }
}
