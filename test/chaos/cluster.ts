import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KafkaOptions } from '@reprise/transport-kafka';
import { ProtocolServer } from '../../plugins/event-store-eventstoredb/test/support/protocol-server.ts';
import type { KafkaBroker } from '../../plugins/transport-kafka/test/support/kafka-broker.ts';
import { Member } from '../integration/support/cluster-member.ts';
import type { ClusterRole } from '../integration/support/cluster-process.ts';

/** `mixed`: every other process has the other one. */
export type Drivers = 'kafkajs' | 'platformatic' | 'mixed';

const ROLES = ['orchestrator', 'orchestrator', 'orchestrator', 'worker', 'worker', 'worker'] as const;
/** A busy machine takes long to start a process; one that hangs takes longer. */
const READY_MS = 180_000;

/** Three orchestrators, three workers and one that starts runs, over a broker that it is lent, and a server of its own. */
export class ChaosCluster {
  readonly broker: KafkaBroker;
  readonly server: ProtocolServer;
  readonly namespace = `chaos_${randomUUID().slice(0, 8)}`;
  readonly #drivers: Drivers;
  readonly #folder = mkdtempSync(join(tmpdir(), 'reprise-chaos-'));
  /** All that there ever was. */
  readonly #made: Member[] = [];
  #members: Member[] = [];
  #starter: Member | undefined;

  private constructor(broker: KafkaBroker, server: ProtocolServer, drivers: Drivers) {
    this.broker = broker;
    this.server = server;
    this.#drivers = drivers;
  }

  static async open(broker: KafkaBroker, drivers: Drivers): Promise<ChaosCluster> {
    const cluster = new ChaosCluster(broker, await new ProtocolServer().start(), drivers);
    try {
      cluster.#members = await Promise.all(ROLES.map((role) => cluster.#member(role)));
      cluster.#starter = await cluster.#member('starter');
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  /** Nothing befalls it. */
  get starter(): Member {
    if (this.#starter === undefined) throw new Error('It is not open.');
    return this.#starter;
  }

  get store() {
    return { connectionString: this.server.connectionString, namespace: this.namespace };
  }

  get kafka(): KafkaOptions {
    const driver =
      this.#drivers === 'mixed' ? (['kafkajs', 'platformatic'] as const)[this.#made.length % 2] : this.#drivers;
    return {
      brokers: this.broker.address,
      namespace: this.namespace,
      partitions: 8,
      sessionMs: 1500,
      driver: driver ?? 'kafkajs',
    };
  }

  /** What all of them said, `error …` and `refused …` among it. */
  get lines(): readonly string[] {
    return this.#made.flatMap(({ lines }) => lines);
  }

  /** Of agents: `RUN TASK ATTEMPT PID`. */
  get calls(): readonly string[] {
    const path = join(this.#folder, 'calls');
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  }

  members(role: ClusterRole): readonly Member[] {
    return this.#members.filter((member) => member.role === role);
  }

  pick(random: () => number): Member {
    const member = this.#members[Math.floor(random() * this.#members.length)];
    if (member === undefined) throw new Error('There are no members.');
    return member;
  }

  /** Another of its role is there instead, once it takes part. */
  async replace(member: Member): Promise<void> {
    const next = await this.#member(member.role);
    this.#members = this.#members.map((one) => (one === member ? next : one));
  }

  async close(): Promise<void> {
    await Promise.all(this.#made.map((member) => member.kill()));
    await this.server.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #member(role: ClusterRole): Promise<Member> {
    const member = new Member(role, {
      kafka: this.kafka,
      store: this.store,
      views: join(this.#folder, `views-${this.#made.length}.db`),
      calls: join(this.#folder, 'calls'),
    });
    this.#made.push(member);
    const until = performance.now() + READY_MS;
    while (member.lines.length === 0) {
      if (!member.running) throw new Error(`A new ${role} ended before it began: see above.`);
      if (performance.now() > until) throw new Error(`A new ${role} did not begin within ${READY_MS} ms.`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return member;
  }
}
