import type { Compose, Facts, Service } from './compose-types.ts';

type Rule = (service: Service, compose: Compose, facts: Facts) => readonly string[];

/** Keys of a service: a misspelt one is silently nothing. */
const KEYS = new Set(
  'image build command entrypoint ports volumes environment depends_on healthcheck deploy profiles restart stop_grace_period user init read_only tmpfs cap_drop security_opt privileged'.split(
    ' ',
  ),
);

/** Development secrets that may stand in the file, by variable. */
const NAMED_SECRETS: ReadonlySet<string> = new Set();

const isOurs = ({ build }: Service): boolean => build !== undefined;
/** Started by hand for one command. */
const isOnce = ({ profiles, restart }: Service): boolean => profiles !== undefined && restart === 'no';

const keys: Rule = (service) =>
  Object.keys(service)
    .filter((key) => !KEYS.has(key))
    .map((key) => `there is no key ${key}`);

const image: Rule = ({ image: name = '' }) =>
  /:v?\d+\.\d+\.\d+[^/]*$/.test(name) ? [] : [`the image '${name}' is not pinned to a version`];

const build: Rule = ({ build: made }, _, { exists, image: dockerfile }) => {
  if (made === undefined) return [];
  const { context = '', target = '' } = made;
  return [
    ...(exists(`${context}/Dockerfile`) ? [] : [`there is no Dockerfile in ${context}`]),
    ...(dockerfile.stages.includes(target) ? [] : [`the Dockerfile has no stage ${target}`]),
  ];
};

const ports: Rule = ({ ports: bound = [] }) =>
  bound
    .filter((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port))
    .map((port) => `the port ${port} is not bound to 127.0.0.1`);

const isChecked = (service: Service, { image: { healthcheckPort } }: Facts): boolean =>
  service.healthcheck?.disable !== true &&
  (service.healthcheck?.test?.[0] === 'CMD' || (isOurs(service) && healthcheckPort !== undefined));

const healthcheck: Rule = (service, _, facts) =>
  isChecked(service, facts) || isOnce(service) ? [] : ['nothing says when it is healthy'];

/** What the image's healthcheck asks has to be served. */
const probes: Rule = (service, _, { image: { healthcheckPort } }) => {
  const { command = [] } = service;
  if (!isOurs(service) || isOnce(service)) return [];
  return command[command.indexOf('--health-port') + 1] === healthcheckPort && command.includes('--health-port')
    ? []
    : [`the healthcheck asks port ${healthcheckPort}, where no probes are`];
};

const dependencies: Rule = ({ depends_on: needed = {} }, { services }, facts) =>
  Object.entries(needed).flatMap(([name, { condition }]) => {
    const other = services[name];
    if (other === undefined) return [`it depends on ${name}, which is no service`];
    if (condition !== 'service_healthy') return [`it does not wait until ${name} is healthy`];
    return isChecked(other, facts) ? [] : [`it waits for ${name}, which never says that it is healthy`];
  });

const mounts: Rule = ({ volumes = [] }, _, { exists }) =>
  volumes
    .filter((volume) => /^[./]/.test(volume))
    .flatMap((volume) => {
      const [source = '', , mode] = volume.split(':');
      return [
        ...(exists(source) ? [] : [`there is no ${source} to mount`]),
        ...(mode === 'ro' ? [] : [`${source} of the repository can be written to`]),
      ];
    });

const variables: Rule = (service, _, { variables: read }) =>
  Object.keys(service.environment ?? {})
    .filter((name) => isOurs(service) && !read.has(name))
    .map((name) => `nothing reads the environment variable ${name}`);

const values: Rule = ({ environment = {} }) =>
  Object.entries(environment)
    .filter(([, value]) => typeof value !== 'string')
    .map(([name]) => `${name} is no text: in quotes, YAML leaves it alone`);

const secrets: Rule = ({ environment = {} }) =>
  Object.entries(environment)
    .filter(([name]) => !NAMED_SECRETS.has(name))
    .filter(([name, value]) => /PASSWORD|SECRET|TOKEN|_KEY$/.test(name) || /:\/\/[^/@\s]+:[^/@\s]+@/.test(value))
    .map(([name]) => `${name} has a secret in clear`);

/** `host:port` of other containers, in our environment. */
const addresses: Rule = (service, { services }) =>
  Object.entries(isOurs(service) ? (service.environment ?? {}) : {}).flatMap(([name, value]) =>
    [...String(value).matchAll(/(?:^|\/\/|,)([a-z][\w-]*):(\d+)/g)].flatMap(([, host = '', port = '']) => {
      const other = services[host];
      if (other === undefined) return [`${name} is about ${host}, which is no service`];
      const listens = [
        ...(other.ports ?? []).map((one) => one.split(':')[2]),
        ...[...(other.environment?.['KAFKA_LISTENERS'] ?? '').matchAll(/:(\d+)/g)].map(([, one]) => one),
      ];
      return listens.includes(port) ? [] : [`${name}: ${host} does not listen on ${port}`];
    }),
  );

const user: Rule = ({ user: as = '', privileged }) =>
  /^(root|0)\b/.test(as) || privileged === true ? ['it is root'] : [];

const grace: Rule = (service, _, { drainMs }) => {
  if (!isOurs(service) || isOnce(service)) return [];
  const seconds = Number(/^(\d+)s$/.exec(service.stop_grace_period ?? '10s')?.[1] ?? 0);
  return seconds * 1000 > drainMs ? [] : [`Docker kills it after ${seconds} s, before a drain is over`];
};

const RULES = [
  keys,
  image,
  build,
  ports,
  healthcheck,
  probes,
  dependencies,
  mounts,
  variables,
  values,
  secrets,
  addresses,
  user,
  grace,
];

export async function serviceProblems(service: Service, compose: Compose, facts: Facts): Promise<readonly string[]> {
  const { command } = service;
  const refused = isOurs(service) ? await facts.refusal(command ?? []) : undefined;
  const found = RULES.flatMap((rule) => rule(service, compose, facts));
  return refused === undefined ? found : [...found, `the command line refuses ${command?.join(' ')}: ${refused}`];
}
