import { RepriseError } from '@reprise/core/plugin';
import type { Attributes } from './spans/span.ts';

export interface OpenTelemetryOptions {
  /**
   * Where an OTLP receiver (Jaeger, a Collector) takes protobuf over HTTP; `/v1/traces` and so on are appended. Default: the variable
   * OTEL_EXPORTER_OTLP_ENDPOINT, else http://127.0.0.1:4318. Headers, for a key say, are taken from OTEL_EXPORTER_OTLP_HEADERS.
   */
  readonly endpoint?: string;
  /** What traces, metrics and logs name as their origin. Default: OTEL_SERVICE_NAME, else `reprise`. */
  readonly serviceName?: string;
  /** What else they say of it: `deployment.environment.name`, say. Nothing is found out by itself. */
  readonly resource?: Readonly<Record<string, string>>;
  /** Send traces. Default true. */
  readonly traces?: boolean;
  /** Send metrics by OTLP. Default false. */
  readonly metrics?: boolean;
  /** Serve metrics to Prometheus at /metrics. Default: not. */
  readonly prometheus?: boolean | PrometheusOptions;
  /** Send what agents log by OTLP: the message, with run, task, attempt and trace. Default false. */
  readonly logs?: boolean;
  /** Which share of runs has its traces sent, 0 to 1, decided once for a run and its children. Default 1. */
  readonly sampling?: number;
  /** Send what people and models wrote, too: messages of errors, reasons, whys of decisions, fields of log records. Default false. Inputs and outputs are never sent. */
  readonly texts?: boolean;
  /** More spans: of each append to a history, of each dispatch that is published, of each call of an agent by a worker. Default false. They are not in histories, so `trace export` does not make them again. */
  readonly details?: boolean;
  /** Looks at what is about to be sent, and returns what is sent instead. It costs the engine's thread all of the work that is done in another thread else. */
  readonly redact?: Redact;
  /** Events of a run whose spans share a trace, 100 to 100,000; each makes one span at most, so a trace has no more spans than that. Default 5,000. */
  readonly eventsPerTrace?: number;
  /** Spans that ended so long before this process took a run over from another are sent again, in case the other could not any more, ms. Default 10,000. */
  readonly resendMs?: number;
  /** How long what has ended waits to be sent together, ms. Default 250: what a process that is killed had not sent yet. */
  readonly delayMs?: number;
  /** How often metrics are sent by OTLP, ms. Default 15,000. */
  readonly metricsMs?: number;
}

export interface PrometheusOptions {
  /** Default 9464. */
  readonly port?: number;
  /** Default 127.0.0.1: nobody else can read it. */
  readonly host?: string;
}

/** `of`: a span, one of its events or links, or a record of the log, and what it is called. One that throws has it thrown away, counted. */
export type Redact = (
  attributes: Attributes,
  of: { readonly signal: 'span' | 'event' | 'link' | 'log'; readonly name: string },
) => Attributes;

/** Plain data, but for `redact`. */
export interface ResolvedOptions {
  /** Without a slash at the end. */
  readonly endpoint: string;
  readonly serviceName: string;
  readonly resource: Readonly<Record<string, string>>;
  readonly traces: boolean;
  readonly metrics: boolean;
  readonly prometheus: Required<PrometheusOptions> | undefined;
  readonly logs: boolean;
  readonly sampling: number;
  readonly texts: boolean;
  readonly details: boolean;
  readonly redact: Redact | undefined;
  readonly eventsPerTrace: number;
  readonly resendMs: number;
  readonly delayMs: number;
  readonly metricsMs: number;
}

const DEFAULTS = {
  traces: true,
  metrics: false,
  logs: false,
  texts: false,
  details: false,
  sampling: 1,
  eventsPerTrace: 5000,
  resendMs: 10_000,
  delayMs: 250,
  metricsMs: 15_000,
} as const;

