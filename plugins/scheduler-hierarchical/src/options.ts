import { type Duration, didYouMean, parseDuration, RepriseError } from '@reprise/core/plugin';

/** Which ends of steps the manager is asked about: all, those that failed, or none, until there is nothing else to do. */
export const REVIEWS = ['all', 'failed', 'none'] as const;
/** Which results the manager looks at before they count. */
export type Review = (typeof REVIEWS)[number];

/** What ends a team, whatever its manager says. */
export interface Bounds {
  /** Steps that are given to workers. */
  readonly delegations: number;
  /** Answers of the manager that bring nothing forward, less those that do, before the plan is thrown away. */
  readonly stalls: number;
  /** Plans that are thrown away so. */
  readonly resets: number;
  /** Answers in a row that are of no use, and are asked for again. */
  readonly nonsense: number;
  /** Times that one step is done again. */
  readonly rejections: number;
}

/** Of teams that say nothing else. */
export interface HierarchicalOptions {
  readonly review?: Review;
  readonly bounds?: Partial<Bounds>;
  readonly managerTimeout?: Duration;
  readonly managerAttempts?: number;
}

/** The options with their defaults. */
export type ResolvedHierarchicalOptions = Required<HierarchicalOptions> & { readonly bounds: Bounds };

/** The options, unless others are given. */
export const DEFAULT_OPTIONS: ResolvedHierarchicalOptions = {
  review: 'all',
  bounds: { delegations: 50, stalls: 3, resets: 2, nonsense: 3, rejections: 3 },
  managerTimeout: '5m',
  managerAttempts: 3,
};

/** What a bound may be at most: beyond that, what a team remembers might have no place. */
const MOST: Bounds = { delegations: 1000, stalls: 100, resets: 100, nonsense: 100, rejections: 100 };

export type Bag = Readonly<Record<string, unknown>>;

export const isBag = (value: unknown): value is Bag =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The end of a sentence about something that is not known: what was meant, and what there is. */
export function orElse(value: unknown, known: readonly string[], list: string): string {
  const meant = typeof value === 'string' ? didYouMean(value, known) : '';
  return meant === '' ? `; there are ${list}.` : `${meant} There are ${list}.`;
}

/** One sentence for each member that `known` has not. */
export function unknownMembers(bag: Bag, known: readonly string[], place: string): readonly string[] {
  return Object.keys(bag)
    .filter((key) => !known.includes(key))
    .map((key) => `${place} has no ${JSON.stringify(key)}${orElse(key, known, known.join(', '))}`);
}

/** What is wrong with those that options and specs share, each a sentence. */
export function leadProblems(given: Bag): readonly string[] {
  const problems: string[] = [];
  const { review, bounds, managerTimeout, managerAttempts } = given;
  if (review !== undefined && !REVIEWS.some((one) => one === review)) {
    problems.push(`review is ${JSON.stringify(review)}${orElse(review, REVIEWS, REVIEWS.join(', '))}`);
  }
  if (bounds !== undefined) problems.push(...boundProblems(bounds));
  const timeout = managerTimeout === undefined ? 1 : parseDuration(managerTimeout as Duration);
  if (timeout === undefined || !(timeout > 0))
    problems.push(`managerTimeout is ${JSON.stringify(managerTimeout)}, not a duration, such as "5m".`);
  if (managerAttempts !== undefined && !isWhole(managerAttempts, 1, 100))
    problems.push(`managerAttempts is ${JSON.stringify(managerAttempts)}, not a whole number from 1 to 100.`);
  return problems;
}

function boundProblems(bounds: unknown): readonly string[] {
  if (!isBag(bounds)) return ['bounds is not an object, such as { delegations: 20 }.'];
  const known = Object.keys(MOST) as (keyof Bounds)[];
  const wrong = known.flatMap((key) => {
    const least = key === 'delegations' ? 1 : 0;
    if (bounds[key] === undefined || isWhole(bounds[key], least, MOST[key])) return [];
    return [`bounds.${key} is ${JSON.stringify(bounds[key])}, not a whole number from ${least} to ${MOST[key]}.`];
  });
  return [...unknownMembers(bounds, known, 'bounds'), ...wrong];
}

export const isWhole = (value: unknown, least: number, most: number): boolean =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

/** Fills in defaults. Throws REPRISE_CONFIG_INVALID, which says all that is wrong. */
export function resolveHierarchicalOptions(options: unknown = {}): ResolvedHierarchicalOptions {
  if (!isBag(options)) throw invalid(['they are not an object.']);
  const given = withoutUndefined(options);
  const problems = [...unknownMembers(given, Object.keys(DEFAULT_OPTIONS), 'the list of them'), ...leadProblems(given)];
  if (problems.length > 0) throw invalid(problems);
  const { bounds, ...rest } = given as HierarchicalOptions;
  return {
    ...DEFAULT_OPTIONS,
    ...rest,
    bounds: { ...DEFAULT_OPTIONS.bounds, ...withoutUndefined(bounds ?? {}) },
  };
}

const withoutUndefined = (bag: object): Bag =>
  Object.fromEntries(Object.entries(bag).filter(([, value]) => value !== undefined));

const invalid = (problems: readonly string[]): RepriseError =>
  new RepriseError('REPRISE_CONFIG_INVALID', `Options of the plugin scheduler-hierarchical: ${problems.join(' ')}`);
