import { type Duration, parseDuration } from '../../../shared/duration.ts';
import { RepriseError } from '../../../shared/errors.ts';
import type { Rate } from './token-bucket.ts';

/** How many attempts may be under way at once, and how many may begin in a while. */
export interface AdmissionLimit {
  /** A whole number above 0. Default: any number. */
  readonly concurrency?: number;
  /** `burst`: how many may begin at once after a quiet while. Default: `limit`. */
  readonly rate?: { readonly limit: number; readonly per: Duration; readonly burst?: number };
}

/** By name; `'*'` is for each that is not named, which has a limit of its own. */
export type NamedLimits<Limit extends AdmissionLimit = AdmissionLimit> = Readonly<Record<string, Limit>>;

/**
 * What is admitted over all runs of this process. An attempt needs room at each limit that is about it. Beside these, an agent has the
 * concurrency that its workers announce.
 */
export interface AdmissionConfig {
  /** All attempts of this process together. */
  readonly process?: AdmissionLimit;
  readonly agents?: NamedLimits;
  /** Attempts of tasks that ask for a capability, whichever agent takes them. */
  readonly capabilities?: NamedLimits;
  readonly workflows?: NamedLimits;
  /** `weight`: its share where tenants compete, beside the 1 of others. Runs that name no tenant are one: `''`. */
  readonly tenants?: NamedLimits<AdmissionLimit & { readonly weight?: number }>;
  /** By key of a label. Each value has the limit of its own: `{ customer: { concurrency: 1 } }` is one attempt at once for each customer. */
  readonly labels?: NamedLimits;
  /** How long a run has to wait to be as far ahead as one point of priority takes another. Default 10 s. */
  readonly ageing?: Duration;
  /** When an agent that fails is rested, and for how long. `false`: never. */
  readonly breaker?: BreakerConfig | false;
}

/**
 * An agent of which attempts of `failures` different tasks have failed one after another (lost, over the limit of an attempt or of heartbeats, or with an error
 * that is retryable) is handed nothing for a while, then one attempt: when that ends well, all as before; else nothing for twice as long.
 */
export interface BreakerConfig {
  /** A whole number above 0. Default 5. */
  readonly failures?: number;
  /** How long it rests at first. Default 5 s. */
  readonly rest?: Duration;
  /** How long it rests at the most. Default 10 min; not less than `rest`. */
  readonly maxRest?: Duration;
}

/** A limit, read. */
export interface LimitOptions {
  readonly concurrency: number;
  readonly rate: Rate | undefined;
}

/** When an agent is rested, read. */
export interface BreakerOptions {
  readonly failures: number;
  readonly restMs: number;
  readonly maxRestMs: number;
}

/** The configuration, read and checked. */
export interface AdmissionOptions {
  readonly process: LimitOptions | undefined;
  readonly agents: ReadonlyMap<string, LimitOptions>;
  readonly capabilities: ReadonlyMap<string, LimitOptions>;
  readonly workflows: ReadonlyMap<string, LimitOptions>;
  readonly tenants: ReadonlyMap<string, LimitOptions>;
  readonly weights: ReadonlyMap<string, number>;
  readonly labels: ReadonlyMap<string, LimitOptions>;
  readonly ageingMs: number;
  /** Undefined: agents are never rested. */
  readonly breaker: BreakerOptions | undefined;
}

const DEFAULT_AGEING_MS = 10_000;
const DEFAULT_BREAKER: BreakerOptions = { failures: 5, restMs: 5000, maxRestMs: 600_000 };

const GROUPS = ['agents', 'capabilities', 'workflows', 'tenants', 'labels'] as const;

