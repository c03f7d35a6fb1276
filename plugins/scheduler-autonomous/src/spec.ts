import { type JsonObject, parseDuration, type TeamExpression } from '@reprise/core/plugin';
import {
  type Bag,
  type Bounds,
  isBag,
  isWhole,
  type OnFailure,
  orElse,
  type ResolvedAutonomousOptions,
  sharedProblems,
  unknownMembers,
} from './options.ts';

/** How a team without a manager works. */
export const MODES = ['hand-off', 'bid', 'claim'] as const;
/** How a team without a manager works. */
export type Mode = (typeof MODES)[number];

/** One task, the floor, goes from member to member until one of them completes it. */
export interface HandOffSpec {
  readonly mode: 'hand-off';
  readonly members: readonly string[];
  /** Default: the first member. */
  readonly first?: string;
  /** Who gets the floor, once, when it went in circles. Default: the team fails. */
  readonly onCircle?: string;
  readonly bounds?: Partial<Bounds>;
  /** Further words of the floor, as in a workflow. */
  readonly task?: JsonObject;
}

/** How teams whose members take work end. */
interface Taking {
  readonly onFailure?: OnFailure;
  /** What the team gives: CEL over `board`, what its tasks gave by id. Default: the board, or what the only task of it gave. */
  readonly output?: string;
}

/** Work goes to who bids least for it. */
export interface BidSpec extends Taking {
  readonly mode: 'bid';
  /** Default: whoever has the capability that a task asks for. */
  readonly members?: readonly string[];
  /** CEL over `bid` and `work` that gives a number: least wins. Default: `bid.price`, which may not be negative. */
  readonly award?: string;
  readonly bidTimeout?: string | number;
  readonly rounds?: number;
  /** Default: `assign`, as if nobody had been asked. */
  readonly onNoBid?: 'assign' | 'fail' | { readonly agent: string };
}

/** An agent that claims work: what its trigger (CEL) holds for, so many at once. */
export interface Claimer {
  readonly agent: string;
  /** CEL over `work` and `board`. Default: whatever it is able to do. */
  readonly trigger?: string;
  /** Tasks that it claims at once. Default 1. */
  readonly atOnce?: number;
}

/** Work goes to members whose trigger holds. */
export interface ClaimSpec extends Taking {
  readonly mode: 'claim';
  /** A name claims whatever it is able to do. */
  readonly members: readonly (string | Claimer)[];
  /** What is done about work that nobody claims, when nothing else is under way. Default: `fail`. */
  readonly onNoClaim?: 'fail' | 'assign';
}

/** A team as a workflow describes it, by its mode. */
export type AutonomousSpec = HandOffSpec | BidSpec | ClaimSpec;

/** What holds where the spec says nothing. */
export interface Rules {
  readonly bounds: Bounds;
  readonly bidMs: number;
  readonly rounds: number;
  readonly onFailure: OnFailure;
}

export function rulesOf(spec: AutonomousSpec, options: ResolvedAutonomousOptions): Rules {
  const {
    bounds = {},
    bidTimeout = options.bidTimeout,
    rounds = options.rounds,
    onFailure = options.onFailure,
  } = spec as Partial<HandOffSpec & BidSpec>;
  return {
    bounds: { ...options.bounds, ...bounds },
    bidMs: parseDuration(bidTimeout as string) ?? 30_000,
    rounds,
    onFailure,
  };
}

/** Agents that a team of this spec asks for. */
export function agentsOf(spec: JsonObject): readonly { readonly agent: string }[] {
  const { members = [], onCircle, onNoBid } = spec as unknown as Partial<HandOffSpec & BidSpec>;
  const named = (members as readonly (string | Claimer)[]).map((one) => (typeof one === 'string' ? one : one.agent));
  const more = [onCircle, isBag(onNoBid) ? (onNoBid['agent'] as string) : undefined];
  return [...new Set([...named, ...more])].flatMap((agent) => (agent === undefined ? [] : [{ agent }]));
}

/** The CEL in a spec. */
export function expressionsOf(spec: JsonObject): readonly TeamExpression[] {
  const { award, output, members = [] } = spec as unknown as Partial<BidSpec & ClaimSpec>;
  const one = (place: string, source: string | undefined, names: TeamExpression['names']): readonly TeamExpression[] =>
    source === undefined ? [] : [{ place, source, names }];
  return [
    ...one('award', award, ['bid', 'work']),
    ...one('output', output, ['board']),
    ...(members as readonly (string | Claimer)[]).flatMap((member, index) =>
      typeof member === 'string' ? [] : one(`members[${index}].trigger`, member.trigger, ['work', 'board']),
    ),
  ];
}

export const claimersOf = ({ members }: ClaimSpec): readonly Claimer[] =>
  members.map((one) => (typeof one === 'string' ? { agent: one } : one));

