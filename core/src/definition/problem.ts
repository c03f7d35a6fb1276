import { RepriseError } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';

/** A place in the human form of a workflow: ['tasks', 'audit', 'after', 0]. */
export type Path = readonly (string | number)[];

/** One mistake in a definition. Line and column count from 1, and are there when the definition came from text. */
export interface DefinitionProblem {
  readonly path: Path;
  readonly message: string;
  /** What is missing is registered elsewhere: the definition itself is well. */
  readonly code?: 'REPRISE_AGENT_UNKNOWN' | 'REPRISE_WORKFLOW_UNKNOWN';
  readonly line?: number;
  readonly column?: number;
}

/** Problems that one error lists at most; it says how many more there are. */
export const MAX_LISTED = 200;

/** Takes note of a mistake. */
export type Report = (path: Path, message: string, code?: DefinitionProblem['code']) => void;

/** `tasks.audit.after[0]`. */
export function formatPath(path: Path): string {
  return path.map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${key}`)).join('');
}

/** `12:5 tasks.audit.after[0]: there is no task 'x'`. */
export function formatProblem(problem: DefinitionProblem): string {
  const place = problem.line === undefined ? '' : `${problem.line}:${problem.column ?? 1} `;
  return problem.path.length === 0
    ? `${place}${problem.message}`
    : `${place}${formatPath(problem.path)}: ${problem.message}`;
}

/**
 * Of `found`, the problems at places that `told` says nothing about: what could not be read would be reported twice. A
 * place is told about by a problem there or at what it is part of, or (within a task) at a part of it.
 */
export function withoutRepetitions(
  found: readonly DefinitionProblem[],
  told: readonly DefinitionProblem[],
): readonly DefinitionProblem[] {
  const places = new Set(told.map(({ path }) => keyOf(path)));
  const parents = new Set(told.flatMap(({ path }) => path.map((_, index) => keyOf(path.slice(0, index)))));
  const isTold = (place: Path): boolean =>
    (isPart(place) && parents.has(keyOf(place))) ||
    places.has(keyOf(place)) ||
    place.some((_, index) => places.has(keyOf(place.slice(0, index))));
  return found.filter(({ path }) => !isTold(path));
}

/** Whether a place is a part of a task (or of what is said about the workflow), not a task, nor the tasks of a block. */
function isPart(place: Path): boolean {
  let inTask = false;
  for (let rest = place; ; inTask = true) {
    if (rest[0] === (inTask ? 'scope' : 'tasks')) rest = rest.slice(1);
    else if (rest[0] === 'catch' && rest[2] === 'do') rest = rest.slice(3);
    else return inTask ? rest.length > 0 : place.length > 2;
    if (rest.length <= 1) return false;
    rest = rest.slice(1);
  }
}

const keyOf = (path: Path): string => JSON.stringify(path);

/** REPRISE_DEFINITION_INVALID that lists every problem, in the message and in `details.problems`. */
export function definitionInvalid(what: string, problems: readonly DefinitionProblem[], cause?: unknown): RepriseError {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  const lines = problems.slice(0, MAX_LISTED).map((problem) => `  ${formatProblem(problem)}`);
  if (problems.length > MAX_LISTED) lines.push(`  and ${problems.length - MAX_LISTED} more`);
  const details: Json[] = problems.slice(0, MAX_LISTED).map(({ path, message, line, column }) => ({
    path: formatPath(path),
    message,
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
  }));
  return new RepriseError('REPRISE_DEFINITION_INVALID', [`${what} has ${count}:`, ...lines].join('\n'), {
    cause,
    details: { problems: details },
  });
}
