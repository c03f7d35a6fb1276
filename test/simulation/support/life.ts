import { type AdmissionConfig, decodeEvent, type RecordedEvent, type RunEvent, type Storage } from '@reprise/core';
import { seededRandom, type TransportFaults } from '@reprise/core/testing';
import { runStream } from '../../../core/src/shared/ids.ts';
import { NO_FAULTS, type StoreFaults } from './faulty-store.ts';
import { LISTED, toWorkflow, type WorkflowSpec } from './random-workflow.ts';
import { type Process, World } from './world.ts';

export const RUN = 'run-of-the-test';
const DAY_MS = 24 * 3_600_000;
const MINUTE_MS = 60_000;

export interface Weather {
  readonly store: StoreFaults;
  readonly transport: TransportFaults;
  readonly crashes: number;
  /** A second process is started beside a living one. */
  readonly zombies: number;
  /** A user pauses, resumes and retries. */
  readonly meddling: boolean;
  /** Opens what the truth is kept in, for the seed of the life. Default: memory. */
  readonly storage?: (seed: number) => Promise<Storage>;
  /** Opens what reads the same without trouble, after that. */
  readonly calm?: () => Promise<Storage>;
  /** Default: no limits over all runs. */
  readonly admission?: AdmissionConfig;
}

export const FAIR: Weather = {
  store: NO_FAULTS,
  transport: {},
  crashes: 0,
  zombies: 0,
  meddling: false,
};

export const historyOf = (world: World, runId: string): readonly RecordedEvent[] =>
  world.truth.log.filter(({ stream }) => stream === runStream(runId));

export const endOf = (world: World, runId = RUN): RunEvent | undefined => {
  const last = historyOf(world, runId).at(-1);
  return last !== undefined && 'stateDigest' in last.data ? decodeEvent(last) : undefined;
};

/** Starts a process and, in it, the run: the same start, whoever does it. */
export async function launch(world: World, spec: WorkflowSpec): Promise<Process> {
  const process = await world.spawn();
  const { reprise } = process;
  const work = async (): Promise<void> => {
    await reprise.start().catch((error: unknown) => {
      // As a user would: the process that cannot start ends.
      world.kill(process);
      throw error;
    });
    const run = await reprise.startRun(
      toWorkflow(spec).definition.name,
      { spec: spec.tasks.length, ...LISTED },
      { id: RUN, requestId: 'the-start' },
    );
    process.outcome = await run.outcome();
  };
  work().catch((error: unknown) => {
    process.outcome = { error };
  });
  return process;
}

/** A user who presses every button now and then. */
function meddle(world: World, dice: () => number): void {
  const press = (): void => {
    if (endOf(world) !== undefined) return;
    const [process] = world.living;
    const run = process?.reprise.run(RUN);
    const roll = dice();
    const pressed = roll < 0.3 ? run?.pause('meddling') : roll < 0.9 ? run?.resume() : process?.reprise.retryRun(RUN);
    pressed?.catch(() => undefined);
    world.time.clock.schedule(Math.floor(dice() * 2000), press);
  };
  world.time.clock.schedule(Math.floor(dice() * 500), press);
}

/**
 * A run from its start to its end, in that weather. `after`: what its user does then, in a process that is there; the world goes on until that is over.
 */
export async function live(
  spec: WorkflowSpec,
  seed: number,
  weather: Weather,
  after: (world: World) => Promise<void> = async () => undefined,
): Promise<World> {
  const storage = await weather.storage?.(seed);
  const calm = await weather.calm?.();
  const world = new World({
    storage,
    calm,
    seed,
    workflow: toWorkflow(spec),
    store: weather.store,
    transport: weather.transport,
    crashes: weather.crashes,
    admission: weather.admission,
  });
  const dice = seededRandom(seed + 1);
  let zombies = weather.zombies;
  try {
    await launch(world, spec);
    if (weather.meddling) meddle(world, dice);
    let days = 0;
    for (let looks = 0; endOf(world) === undefined; looks += 1) {
      const moved = await world.time.until(
        () => endOf(world) !== undefined || world.living.length === 0 || dice() < 0.01,
        2 * DAY_MS,
      );
      const alone = world.living.length === 0;
      if (alone || zombies > 0) await launch(world, spec);
      if (!alone) zombies -= 1;
      if (!moved) days += 2;
      if (days > 40 || looks > 500)
        throw new Error(
          `the run does not end: ${world.truth.log.map(({ type, data }) => `${type} ${data['taskId'] ?? ''}`).join(', ')}`,
        );
    }
    // Whoever waits for the run is told now, which may take a few steps more than the end of the run does.
    await world.time.until(() => world.living.every(({ outcome }) => outcome !== undefined), MINUTE_MS);
    await world.time.quiet();
    await after(world);
    return world;
  } finally {
    const stopped = Promise.all(world.living.map(({ reprise }) => reprise.stop({ drainMs: 0 })));
    let over = false;
    const end = (): void => {
      over = true;
    };
    stopped.then(end, end);
    // What a stop waits for may be a retry of the transport, or of the store: time passes until it is over.
    await world.time.until(() => over, 2 * DAY_MS);
    await stopped;
    await storage?.events.close();
    await calm?.events.close();
  }
}
