import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import { calmKafkajs } from '../../src/kafkajs/idle.ts';

// A broker for tests: Kafka itself, from its jars of Maven Central, which are cached outside the repository.

calmKafkajs();

const run = promisify(execFile);

const KAFKA = '4.4.0';
const SLF4J = '2.25.5';
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const JARS_MS = 180_000;
const READY_MS = 60_000;

const dependency = (group: string, artifact: string, version: string): string =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version><scope>runtime</scope></dependency>`;

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>dev.reprise</groupId><artifactId>kafka-for-tests</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${dependency('org.apache.kafka', 'kafka_2.13', KAFKA)}${dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', SLF4J)}</dependencies>
</project>
`;

/** The folder of jars; REPRISE_SERVICES names another place for it. */
async function jars(): Promise<string> {
  const cache = join(
    process.env['REPRISE_SERVICES'] ?? join(homedir(), '.cache', 'reprise-services'),
    `kafka-${KAFKA}`,
  );
  const libs = join(cache, 'libs');
  if (existsSync(libs)) return libs;
  mkdirSync(cache, { recursive: true });
  const scratch = mkdtempSync(join(cache, 'get-'));
  try {
    writeFileSync(join(scratch, 'pom.xml'), POM);
    const args = ['-B', '-q', '-ntp', COPY, '-DincludeScope=runtime', '-DoutputDirectory=libs'];
    // A mirror may have a bad moment.
    await run('mvn', args, { cwd: scratch, timeout: JARS_MS }).catch(() =>
      run('mvn', args, { cwd: scratch, timeout: JARS_MS }),
    );
    if (!readdirSync(join(scratch, 'libs')).some((name) => name.startsWith('kafka_'))) throw new Error('no jars came');
    // Whole or not at all, whoever else fetches them at the same time.
    if (!existsSync(libs)) renameSync(join(scratch, 'libs'), libs);
    return libs;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Why no broker is to be had here, in one line; undefined when one is. */
export async function lacksKafka(): Promise<string | undefined> {
  try {
    await run('java', ['-version']);
  } catch {
    return 'there is no Java (17 or newer)';
  }
  try {
    await jars();
    return undefined;
  } catch (error) {
    const [first = ''] = String((error as { stderr?: string }).stderr || (error as Error).message).split('\n');
    return `the jars of Kafka cannot be had from Maven Central (${first.slice(0, 120)})`;
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Settings of one node that is broker and controller. A short session of the broker: a restart would wait for its own old registration. */
const properties = (
  folder: string,
  [port, controller]: readonly number[],
  extra: Readonly<Record<string, string>>,
): string =>
  Object.entries({
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    'broker.heartbeat.interval.ms': '300',
    'broker.session.timeout.ms': '1500',
    'num.network.threads': '2',
    'num.io.threads': '2',
    'log.cleaner.dedupe.buffer.size': '16777216',
    ...extra,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

const JAVA = ['-Xmx256m', '-Xms64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/** What a broker is to be beside the usual: its settings, made with its folder at hand, and how it is spoken to then. */
export interface Special {
  prepare(folder: string): Promise<Readonly<Record<string, string>>>;
  client(folder: string): Partial<KafkaConfig>;
}

export interface BrokerOptions {
  readonly special?: Special;
  /** Where it listens; default: a free one. */
  readonly port?: number;
  /** In a group of its own, which Ctrl-C in the terminal does not reach: whoever starts it stops it. */
  readonly detached?: boolean;
}

/** One broker of its own, on 127.0.0.1 and free ports. `stop()` removes all of it; `kill()` and `start()` keep its data. */
export class KafkaBroker {
  readonly address: string;
  readonly folder: string;
  readonly #libs: string;
  readonly #special: Special | undefined;
  readonly #detached: boolean;
  #process: ChildProcess | undefined;

  private constructor(libs: string, folder: string, port: number, { special, detached = false }: BrokerOptions) {
    this.#libs = libs;
    this.#detached = detached;
    this.#special = special;
    this.folder = folder;
    this.address = `127.0.0.1:${port}`;
  }

  static async open({ special, port, detached = false }: BrokerOptions = {}): Promise<KafkaBroker> {
    const libs = await jars();
    const folder = mkdtempSync(join(tmpdir(), 'reprise-kafka-'));
    const [first = 0, second = 0] = await freePorts(2);
    const ports = [port ?? first, second];
    const broker = new KafkaBroker(libs, folder, ports[0] ?? 0, {
      ...(special === undefined ? {} : { special }),
      detached,
    });
    try {
      const extra = (await special?.prepare(folder)) ?? {};
      writeFileSync(join(folder, 'server.properties'), properties(folder, ports, extra));
      // One that begins with a dash would be taken for a flag.
      const id = randomBytes(16).toString('base64url').slice(0, 22).replace(/^-/, 'A');
      await run(
        'java',
        broker.#program('kafka.tools.StorageTool', 'format', '--config', 'server.properties', '--cluster-id', id),
        { cwd: folder },
      );
      await broker.start();
      return broker;
    } catch (error) {
      await broker.stop();
      throw error;
    }
  }

  get running(): boolean {
    const child = this.#process;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Resolves when it answers and takes topics. */
  async start(): Promise<void> {
    if (this.#process !== undefined) return;
    const log = openSync(join(this.folder, 'broker.log'), 'a');
    const child = spawn('java', this.#program('kafka.Kafka', 'server.properties'), {
      cwd: this.folder,
      stdio: ['ignore', log, log],
      detached: this.#detached,
    });
    closeSync(log);
    this.#process = child;
    const until = Date.now() + READY_MS;
    while (!(await this.#answers())) {
      if (child.exitCode !== null || Date.now() > until)
        throw new Error(`The broker did not start: see ${join(this.folder, 'broker.log')}.`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** As `kill -9`. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  #program(main: string, ...args: string[]): string[] {
    return [...JAVA, '-cp', join(this.#libs, '*'), main, ...args];
  }

  async #answers(): Promise<boolean> {
    const kafka = new Kafka({
      brokers: [this.address],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
      connectionTimeout: 1000,
      ...this.#special?.client(this.folder),
    });
    const admin = kafka.admin();
    try {
      await admin.connect();
      return (await admin.describeCluster()).brokers.length > 0;
    } catch {
      return false;
    } finally {
      await admin.disconnect();
    }
  }
}
