import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@reprise/core';
import { KafkaBroker } from '../../plugins/transport-kafka/test/support/kafka-broker.ts';
import { Member } from './member.ts';
import { inRoot } from './where.ts';

interface Topology {
  readonly orchestrators: number;
  readonly workers: number;
}

/** A drain takes up to limits.drainMs (30 s). */
const DRAIN_MS = 40_000;
const STORE_MS = 5000;
const LOOK_MS = 500;

const programs = (file: string): string => join(import.meta.dirname, file);
export const CONFIG = inRoot('cluster', 'reprise.config.ts');
export const CLI = inRoot('cli', 'bin', 'run.js');

export interface Row {
  readonly name: string;
  readonly pid: number;
  /** `ready`, `not ready`, `runs`, or how it ended. */
  readonly state: string;
  readonly log: string;
}

/**
 * What cluster/topology.json says, as plain processes on 127.0.0.1: a Kafka broker, the protocol server of EventStoreDB, orchestrators and workers. All
 * that is in `folder` is of this cluster alone, and what was there before is gone.
 *
 *   open() ──► broker, store ──► orchestrators, workers, until each is ready ──► stop(): the same backwards
 *
 * When the process that has it is killed, a keeper ends the others.
 */
export class Cluster {
  /** What a process of the cluster finds the services by. */
  readonly env: Readonly<Record<string, string>>;
  readonly #members: readonly Member[];
  readonly #store: Member;
  readonly #broker: KafkaBroker;
  readonly #keeper: Keeper;
  readonly #logs: string;
  #stopped: Promise<void> | undefined;

  private constructor(keeper: Keeper, broker: KafkaBroker, store: Member, env: Cluster['env'], folder: string) {
    const { orchestrators, workers } = JSON.parse(readFileSync(inRoot('cluster', 'topology.json'), 'utf8')) as Topology;
    this.#keeper = keeper;
    this.#broker = broker;
    this.#store = store;
    this.#logs = folder;
    this.env = env;
    const member = (role: string, number: number): Member => {
      const name = `${role}-${number}`;
      const argv = [CLI, role, 'start', '--health-port', '0', '--log-format', 'json'];
      const views = join(folder, `${name}-views.db`);
      return keeper.keep(
        new Member({ name, argv, env: { ...env, REPRISE_VIEWS: views }, log: join(folder, `${name}.log`) }),
      );
    };
    const many = (role: string, count: number) => Array.from({ length: count }, (_, index) => member(role, index + 1));
    this.#members = [...many('orchestrator', orchestrators), ...many('worker', workers)];
  }

  /** Resolves when every process is ready. When it rejects, nothing of it is left; the logs are. */
  static async open(folder: string, said: (step: string) => void): Promise<Cluster> {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const keeper = new Keeper();
    const undo: (() => Promise<void>)[] = [async () => keeper.end()];
    try {
      said('Kafka');
      const broker = await KafkaBroker.open({ detached: true });
      keeper.add(broker.pid ?? 0, broker.folder);
      undo.push(() => broker.stop());
      said('the event store');
      const argv = ['--conditions=reprise-source', programs('store-program.ts')];
      const store = keeper.keep(
        new Member({ name: 'event-store', argv, env: {}, log: join(folder, 'event-store.log') }),
      );
      undo.push(() => store.stop(STORE_MS));
      const env = {
        KAFKA_BROKERS: broker.address,
        EVENTSTOREDB_URL: await store.says(/^(esdb:\S+)$/m),
        REPRISE_CONFIG: CONFIG,
        REPRISE_VIEWS: join(folder, 'views.db'),
      };
      said('orchestrators and workers');
      const cluster = new Cluster(keeper, broker, store, env, folder);
      undo.splice(0, undo.length, () => cluster.stop());
      await Promise.all(cluster.#members.map((one) => one.ready()));
      return cluster;
    } catch (error) {
      for (const step of undo.reverse()) await step();
      throw error;
    }
  }

  /** The folder of the logs. */
  get logs(): string {
    return this.#logs;
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  /** Resolves when something has ended without which the others do nothing. */
  async broken(): Promise<string> {
    while (this.#broker.running && this.#store.running)
      await new Promise<void>((done) => systemClock.schedule(LOOK_MS, done));
    return this.#store.running ? 'Kafka has ended' : `the event store ${this.#store.end}`;
  }

  async rows(): Promise<readonly Row[]> {
    const kafka = {
      name: 'kafka',
      pid: this.#broker.pid ?? 0,
      state: this.#broker.running ? 'runs' : 'ended',
      log: join(this.#broker.folder, 'broker.log'),
    };
    const others = [this.#store, ...this.#members].map(async (one): Promise<Row> => {
      const ready = one.running ? await one.isReady() : undefined;
      const state = ready === undefined ? one.end : ready ? 'ready' : 'not ready';
      return { name: one.name, pid: one.pid, state, log: one.log };
    });
    return [kafka, ...(await Promise.all(others))];
  }

  /** Those who drive and work first, so that a drain finds what it needs. */
  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      await Promise.all(this.#members.map((one) => one.stop(DRAIN_MS)));
      await this.#store.stop(STORE_MS);
      await this.#broker.stop();
      this.#keeper.end();
    })();
    return this.#stopped;
  }
}

/** The process that ends the others when this one is gone. */
class Keeper {
  readonly #child: ChildProcess;

  constructor() {
    const argv = ['--conditions=reprise-source', programs('keeper.ts')];
    this.#child = spawn(process.execPath, argv, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    this.#child.stdin?.on('error', () => undefined);
    this.#child.unref();
  }

  keep(member: Member): Member {
    this.add(member.pid);
    void member.ended.then(() => this.#tell({ gone: member.pid }));
    return member;
  }

  add(pid: number, folder?: string): void {
    this.#tell({ add: pid, ...(folder === undefined ? {} : { remove: folder }) });
  }

  end(): void {
    this.#child.stdin?.end();
  }

  #tell(line: object): void {
    this.#child.stdin?.write(`${JSON.stringify(line)}\n`);
  }
}
