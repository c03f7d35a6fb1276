import { serviceProblems } from './compose-service-rules.ts';
import type { Compose, Facts } from './compose-types.ts';

// What no parser of YAML sees in docker-compose.yml: each rule gives what is wrong, in words.

/** Names of volumes; a mount that begins with a dot or a slash is no name. */
const volumesOf = (compose: Compose): readonly string[] =>
  Object.values(compose.services)
    .flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0] ?? ''))
    .filter((source) => !/^[./]/.test(source));

function volumeProblems(compose: Compose): readonly string[] {
  const used = new Set(volumesOf(compose));
  const declared = Object.keys(compose.volumes ?? {});
  return [
    ...[...used].filter((name) => !declared.includes(name)).map((name) => `the volume ${name} is not declared`),
    ...declared.filter((name) => !used.has(name)).map((name) => `nobody uses the volume ${name}`),
  ];
}

function portProblems(compose: Compose): readonly string[] {
  const ports = Object.values(compose.services).flatMap(({ ports = [] }) => ports.map((port) => port.split(':')[1]));
  return ports
    .filter((port, index) => ports.indexOf(port) < index)
    .map((port) => `two services want the port ${port} of this machine`);
}

/** `NAME://host:port,…` by name. */
const listeners = (text = ''): ReadonlyMap<string, string> =>
  new Map(text.split(',').map((one): [string, string] => [one.split('://')[0] ?? '', one.split('://')[1] ?? '']));

function kafkaProblems({ services }: Compose): readonly string[] {
  const { environment = {}, ports = [] } = services['kafka'] ?? {};
  const listens = listeners(environment['KAFKA_LISTENERS']);
  const advertised = listeners(environment['KAFKA_ADVERTISED_LISTENERS']);
  const protocols = (environment['KAFKA_LISTENER_SECURITY_PROTOCOL_MAP'] ?? '').split(',');
  const problems: string[] = [];
  const portOf = (address = ''): string => address.slice(address.lastIndexOf(':') + 1);
  for (const [name, address] of advertised) {
    if (portOf(listens.get(name)) !== portOf(address))
      problems.push(`Kafka says that ${name} is at ${address}, and is not`);
    if (/^(127\.0\.0\.1|localhost):/.test(address)) {
      if (!ports.includes(`127.0.0.1:${portOf(address)}:${portOf(address)}`))
        problems.push(`the port of Kafka's listener ${name} is not published`);
    } else if (services[address.split(':')[0] ?? ''] === undefined)
      problems.push(`Kafka's listener ${name} is at ${address}, which is no service`);
  }
  for (const name of listens.keys())
    if (!protocols.some((protocol) => protocol.startsWith(`${name}:`)))
      problems.push(`${name} of Kafka has no protocol`);
  for (const key of ['KAFKA_INTER_BROKER_LISTENER_NAME', 'KAFKA_CONTROLLER_LISTENER_NAMES'])
    if (!listens.has(environment[key] ?? '')) problems.push(`${key} names no listener`);
  return problems;
}

/** What runs how often. */
function topologyProblems({ services }: Compose, { topology }: Facts): readonly string[] {
  const found = (verb: string): number =>
    Object.values(services)
      .filter(({ command, profiles }) => command?.[0] === verb && profiles === undefined)
      .reduce((sum, { deploy }) => sum + (deploy?.replicas ?? 1), 0);
  return [
    ...(found('orchestrator') === topology.orchestrators ? [] : [`not ${topology.orchestrators} orchestrators`]),
    ...(found('worker') === topology.workers ? [] : [`not ${topology.workers} workers`]),
  ];
}

/** Everything that is wrong with it. */
export async function composeProblems(compose: Compose, facts: Facts): Promise<readonly string[]> {
  const ofServices = await Promise.all(
    Object.entries(compose.services).map(async ([name, service]) =>
      (await serviceProblems(service, compose, facts)).map((problem) => `${name}: ${problem}`),
    ),
  );
  return [
    ...ofServices.flat(),
    ...volumeProblems(compose),
    ...portProblems(compose),
    ...kafkaProblems(compose),
    ...topologyProblems(compose, facts),
  ];
}
