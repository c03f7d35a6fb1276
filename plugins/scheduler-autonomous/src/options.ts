import { type Duration, didYouMean, parseDuration, RepriseError } from '@reprise/core/plugin';

/** What a failure of a member leads to. */
export const ON_FAILURE = ['fail', 'go-on'] as const;
/** What becomes of a team in which a task failed: it fails once all is done, or gives what there is. */
export type OnFailure = (typeof ON_FAILURE)[number];

/** What ends a team that hands off, whatever its members do. */
export interface Bounds {
  /** Times that the floor changes hands, those included that the strategy gives back. */
  readonly handOffs: number;
  /** Circles: 1 to 4 hand-offs that come twice over. */
  readonly circles: number;
}

/** Of teams that say nothing else. */
export interface AutonomousOptions {
  readonly bounds?: Partial<Bounds>;
  /** How long bids are waited for. */
  readonly bidTimeout?: Duration;
  /** Calls for bids about one task. */
  readonly rounds?: number;
  readonly onFailure?: OnFailure;
}

/** The options with their defaults. */
export type ResolvedAutonomousOptions = Required<AutonomousOptions> & { readonly bounds: Bounds };

/** The options, unless others are given. */
export const DEFAULT_OPTIONS: ResolvedAutonomousOptions = {
  bounds: { handOffs: 30, circles: 2 },
  bidTimeout: '30s',
  rounds: 3,
  onFailure: 'fail',
};

/** A task may be handed on 32 times in a round: the strategy ends it before the engine refuses. */
const MOST: Bounds = { handOffs: 30, circles: 15 };
const LEAST_BID_MS = 1;
const MOST_BID_MS = 24 * 60 * 60 * 1000;

export type Bag = Readonly<Record<string, unknown>>;

export const isBag = (value: unknown): value is Bag =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isWhole = (value: unknown, least: number, most: number): boolean =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

/** The end of a sentence about something that is not known: what was meant, and what there is. */
export function orElse(value: unknown, known: readonly string[]): string {
  const meant = typeof value === 'string' ? didYouMean(value, known) : '';
  return meant === '' ? `; there are ${known.join(', ')}.` : `${meant} There are ${known.join(', ')}.`;
}

/** One sentence for each member that `known` has not. */
export const unknownMembers = (bag: Bag, known: readonly string[], place: string): readonly string[] =>
  Object.keys(bag)
    .filter((key) => !known.includes(key))
    .map((key) => `${place} has no ${JSON.stringify(key)}${orElse(key, known)}`);

/** What is wrong with those that options and specs share, each a sentence. */
export function sharedProblems({ bounds, bidTimeout, rounds, onFailure }: Bag): readonly string[] {
  const problems: string[] = [];
  if (bounds !== undefined && !isBag(bounds)) problems.push('bounds is not an object, such as { handOffs: 10 }.');
  if (isBag(bounds)) {
    problems.push(...unknownMembers(bounds, Object.keys(MOST), 'bounds'));
    for (const key of ['handOffs', 'circles'] as const)
      if (bounds[key] !== undefined && !isWhole(bounds[key], 1, MOST[key]))
        problems.push(`bounds.${key} is ${JSON.stringify(bounds[key])}, not a whole number from 1 to ${MOST[key]}.`);
  }
  const timeout = bidTimeout === undefined ? LEAST_BID_MS : parseDuration(bidTimeout as Duration);
  if (timeout === undefined || !(timeout >= LEAST_BID_MS && timeout <= MOST_BID_MS))
    problems.push(`bidTimeout is ${JSON.stringify(bidTimeout)}, not a duration of up to a day, such as "30s".`);
  if (rounds !== undefined && !isWhole(rounds, 1, 10))
    problems.push(`rounds is ${JSON.stringify(rounds)}, not a whole number from 1 to 10.`);
  if (onFailure !== undefined && !ON_FAILURE.some((one) => one === onFailure))
    problems.push(`onFailure is ${JSON.stringify(onFailure)}${orElse(onFailure, ON_FAILURE)}`);
  return problems;
}

/** Fills in defaults. Throws REPRISE_CONFIG_INVALID, which says all that is wrong. */
export function resolveAutonomousOptions(options: unknown = {}): ResolvedAutonomousOptions {
  if (!isBag(options)) throw invalid(['they are not an object.']);
  const given = withoutUndefined(options);
  const problems = [
    ...unknownMembers(given, Object.keys(DEFAULT_OPTIONS), 'the list of them'),
    ...sharedProblems(given),
  ];
  if (problems.length > 0) throw invalid(problems);
  const { bounds, ...rest } = given as AutonomousOptions;
  return { ...DEFAULT_OPTIONS, ...rest, bounds: { ...DEFAULT_OPTIONS.bounds, ...withoutUndefined(bounds ?? {}) } };
}

const withoutUndefined = (bag: object): Bag =>
  Object.fromEntries(Object.entries(bag).filter(([, value]) => value !== undefined));

const invalid = (problems: readonly string[]): RepriseError =>
  new RepriseError('REPRISE_CONFIG_INVALID', `Options of the plugin scheduler-autonomous: ${problems.join(' ')}`);
