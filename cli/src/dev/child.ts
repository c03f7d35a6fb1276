import { type Orchestrator, sleep } from '@reprise/core';
import { loadProject } from '../config/load-project.ts';
import { openProject } from '../drive/open-project.ts';
import { describeError } from '../errors/describe-error.ts';
import { logPlugins } from '../workers/log-plugins.ts';
import type { ChildOptions, Order, Report } from './messages.ts';
import { openRunsWith } from './open-runs.ts';
import { runEnds } from './run-ends.ts';

// The process that `reprise dev` begins for each state of the code. It loads the project, says so, and drives when it is told to. It
// ends when it is told to stop, when the supervisor is gone, or as its code has it.

const LOOK_MS = 250;
/** Agents that ignore their AbortSignal are waited for for so long, in ms, once everything is to stop at once. */
const GRACE_MS = 250;

const say = (report: Report): Promise<void> =>
  new Promise((resolve) => {
    // Nobody is there to hear it any more: 'disconnect' ends this process.
    if (process.send === undefined || !process.connected) resolve();
    else process.send(report, undefined, {}, () => resolve());
  });

/** What is to be done, once there is something to do it with. */
class Orders {
  readonly drive = Promise.withResolvers<void>();
  orchestrator: Orchestrator | undefined;
  #stopping: Promise<void> | undefined;

  listen(): void {
    // Ctrl-C reaches every process of a terminal: the supervisor says what is to follow from it.
    process.on('SIGINT', () => undefined);
    process.on('SIGTERM', () => this.#take({ kind: 'stop' }));
    process.on('disconnect', () => this.#take({ kind: 'abort' }));
    process.on('message', (order: Order) => this.#take(order));
  }

  #take(order: Order): void {
    if (order.kind === 'drive') this.drive.resolve();
    else if (order.kind === 'stop') this.#stopping ??= this.#stop(order);
    else void this.#abort();
  }

  async #stop({ drainMs, atMostOnceMs }: Extract<Order, { readonly kind: 'stop' }>): Promise<void> {
    const { orchestrator } = this;
    await say({
      kind: 'stopping',
      running: orchestrator?.running ?? 0,
      atMostOnce: orchestrator?.runningAtMostOnce ?? 0,
    });
    const times = {
      ...(drainMs === undefined ? {} : { drainMs }),
      ...(atMostOnceMs === undefined ? {} : { atMostOnceMs }),
    };
    await orchestrator?.stop(times).catch((error: unknown) => fail(error));
    process.exit(0);
  }

  async #abort(): Promise<void> {
    await Promise.race([this.orchestrator?.stop({ drainMs: 0 }), sleep(GRACE_MS)]).catch(() => undefined);
    process.exit(0);
  }
}

async function fail(error: unknown): Promise<never> {
  await say({ kind: 'failed', error: describeError(error) });
  process.exit(1);
}

async function run(options: ChildOptions): Promise<void> {
  const orders = new Orders();
  orders.listen();
  const ends = runEnds(
    () => orders.orchestrator?.runs,
    (ended) => void say({ kind: 'ended', run: ended }),
  );
  const project = await loadProject(options.config, process.cwd());
  const { orchestrator, access } = await openProject(options, [...(await logPlugins(options)), ends], project);
  orders.orchestrator = orchestrator;
  await say({
    kind: 'loaded',
    workflows: project.workflows.length,
    agents: project.agents.length,
    file: project.file,
    store: access.where,
    sources: [...new Set(project.workflows.map(({ source }) => source))],
  });
  await orders.drive.promise;
  let role: string = await orchestrator.start();
  await say({ kind: 'driving', role });
  // What it costs to say is not to keep anything from beginning; a store that cannot be read says so elsewhere.
  openRunsWith(project, orchestrator.runs).then(
    (report) => say({ kind: 'open-runs', report }),
    () => undefined,
  );
  for (;;) {
    await sleep(LOOK_MS);
    if (orchestrator.fault !== undefined) throw orchestrator.fault;
    if (orchestrator.role === role) continue;
    ({ role } = orchestrator);
    if (role === 'driver') await say({ kind: 'driving', role });
  }
}

/** Nothing waits for what was begun: a top-level await of the project that never ends would end the process without a word. */
const options = JSON.parse(process.argv[2] ?? '{}') as ChildOptions;
process.on('exit', (code) => {
  if (code === 13) process.exitCode = 1;
});
run(options).catch(fail);