const KNOWN = ['endpoint', 'serviceName', 'resource', 'prometheus', 'redact', ...Object.keys(DEFAULTS)];
const FLAGS = ['traces', 'metrics', 'logs', 'texts', 'details'] as const;
const PERIODS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  eventsPerTrace: [100, 100_000],
  resendMs: [0, 3_600_000],
  delayMs: [10, 60_000],
  metricsMs: [1000, 3_600_000],
};

type Env = Readonly<Record<string, string | undefined>>;
type Given = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Given =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Checks options from a configuration and fills in the defaults. Throws REPRISE_CONFIG_INVALID that names each mistake. */
export function resolveOptions(input: unknown = {}, env: Env = process.env): ResolvedOptions {
  if (!isObject(input)) throw invalid(['they are not an object']);
  const given: Given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  const all: Given = { ...DEFAULTS, ...given };
  const { endpoint = env['OTEL_EXPORTER_OTLP_ENDPOINT'] || 'http://127.0.0.1:4318' } = all;
  const { serviceName = env['OTEL_SERVICE_NAME'] || 'reprise', resource = {} } = all;
  const problems = [
    ...Object.keys(given)
      .filter((key) => !KNOWN.includes(key))
      .map((key) => `there is no option ${key} (there are ${KNOWN.join(', ')})`),
    ...FLAGS.filter((key) => typeof all[key] !== 'boolean').map((key) => `${key} must be true or false`),
    ...Object.entries(PERIODS)
      .filter(([key, [least, most]]) => !isBetween(all[key], least, most) || !Number.isInteger(all[key]))
      .map(([key, [least, most]]) => `${key} must be a whole number from ${least} to ${most}`),
    ...(isBetween(all['sampling'], 0, 1) ? [] : ['sampling must be a number from 0 to 1']),
    ...(isEndpoint(endpoint) ? [] : ['endpoint must be a URL that begins with http:// or https://, without a query']),
    ...(isText(serviceName) ? [] : ['serviceName must be a text']),
    ...(isObject(resource) && Object.values(resource).every(isText) ? [] : ['resource must be an object of texts']),
    ...(given['redact'] === undefined || typeof given['redact'] === 'function' ? [] : ['redact must be a function']),
    ...prometheusProblems(given['prometheus']),
  ];
  if (problems.length > 0) throw invalid(problems);
  return {
    ...(all as unknown as ResolvedOptions),
    endpoint: String(endpoint).replace(/\/+$/, ''),
    serviceName: String(serviceName),
    resource: resource as ResolvedOptions['resource'],
    prometheus: prometheusOf(given['prometheus'] as OpenTelemetryOptions['prometheus']),
    redact: given['redact'] as Redact | undefined,
  };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= 1024;

const isBetween = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && value >= least && value <= most;

function isEndpoint(value: unknown): boolean {
  if (!isText(value) || !URL.canParse(value)) return false;
  const { protocol, search, hash } = new URL(value);
  return ['http:', 'https:'].includes(protocol) && search === '' && hash === '';
}

function prometheusProblems(given: unknown): readonly string[] {
  if (given === undefined || typeof given === 'boolean') return [];
  if (!isObject(given)) return ['prometheus must be true, false, or { port, host }'];
  const { port, host, ...more } = given;
  return [
    ...Object.keys(more).map((key) => `there is no option prometheus.${key} (there are port, host)`),
    ...(port === undefined || (Number.isInteger(port) && isBetween(port, 1, 65_535))
      ? []
      : ['prometheus.port must be a whole number from 1 to 65535']),
    ...(host === undefined || (isText(host) && /^[\w.:-]+$/.test(host))
      ? []
      : ['prometheus.host must be the name or the address of an interface']),
  ];
}

const prometheusOf = (given: OpenTelemetryOptions['prometheus']): Required<PrometheusOptions> | undefined =>
  given === undefined || given === false
    ? undefined
    : {
        port: (given === true ? undefined : given.port) ?? 9464,
        host: (given === true ? undefined : given.host) ?? '127.0.0.1',
      };

const invalid = (problems: readonly string[]): RepriseError =>
  new RepriseError('REPRISE_CONFIG_INVALID', `Options of the plugin monitor-opentelemetry: ${problems.join('; ')}.`);
