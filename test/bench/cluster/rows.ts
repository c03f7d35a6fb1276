import { cpus } from 'node:os';
import { type Figure, figure, quantile } from './figures.ts';
import { type Members, type Size, since } from './members.ts';
import { measureTakeOver } from './take-over.ts';
import { STEPS } from './work.ts';

/** What is measured, with clusters of which sizes unless others are asked for. */
export interface Row {
  readonly about: string;
  readonly sizes: readonly Size[];
  /** The sizes are the row's own: others would measure something else. */
  readonly fixed?: true;
  measure(members: Members, scale: number): Promise<readonly Figure[]>;
}

const of = (orchestrators: number, workers: number): Size => ({ orchestrators, workers });
const AT_ONCE = 50;
const LONE_RUNS = 40;
/** A number that can be shared out to 1, 2 and 4. */
const many = (usual: number, scale: number): number => Math.ceil((usual * scale) / 4) * 4;
const SETTLE_MS = 15_000;
const IDLE_MS = 20_000;

export const ROWS: Readonly<Record<string, Row>> = {
  throughput: {
    about: 'ten-step chains, 50 at once: steps a second, what a step costs, how long one takes',
    sizes: [of(1, 1), of(2, 2), of(4, 2)],
    measure: async (members, scale) => {
      // What runs for the first time is slow: code is not compiled yet.
      await members.run('chain', many(400, scale), AT_ONCE);
      return measured(members, STEPS * many(800, scale), () => members.run('chain', many(800, scale), AT_ONCE));
    },
  },
  lone: {
    about: 'one ten-step run at a time',
    sizes: [of(1, 1)],
    measure: async (members, scale) => {
      await members.run('chain', 10, 1);
      const { runs, steps } = await members.run('chain', many(LONE_RUNS, scale), 1);
      return [
        figure('a run of ten steps, p50', quantile(runs, 0.5), 'ms', '< 100'),
        figure('a run of ten steps, p99', quantile(runs, 0.99), 'ms'),
        ...stepTimes(steps),
      ];
    },
  },
  'many-runs': {
    about: '1,000 ten-step runs that are started at once',
    sizes: [of(2, 2)],
    measure: async (members, scale) => {
      await members.run('chain', 100, AT_ONCE);
      return measured(members, STEPS * many(1000, scale), () =>
        members.run('chain', many(1000, scale), many(1000, scale)),
      );
    },
  },
  'fan-out': {
    about: 'one run that fans out to 10,000 items, 200 of them at once',
    sizes: [of(1, 2)],
    measure: async (members, scale) => {
      await members.run('fan', 1, 1, { n: 0, items: 500 });
      return measured(members, many(10_000, scale), () =>
        members.run('fan', 1, 1, { n: 0, items: many(10_000, scale) }),
      );
    },
  },
  planned: {
    about: 'one of two orchestrators is stopped: how long its runs stand still',
    sizes: [of(2, 2)],
    fixed: true,
    measure: (members) => measureTakeOver('planned', members),
  },
  killed: {
    about: 'one of two orchestrators is killed (kill -9): how long its runs stand still',
    sizes: [of(2, 2)],
    fixed: true,
    measure: (members) => measureTakeOver('killed', members),
  },
  idle: {
    about: 'nothing to do: what that takes of the processor',
    sizes: [of(1, 1)],
    measure: async (members) => {
      await members.run('chain', 10, 1);
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      const idle = async (name: string, which: Members['workers']): Promise<() => Promise<Figure>> => {
        const before = await members.usage(which);
        return async () => {
          const { cpu } = since(before, await members.usage(which));
          return figure(`${name}, each`, cpu / which.length / IDLE_MS, 'ms/s', '≤ 10');
        };
      };
      const ends = [await idle('an orchestrator', members.orchestrators), await idle('a worker', members.workers)];
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      return Promise.all(ends.map((end) => end()));
    },
  },
};

const stepTimes = (steps: readonly number[]): readonly Figure[] => [
  figure('a step, p50', quantile(steps, 0.5), 'ms'),
  figure('a step, p99', quantile(steps, 0.99), 'ms'),
];

/** What `work` took, which makes so many steps. */
async function measured(
  members: Members,
  expected: number,
  work: () => ReturnType<Members['run']>,
): Promise<readonly Figure[]> {
  const { orchestrators, workers } = members;
  const before = { driving: await members.usage(orchestrators), working: await members.usage(workers) };
  const idleBefore = idleOfMachine();
  const began = performance.now();
  const { steps } = await work();
  const seconds = (performance.now() - began) / 1000;
  const busy = 100 * (1 - (idleOfMachine() - idleBefore) / (seconds * 1000 * cpus().length));
  const driving = since(before.driving, await members.usage(orchestrators));
  const working = since(before.working, await members.usage(workers));
  const each = (total: number): number => total / expected;
  const requests = (name: 'produce' | 'fetch' | 'commit'): number =>
    each(driving.requests[name] + working.requests[name]);
  return [
    figure('steps a second', expected / seconds, 'steps/s', '1,500'),
    figure('processor time of a step, without broker and store', each(driving.cpu + working.cpu), 'µs'),
    figure('  of orchestrators', each(driving.cpu), 'µs'),
    figure('  of workers', each(working.cpu), 'µs'),
    ...stepTimes(steps),
    figure('appends a step', each(driving.appends), ''),
    figure('produce requests a step', requests('produce'), ''),
    figure('fetch requests a step', requests('fetch'), ''),
    figure('commits a step', requests('commit'), ''),
    figure('sent to Kafka a step', each(driving.requests.bytes + working.requests.bytes), 'bytes'),
    figure('busy, of the whole machine', busy, '%'),
  ];
}

/** ms that the processors did nothing, since the machine began. */
const idleOfMachine = (): number => cpus().reduce((sum, { times }) => sum + times.idle, 0);