const WORDS: Readonly<Record<Mode, readonly string[]>> = {
  'hand-off': ['mode', 'members', 'first', 'onCircle', 'bounds', 'task'],
  bid: ['mode', 'members', 'award', 'bidTimeout', 'rounds', 'onNoBid', 'onFailure', 'output'],
  claim: ['mode', 'members', 'onNoClaim', 'onFailure', 'output'],
};
const FLOOR_WORDS = ['retry', 'timeout', 'delivery', 'compensate', 'mutex', 'priority', 'input'];
const MOST_MEMBERS = 1000;

/** All that is wrong with a spec, each a sentence. */
export function specProblems(spec: JsonObject): readonly string[] {
  const { mode } = spec;
  if (mode === undefined) return [`mode is missing; there are ${MODES.join(', ')}.`];
  const known = MODES.find((one) => one === mode);
  if (known === undefined) return [`mode is ${JSON.stringify(mode)}${orElse(mode, MODES)}`];
  const unknown = unknownMembers(spec, WORDS[known], `the strategy autonomous with mode ${known}`);
  const own = { 'hand-off': handOffProblems, bid: bidProblems, claim: claimProblems }[known](spec);
  return [...unknown, ...own, ...sharedProblems(pick(spec, WORDS[known]))];
}

const pick = (spec: Bag, words: readonly string[]): Bag =>
  Object.fromEntries(Object.entries(spec).filter(([key]) => words.includes(key)));

const isName = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';
const isText = (value: unknown): boolean => value === undefined || isName(value);

function listProblems(members: unknown): readonly string[] {
  if (!Array.isArray(members) || members.length === 0 || members.length > MOST_MEMBERS)
    return [`members is not a list of 1 to ${MOST_MEMBERS} agents.`];
  const names = members.map((one: unknown) => (isBag(one) ? one['agent'] : one));
  return names.flatMap((name, index) => {
    if (!isName(name)) return [`members[${index}] is ${JSON.stringify(members[index])}, and names no agent.`];
    const before = names.indexOf(name);
    return before < index ? [`members[${index}] is '${name}', as members[${before}] is.`] : [];
  });
}

function namesProblems(members: unknown): readonly string[] {
  const problems = listProblems(members);
  if (problems.length > 0) return problems;
  return (members as readonly unknown[]).flatMap((one, index) =>
    typeof one === 'string' ? [] : [`members[${index}] is an object; in this mode write the name of the agent.`],
  );
}

function handOffProblems({ members, first, onCircle, task }: JsonObject): readonly string[] {
  const problems =
    members === undefined ? ['members is missing: who may have the floor.'] : [...namesProblems(members)];
  const names = Array.isArray(members) ? members.filter((one) => typeof one === 'string') : [];
  for (const [key, value] of Object.entries({ first, onCircle }))
    if (value !== undefined && !names.some((one) => one === value))
      problems.push(`${key} is ${JSON.stringify(value)}, which is no member${orElse(value, names)}`);
  if (task !== undefined && !isBag(task)) problems.push('task is not an object of words of a task.');
  return isBag(task) ? [...problems, ...unknownMembers(task, FLOOR_WORDS, 'task')] : problems;
}

function takingProblems({ output }: JsonObject): readonly string[] {
  return isText(output) ? [] : ['output is not text: CEL over board, such as "board.draft".'];
}

function bidProblems(spec: JsonObject): readonly string[] {
  const { members, award, onNoBid } = spec;
  const problems = [...(members === undefined ? [] : namesProblems(members)), ...takingProblems(spec)];
  if (!isText(award)) problems.push('award is not text: CEL over bid and work, such as "bid.price".');
  if (isBag(onNoBid)) {
    problems.push(...unknownMembers(onNoBid, ['agent'], 'onNoBid'));
    if (!isName(onNoBid['agent'])) problems.push('onNoBid names no agent: write { agent: NAME }.');
  } else if (onNoBid !== undefined && onNoBid !== 'assign' && onNoBid !== 'fail')
    problems.push(`onNoBid is ${JSON.stringify(onNoBid)}${orElse(onNoBid, ['assign', 'fail', '{ agent }'])}`);
  return problems;
}

function claimProblems(spec: JsonObject): readonly string[] {
  const { members, onNoClaim } = spec;
  const problems = members === undefined ? ['members is missing: who may claim.'] : [...listProblems(members)];
  for (const [index, one] of (Array.isArray(members) ? members : []).entries()) {
    const at = `members[${index}]`;
    // A name, or what listProblems() has said of it.
    if (!isBag(one)) continue;
    problems.push(...unknownMembers(one, ['agent', 'trigger', 'atOnce'], at));
    if (!isText(one['trigger'])) problems.push(`${at}.trigger is not text: CEL over work and board.`);
    if (one['atOnce'] !== undefined && !isWhole(one['atOnce'], 1, 1000))
      problems.push(`${at}.atOnce is ${JSON.stringify(one['atOnce'])}, not a whole number from 1 to 1000.`);
  }
  if (onNoClaim !== undefined && onNoClaim !== 'fail' && onNoClaim !== 'assign')
    problems.push(`onNoClaim is ${JSON.stringify(onNoClaim)}${orElse(onNoClaim, ['fail', 'assign'])}`);
  return [...problems, ...takingProblems(spec)];
}
