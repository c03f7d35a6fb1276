// `npm run services`: a Kafka broker on 127.0.0.1:19092 (REPRISE_KAFKA_PORT names another port), new and empty, until Ctrl-C, or until `npm run services -- stop`. It needs Java 17
// and Maven. `npm run services -- jaeger`: the same of a Jaeger, which takes OTLP on 127.0.0.1:4318 and is asked on 127.0.0.1:16686 (REPRISE_JAEGER_PORT; there is its API, but no
// page); `jaeger build` only builds it, once, which needs Go.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { sleep } from '@reprise/core';
import { KafkaBroker, lacksKafka } from '../plugins/transport-kafka/test/support/kafka-broker.ts';
import { Jaeger, lacksJaeger } from '../test/integration/support/jaeger.ts';

interface Running {
  readonly pid: number;
  readonly address: string;
}

interface Started {
  /** Whether it answers there says whether it runs. */
  readonly address: string;
  readonly told: string;
  stop(): Promise<void>;
}

interface Service {
  readonly title: string;
  readonly port: number;
  /** Of the command line, behind `npm run services`. */
  readonly words: string;
  /** Why there is none to be had. */
  lacks(): Promise<string | undefined>;
  start(port: number): Promise<Started>;
}

const SERVICES: Readonly<Record<string, Service>> = {
  kafka: {
    title: 'Kafka',
    port: Number(process.env['REPRISE_KAFKA_PORT'] ?? 19092),
    words: '',
    lacks: lacksKafka,
    start: async (port) => {
      const broker = await KafkaBroker.open({ port });
      return { address: broker.address, told: broker.address, stop: () => broker.stop() };
    },
  },
  jaeger: {
    title: 'Jaeger',
    port: Number(process.env['REPRISE_JAEGER_PORT'] ?? 16686),
    words: 'jaeger ',
    lacks: async () => (await lacksJaeger())?.why,
    start: async (port) => {
      const jaeger = await Jaeger.open({ query: port, otlp: 4318 });
      const told = `OTLP on ${jaeger.endpoint}, queries on ${jaeger.query}`;
      return { address: jaeger.query.replace('http://', ''), told, stop: () => jaeger.stop() };
    },
  },
};

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

const fileOf = ({ title, port }: Service): string =>
  join(tmpdir(), `reprise-services-${userInfo().uid}-${title === 'Kafka' ? '' : 'jaeger-'}${port}.json`);

const answers = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const [host, port] = address.split(':');
    const socket = connect(Number(port), host);
    const end = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });

/** What another call of this started; a process that has died meanwhile, or a number that is another's now, is none. */
async function running(service: Service): Promise<Running | undefined> {
  try {
    const found = JSON.parse(readFileSync(fileOf(service), 'utf8')) as Running;
    process.kill(found.pid, 0);
    return (await answers(found.address)) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** Says why there is none; whether there is one. */
async function isThere({ title, lacks }: Service): Promise<boolean> {
  const lacking = await lacks();
  if (lacking === undefined) return true;
  say(`${title} cannot be started: ${lacking}.`);
  process.exitCode = 1;
  return false;
}

async function start(service: Service): Promise<void> {
  const { title, port, words } = service;
  const stopping = `npm run services -- ${words}stop`;
  const already = await running(service);
  if (already !== undefined) {
    say(`${title} runs already: ${already.address} (process ${already.pid}). Stop it: ${stopping}`);
    return;
  }
  if (!(await isThere(service))) return;
  const stopped = Promise.withResolvers<void>();
  process.on('SIGINT', stopped.resolve).on('SIGTERM', stopped.resolve);
  const { address, told, stop } = await service.start(port);
  writeFileSync(fileOf(service), JSON.stringify({ pid: process.pid, address } satisfies Running));
  say(`${title}: ${told}\nStop: Ctrl-C, or ${stopping}`);
  await stopped.promise;
  await stop();
  rmSync(fileOf(service), { force: true });
}

async function stop(service: Service): Promise<void> {
  const found = await running(service);
  if (found === undefined) {
    say('Nothing runs.');
    return;
  }
  process.kill(found.pid, 'SIGTERM');
  while ((await running(service)) !== undefined) await sleep(100);
  say(`Stopped ${found.address}.`);
}

async function build(service: Service): Promise<void> {
  if (await isThere(service)) say(`${service.title} is there.`);
}

const COMMANDS: Readonly<Record<string, (service: Service) => Promise<void>>> = { start, stop, build };

const words = process.argv.slice(2);
const service = SERVICES[words[0] ?? ''];
const [command = 'start', ...surplus] = service === undefined ? words : words.slice(1);
const act = COMMANDS[command];
if (act !== undefined && surplus.length === 0) await act(service ?? (SERVICES['kafka'] as Service));
else {
  say('npm run services [-- [kafka | jaeger] [start | stop | build]]');
  process.exitCode = 2;
}
