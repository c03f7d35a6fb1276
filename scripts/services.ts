// `npm run services`: a Kafka broker on 127.0.0.1:19092 (REPRISE_KAFKA_PORT names another port), new and empty, until Ctrl-C, or until
// `npm run services -- stop`. It needs Java 17 and Maven.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { sleep } from '@reprise/core';
import { KafkaBroker, lacksKafka } from '../plugins/transport-kafka/test/support/kafka-broker.ts';

interface Running {
  readonly pid: number;
  readonly address: string;
}

const PORT = Number(process.env['REPRISE_KAFKA_PORT'] ?? 19092);
const file = join(tmpdir(), `reprise-services-${userInfo().uid}-${PORT}.json`);
const say = (text: string): boolean => process.stdout.write(`${text}\n`);

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
async function running(): Promise<Running | undefined> {
  try {
    const found = JSON.parse(readFileSync(file, 'utf8')) as Running;
    process.kill(found.pid, 0);
    return (await answers(found.address)) ? found : undefined;
  } catch {
    return undefined;
  }
}

async function start(): Promise<void> {
  const already = await running();
  if (already !== undefined) {
    say(`Kafka runs already: ${already.address} (process ${already.pid}). Stop it: npm run services -- stop`);
    return;
  }
  const lacking = await lacksKafka();
  if (lacking !== undefined) {
    say(`Kafka cannot be started: ${lacking}.`);
    process.exitCode = 1;
    return;
  }
  const stopped = Promise.withResolvers<void>();
  process.on('SIGINT', stopped.resolve).on('SIGTERM', stopped.resolve);
  const broker = await KafkaBroker.open({ port: PORT });
  writeFileSync(file, JSON.stringify({ pid: process.pid, address: broker.address } satisfies Running));
  say(`Kafka: ${broker.address}\nStop: Ctrl-C, or npm run services -- stop`);
  await stopped.promise;
  await broker.stop();
  rmSync(file, { force: true });
}

async function stop(): Promise<void> {
  const found = await running();
  if (found === undefined) {
    say('Nothing runs.');
    return;
  }
  process.kill(found.pid, 'SIGTERM');
  while ((await running()) !== undefined) await sleep(100);
  say(`Stopped ${found.address}.`);
}

const [command = 'start'] = process.argv.slice(2);
if (command === 'start') await start();
else if (command === 'stop') await stop();
else {
  say('npm run services [-- start | stop]');
  process.exitCode = 2;
}
