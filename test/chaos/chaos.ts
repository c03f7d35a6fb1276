import { seededRandom } from '@reprise/core/testing';
import type { KafkaBroker } from '../../plugins/transport-kafka/test/support/kafka-broker.ts';
import type { Member } from '../integration/support/cluster-member.ts';
import { checked, type Findings } from './checked.ts';
import { ChaosCluster, type Drivers } from './cluster.ts';

export interface ChaosOptions {
  /** Lent: it is killed and started, and runs at the end. */
  readonly broker: KafkaBroker;
  readonly seed: number;
  /** For how long things are broken; what was begun ends after that. */
  readonly minutes: number;
  readonly drivers: Drivers;
  /** Told of each thing that is done, a line. */
  readonly tell?: (line: string) => void;
}

export interface ChaosReport extends Findings {
  /** How often each thing was done. */
  readonly done: Readonly<Record<string, number>>;
}

/** Runs that are started at each turn. */
const RUNS_A_TURN = 6;
/** The session of members is 1.5 s, leases are 3 s: half of the pauses are beyond both. */
const MOST_PAUSE_MS = 6000;
const MOST_AWAY_MS = 3000;
const BETWEEN_MS = 1000;

type Random = () => number;
type Action = (cluster: ChaosCluster, random: Random) => Promise<void>;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What is done, and how many of a hundred turns it is done in. */
const ACTIONS: Readonly<Record<string, readonly [number, Action]>> = {
  'a process is killed': [
    35,
    async (cluster, random) => {
      const member = cluster.pick(random);
      await member.kill();
      await cluster.replace(member);
    },
  ],
  'a process is stopped and continued': [
    25,
    async (cluster, random) => {
      // It wakes up, and takes itself for what it was.
      const member = cluster.pick(random);
      await stoppedFor(member, random() * MOST_PAUSE_MS);
    },
  ],
  'all orchestrators are stopped and continued': [
    5,
    async (cluster, random) => {
      const ms = random() * MOST_PAUSE_MS;
      await Promise.all(cluster.members('orchestrator').map((member) => stoppedFor(member, ms)));
    },
  ],
  'partitions are moved': [
    15,
    async (cluster, random) => {
      // One comes, and another goes in order: what they share is shared out anew, twice.
      const member = cluster.pick(random);
      await Promise.all([cluster.replace(member), member.stop()]);
    },
  ],
  'the broker is killed': [
    10,
    async (cluster, random) => {
      await cluster.broker.kill();
      await pause(random() * MOST_AWAY_MS);
      await cluster.broker.start();
    },
  ],
  'the store is cut': [
    10,
    async (cluster, random) => {
      await cluster.server.stop();
      await pause(random() * MOST_AWAY_MS);
      await cluster.server.start();
    },
  ],
};

/**
 * Breaks what can break, as the seed has it, while runs are carried out, lets all of them end, and checks what must hold whatever happened. Throws with
 * what does not. What is done is the seed's; how far the runs are by then is the machine's.
 */
export async function chaos({
  broker,
  seed,
  minutes,
  drivers,
  tell = () => undefined,
}: ChaosOptions): Promise<ChaosReport> {
  const random = seededRandom(seed);
  const cluster = await ChaosCluster.open(broker, drivers);
  try {
    const runIds: string[] = [];
    const done: Record<string, number> = {};
    const until = performance.now() + minutes * 60_000;
    for (let turn = 0; performance.now() < until; turn += 1) {
      const more = Array.from({ length: RUNS_A_TURN }, (_, index) => `run-${turn}-${index}`);
      runIds.push(...more);
      cluster.starter.start(more);
      const [name, action] = rolled(random);
      done[name] = (done[name] ?? 0) + 1;
      tell(`${turn}: ${name}`);
      await action(cluster, random);
      await pause(random() * BETWEEN_MS);
    }
    tell(`waiting for ${runIds.length} runs to end`);
    return { ...(await checked(cluster, runIds)), done };
  } finally {
    await cluster.close();
  }
}

function rolled(random: Random): readonly [string, Action] {
  let left = random() * Object.values(ACTIONS).reduce((sum, [weight]) => sum + weight, 0);
  for (const [name, [weight, action]] of Object.entries(ACTIONS)) {
    left -= weight;
    if (left < 0) return [name, action];
  }
  throw new Error('There is nothing to do.');
}

async function stoppedFor(member: Member, ms: number): Promise<void> {
  member.child.kill('SIGSTOP');
  await pause(ms);
  member.child.kill('SIGCONT');
}
