// `npm run services`: what tests and tutorials need, on 127.0.0.1: Kafka (Java 17 and Maven), a server that speaks EventStoreDB's protocol, and Jaeger (Go, which builds it once),
// as far as each can be had here, until Ctrl-C or `npm run services -- stop`. What runs already is left as it is. See HELP.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { sleep } from '@reprise/core';
import { SERVICES, type Service } from './services/services.ts';
import { answers, running, strikeOut, writeDown } from './services/standing.ts';

const HELP = `npm run services [-- [NAME ...] [start | stop | status | build]]

NAME   kafka, eventstoredb, jaeger; default: those that can be had here
start  until Ctrl-C, or until they are stopped; what runs already is left as it is (default)
stop   ends what was started here
status says what runs; exit code 0 when all of it does, 3 when not
build  fetches or builds what a service is made of, and starts nothing

${SERVICES.map(({ title, variable, port }) => `${title} on port ${port} (${variable})`).join('\n')}`;

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

/** `named`: whoever asked for it is to know that there is none. */
async function isThere({ title, lacks }: Service, named: boolean): Promise<boolean> {
  const lacking = await lacks();
  if (lacking === undefined) return true;
  say(`${title}: not here, ${lacking}.`);
  if (named) process.exitCode = 1;
  return false;
}

/** Each has a process of its own, so that it can be stopped by itself; all end with this one. */
async function start(services: readonly Service[], named: boolean): Promise<void> {
  const ended: Promise<unknown>[] = [];
  for (const service of services) {
    const { title, name, port, variable } = service;
    const already = await running(service);
    if (already !== undefined) say(`${title}: runs already, ${already.told} (process ${already.pid})`);
    else if (await answers(port)) {
      say(
        `${title}: something else is at port ${port}. Stop that, or name another port: ${variable}=N npm run services`,
      );
      process.exitCode = 1;
    } else if (await isThere(service, named)) {
      const child = fork(import.meta.filename, [name, 'serve']);
      const exited = once(child, 'exit').then(([code]) => {
        if (code !== 0) process.exitCode = 1;
      });
      ended.push(exited);
      await Promise.race([once(child, 'message'), exited]);
    }
  }
  if (ended.length === 0) return;
  say('Stop: Ctrl-C, or npm run services -- stop');
  // Whoever is told to end tells the others by ending: they have a channel to this process.
  process.on('SIGINT', () => undefined).on('SIGTERM', () => process.exit());
  await Promise.all(ended);
}

/** One service, in this process. */
async function serve(service: Service): Promise<void> {
  const stopped = Promise.withResolvers<void>();
  process.on('SIGINT', stopped.resolve).on('SIGTERM', stopped.resolve).on('disconnect', stopped.resolve);
  const { told, stop } = await service.start(service.port);
  writeDown(service, told);
  say(`${service.title}: ${told}`);
  process.send?.('started');
  await stopped.promise;
  await stop();
  strikeOut(service);
  process.exit();
}

async function stop(services: readonly Service[]): Promise<void> {
  for (const service of services) {
    const found = await running(service);
    if (found === undefined) {
      say(`${service.title}: nothing runs.`);
      continue;
    }
    process.kill(found.pid, 'SIGTERM');
    while ((await running(service)) !== undefined) await sleep(100);
    say(`${service.title}: stopped.`);
  }
}

async function status(services: readonly Service[]): Promise<void> {
  for (const service of services) {
    const found = await running(service);
    say(`${service.title}: ${found === undefined ? 'does not run' : `${found.told} (process ${found.pid})`}`);
    if (found === undefined) process.exitCode = 3;
  }
}

async function build(services: readonly Service[], named: boolean): Promise<void> {
  for (const service of services) if (await isThere(service, named)) say(`${service.title}: is there.`);
}

const COMMANDS: Readonly<Record<string, (services: readonly Service[], named: boolean) => Promise<void>>> = {
  start,
  stop,
  status,
  build,
  serve: async ([service]) => (service === undefined ? undefined : serve(service)),
};

const words = process.argv.slice(2);
const command = COMMANDS[words.at(-1) ?? ''];
const names = command === undefined ? words : words.slice(0, -1);
const wrong = names.find((name) => !SERVICES.some((service) => service.name === name));
if (wrong === undefined) {
  const named = names.length > 0;
  const chosen = named ? SERVICES.filter(({ name }) => names.includes(name)) : SERVICES;
  await (command ?? start)(chosen, named);
} else {
  const asked = ['help', '--help', '-h'].includes(wrong);
  say(asked ? HELP : `There is no service '${wrong}'.\n\n${HELP}`);
  if (!asked) process.exitCode = 2;
}
