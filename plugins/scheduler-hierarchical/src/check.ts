import { isId, type JsonObject } from '@reprise/core/plugin';
import { type Bag, isBag, isWhole, leadProblems, orElse, unknownMembers } from './options.ts';

const SPEC_WORDS = ['goal', 'manager', 'workers', 'review', 'bounds', 'managerTimeout', 'managerAttempts'];
/** Words that a worker may give the tasks that it is delegated, by who does them. */
const WORDS = {
  agent: ['retry', 'timeout', 'delivery', 'fallback', 'compensate', 'mutex', 'priority', 'may', 'maxUsage'],
  capability: ['retry', 'timeout', 'delivery', 'fallback', 'compensate', 'mutex', 'priority', 'may', 'maxUsage'],
  workflow: ['retry', 'timeout', 'fallback', 'compensate', 'mutex', 'priority', 'budget'],
  team: ['timeout', 'fallback', 'compensate', 'mutex', 'priority', 'budget', 'concurrency'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
const PERFORMERS = Object.keys(WORDS) as (keyof typeof WORDS)[];
const WORKER_MEMBERS = [...PERFORMERS, 'name', 'description', 'capabilities', 'atOnce', 'handed', 'task'];
const MOST_WORKERS = 1000;
const MOST_GOAL = 10_000;

/** All that is wrong with a spec, each a sentence. */
export function specProblems(spec: JsonObject, place = ''): readonly string[] {
  const problems = [...unknownMembers(spec, SPEC_WORDS, `the strategy hierarchical${place}`)];
  const { goal, manager, workers } = spec;
  if (goal === undefined) problems.push(`goal${place} is missing: what the team is for, as text.`);
  else if (typeof goal !== 'string' || goal.trim() === '' || goal.length > MOST_GOAL)
    problems.push(`goal${place} is not text of 1 to ${MOST_GOAL} characters.`);
  problems.push(...managerProblems(manager, place), ...workersProblems(workers, place));
  problems.push(
    ...leadProblems(spec).map((problem) => (place === '' ? problem : `${problem.slice(0, -1)} (${place.trim()}).`)),
  );
  return problems;
}

function managerProblems(manager: unknown, place: string): readonly string[] {
  if (manager === undefined) return [`manager${place} is missing: the name of an agent, or { capability: … }.`];
  if (typeof manager === 'string' ? isId(manager) : isBag(manager) && hasOne(manager, ['agent', 'capability'])) {
    if (!isBag(manager)) return [];
    return unknownMembers(manager, ['agent', 'capability'], `manager${place}`);
  }
  return [
    `manager${place} is ${JSON.stringify(manager)}, not the name of an agent, { agent: … } or { capability: … }.`,
  ];
}

function workersProblems(workers: unknown, place: string): readonly string[] {
  if (workers === undefined) return [`workers${place} is missing: whom the manager may delegate to.`];
  if (!Array.isArray(workers) || workers.length === 0 || workers.length > MOST_WORKERS)
    return [`workers${place} is not a list of 1 to ${MOST_WORKERS} workers.`];
  const names = new Map<string, number>();
  return workers.flatMap((worker: unknown, index) => {
    const at = `workers[${index}]${place}`;
    const problems = workerProblems(worker, at);
    const name = workerName(worker);
    if (name === undefined) return problems;
    const before = names.get(name);
    names.set(name, before ?? index);
    if (before === undefined) return problems;
    return [...problems, `${at} is called '${name}', as workers[${before}] is; give it another name.`];
  });
}

function workerName(worker: unknown): string | undefined {
  if (typeof worker === 'string') return worker;
  if (!isBag(worker)) return undefined;
  const name = worker['name'] ?? worker['agent'] ?? worker['capability'] ?? worker['workflow'];
  return typeof name === 'string' ? name : undefined;
}

function workerProblems(worker: unknown, at: string): readonly string[] {
  if (typeof worker === 'string')
    return isId(worker) ? [] : [`${at} is ${JSON.stringify(worker)}, no name of an agent.`];
  if (!isBag(worker)) return [`${at} is neither the name of an agent nor an object.`];
  const problems = [...unknownMembers(worker, WORKER_MEMBERS, at)];
  const said = PERFORMERS.filter((key) => worker[key] !== undefined);
  if (said.length !== 1)
    problems.push(
      `${at} needs one of ${PERFORMERS.join(', ')}${said.length === 0 ? '' : `, and has ${said.join(', ')}`}.`,
    );
  for (const key of ['agent', 'capability', 'workflow', 'name'])
    if (worker[key] !== undefined && (typeof worker[key] !== 'string' || !isId(worker[key] as string)))
      problems.push(`${at}.${key} is ${JSON.stringify(worker[key])}, which is no name.`);
  if (worker['team'] !== undefined) problems.push(...teamProblems(worker, at));
  return [...problems, ...factProblems(worker, at)];
}

function teamProblems({ team, name }: Bag, at: string): readonly string[] {
  const problems = name === undefined ? [`${at} is a team, and needs a name.`] : [];
  if (!isBag(team) || typeof team['name'] !== 'string')
    return [...problems, `${at}.team is not a strategy, such as { name: "hierarchical", … }.`];
  if (!isNested(team)) return problems;
  const { name: _, ...spec } = team;
  return [...problems, ...specProblems(spec, ` of ${at}.team`)];
}

function factProblems(worker: Bag, at: string): readonly string[] {
  const { description, capabilities, atOnce, handed, task } = worker;
  const performer = PERFORMERS.find((key) => worker[key] !== undefined) ?? 'agent';
  const problems: string[] = [];
  const must = (fits: boolean, what: string): void => {
    if (!fits) problems.push(`${at}.${what}.`);
  };
  must(description === undefined || typeof description === 'string', 'description is not text');
  must(
    capabilities === undefined || (Array.isArray(capabilities) && capabilities.every((one) => typeof one === 'string')),
    'capabilities is not a list of texts',
  );
  must(atOnce === undefined || isWhole(atOnce, 1, 1000), 'atOnce is not a whole number from 1 to 1000');
  if (handed !== undefined && handed !== 'step' && handed !== 'input')
    problems.push(`${at}.handed is ${JSON.stringify(handed)}${orElse(handed, ['step', 'input'], 'step, input')}`);
  if (task === undefined) return problems;
  if (!isBag(task)) return [...problems, `${at}.task is not an object of words of a task.`];
  return [...problems, ...unknownMembers(task, WORDS[performer], `${at}.task`)];
}

const hasOne = (bag: Bag, keys: readonly string[]): boolean =>
  keys.filter((key) => bag[key] !== undefined).length === 1 &&
  keys.every((key) => bag[key] === undefined || (typeof bag[key] === 'string' && isId(bag[key] as string)));

/** Whether a team in a team is led likewise. */
export const isNested = (team: unknown): team is JsonObject => isBag(team) && team['name'] === 'hierarchical';