/** Throws REPRISE_CONFIG_INVALID, naming the place. */
export function admissionOptions(config: AdmissionConfig = {}): AdmissionOptions {
  assertKeys(config, ['process', ...GROUPS, 'ageing', 'breaker'], 'admission');
  const [agents, capabilities, workflows, tenants, labels] = GROUPS.map((group) => readGroup(config, group)) as [
    ReadonlyMap<string, LimitOptions>,
    ReadonlyMap<string, LimitOptions>,
    ReadonlyMap<string, LimitOptions>,
    ReadonlyMap<string, LimitOptions>,
    ReadonlyMap<string, LimitOptions>,
  ];
  const ageingMs = readTime(config.ageing, DEFAULT_AGEING_MS, 'admission.ageing', '10s');
  const weights = new Map<string, number>();
  for (const [name, { weight }] of Object.entries(config.tenants ?? {})) {
    if (weight === undefined) continue;
    if (typeof weight !== 'number' || !(weight > 0) || !Number.isFinite(weight))
      throw invalid(`admission.tenants.${name}.weight`, `must be a number above 0, not ${String(weight)}`);
    weights.set(name, weight);
  }
  const all = config.process === undefined ? undefined : readLimit(config.process, 'admission.process');
  const breaker = config.breaker === false ? undefined : readBreaker(config.breaker);
  return { process: all, agents, capabilities, workflows, tenants, weights, labels, ageingMs, breaker };
}

function readBreaker(config: BreakerConfig = {}): BreakerOptions {
  const place = 'admission.breaker';
  assertKeys(config, ['failures', 'rest', 'maxRest'], place);
  const { failures = DEFAULT_BREAKER.failures } = config;
  if (!isCount(failures)) throw invalid(`${place}.failures`, `must be a whole number above 0, not ${String(failures)}`);
  const restMs = readTime(config.rest, DEFAULT_BREAKER.restMs, `${place}.rest`, '5s');
  const most = Math.max(restMs, DEFAULT_BREAKER.maxRestMs);
  const maxRestMs = readTime(config.maxRest, most, `${place}.maxRest`, '10m');
  if (maxRestMs < restMs) throw invalid(`${place}.maxRest`, `must not be less than rest, which is ${restMs} ms`);
  return { failures, restMs, maxRestMs };
}

function readTime(value: Duration | undefined, otherwise: number, place: string, such: string): number {
  const ms = parseDuration(value ?? otherwise);
  if (ms === undefined || ms === 0) throw invalid(place, `must be a time above 0, as "${such}"`);
  return ms;
}

function readGroup(config: AdmissionConfig, group: (typeof GROUPS)[number]): ReadonlyMap<string, LimitOptions> {
  const limits = config[group];
  if (limits === undefined) return new Map();
  assertKeys(limits, undefined, `admission.${group}`);
  const more = group === 'tenants' ? ['weight'] : [];
  return new Map(
    Object.entries(limits).map(([name, limit]) => [name, readLimit(limit, `admission.${group}.${name}`, more)]),
  );
}

function readLimit(limit: AdmissionLimit, place: string, more: readonly string[] = []): LimitOptions {
  assertKeys(limit, ['concurrency', 'rate', ...more], place);
  const { concurrency, rate } = limit;
  if (concurrency !== undefined && !isCount(concurrency))
    throw invalid(`${place}.concurrency`, `must be a whole number above 0, not ${String(concurrency)}`);
  return {
    concurrency: concurrency ?? Number.POSITIVE_INFINITY,
    rate: rate === undefined ? undefined : readRate(rate, `${place}.rate`),
  };
}

function readRate(rate: NonNullable<AdmissionLimit['rate']>, place: string): Rate {
  assertKeys(rate, ['limit', 'per', 'burst'], place);
  const { limit, per, burst = limit } = rate;
  if (!isCount(limit)) throw invalid(`${place}.limit`, `must be a whole number above 0, not ${String(limit)}`);
  const perMs = parseDuration(per);
  if (perMs === undefined || perMs === 0)
    throw invalid(`${place}.per`, `must be a time above 0, as "1m", not ${String(per)}`);
  if (!isCount(burst)) throw invalid(`${place}.burst`, `must be a whole number above 0, not ${String(burst)}`);
  return { limit, perMs, burst };
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) > 0;

/** `known` undefined: any. */
function assertKeys(value: object, known: readonly string[] | undefined, place: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(place, 'must be an object');
  const unknown = Object.keys(value).find((key) => known !== undefined && !known.includes(key));
  if (unknown !== undefined) throw invalid(`${place}.${unknown}`, `is not known (there are ${known?.join(', ')})`);
}

const invalid = (place: string, what: string): RepriseError =>
  new RepriseError('REPRISE_CONFIG_INVALID', `${place} ${what}.`);
