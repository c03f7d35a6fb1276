import { isRepriseError } from '../../shared/errors.ts';
import type { BlockPlace, TaskGroup } from '../blocks.ts';
import type { Analysis } from '../cel/analysis.ts';
import { compile } from '../cel/program.ts';
import { didYouMean } from '../did-you-mean.ts';
import { fallbackTasks } from '../graph.ts';
import type { Path, Report } from '../problem.ts';
import { celOf, stringsOf } from '../template.ts';
import { numberProblem } from '../text/number-literal.ts';
import { type ExpressionPlace, expressionPlaces } from './expression-places.ts';

/** CEL must parse, and read only what is there: variables of the place, outputs of tasks that come before. */
export function checkExpressions(blocks: readonly BlockPlace[], report: Report): void {
  const outputs = new OutputsInSight(blocks);
  for (const place of expressionPlaces(blocks)) {
    const { expression, path } = place;
    if (place.variables.has('status') && expression.kind !== 'cel') {
      report(
        path,
        'must be CEL: it is asked again whenever a task that it names has come further, and of nothing else it can be said which those are',
      );
      continue;
    }
    if (expression.kind === 'cel') checkSource(expression.source, path, place, outputs, report);
    if (expression.kind !== 'template') continue;
    for (const { path: inside, text } of stringsOf(expression.template)) {
      const source = celOf(text);
      if (source !== undefined) checkSource(source, [...path, ...inside], place, outputs, report);
    }
  }
}

function checkSource(
  source: string,
  path: Path,
  place: ExpressionPlace,
  outputs: OutputsInSight,
  report: Report,
): void {
  const elsewhere = (name: string): string => `'${name}' is not available here: ${WHERE[name] ?? ''}`;
  const { analysis, problems } = sourceProblems(source, place.variables, elsewhere);
  for (const problem of problems) report(path, problem);
  if (analysis === undefined) return;
  for (const id of analysis.statuses) {
    const problem = statusProblem(id, place);
    if (problem !== undefined) report(path, `status.${id}: ${problem}`);
  }
  for (const id of analysis.outputs) {
    const problem = outputs.problem(id, place);
    if (problem !== undefined) report(path, `outputs.${id}: ${problem}`);
  }
}

/** What is wrong with an expression by itself, which may read `variables`: `elsewhere` says of another that it is not there. Without `analysis` it cannot be parsed. */
export function sourceProblems(
  source: string,
  variables: ReadonlySet<string>,
  elsewhere: (name: string) => string,
): { readonly analysis?: Analysis; readonly problems: readonly string[] } {
  let analysis: Analysis;
  try {
    analysis = compile(source).analysis;
  } catch (error) {
    return { problems: [isRepriseError(error) ? error.message : String(error)] };
  }
  const large = analysis.largeIntegers.map(
    (whole) => `CEL expression ${quote(source)}: ${numberProblem(String(whole), Number(whole)) ?? ''}`,
  );
  const unknown = [...analysis.variables].filter((name) => !variables.has(name)).map(elsewhere);
  return { analysis, problems: [...large, ...unknown] };
}

/** Why a task may not be asked how far it is, if so. */
function statusProblem(id: string, { of }: ExpressionPlace): string | undefined {
  if (of === undefined) return undefined;
  if (id === of.task.id) return 'a task cannot depend on how far it is itself';
  return of.group.known.has(id)
    ? undefined
    : `there is no task '${id}' beside this one${didYouMean(id, of.group.known.keys())}`;
}

const quote = (source: string): string => (source.length > 120 ? `${source.slice(0, 117)}...` : source);

/** Where variables are that are not everywhere. */
const WHERE: Readonly<Record<string, string>> = {
  output: 'it is what a round gave, in repeat.until and in a loop, and the list so far, in forEach.until',
  completed: 'it is of the list so far, in forEach.until',
  ended: 'it is of the list so far, in forEach.until',
  total: 'it is of the list so far, in forEach.until',
  feedback:
    'it is what the round before handed on, in a loop, a segment that repeats, a block that a catch retries, or one whose tasks are gone back to',
  item: 'it is of a forEach, in the input of its task or inside its scope',
  index: 'it is of a forEach, in the input of its task or inside its scope',
  block: 'it is what a scope was handed, in the tasks of the scope',
  error: 'it is what failed, in a catch and in what a fallback is handed',
  message: 'it is the message that may be taken, in wait.message.where',
  work: 'it is what there is to do, in the conditions of a strategy',
  board: 'it is what there is so far, in the conditions of a strategy',
  bid: 'it is what somebody bids, in the conditions of a strategy',
  status: 'it is how far the tasks of a block are, in while',
};

/** Which outputs an expression may read: what comes before in its own block, and before the blocks around it. */
class OutputsInSight {
  readonly #blocks: readonly BlockPlace[];
  readonly #standIns = new Map<TaskGroup, ReadonlySet<string>>();
  #owners: ReadonlyMap<string, string> | undefined;

  constructor(blocks: readonly BlockPlace[]) {
    this.#blocks = blocks;
  }

  /** Why the output of `id` may not be read, if so. */
  problem(id: string, place: ExpressionPlace): string | undefined {
    const { block, of, clause } = place;
    const problem = of === undefined ? this.#ofBlock(id, block, clause) : this.#ofTask(id, of.group, of.task.id);
    return problem === UNKNOWN ? this.#unknown(id, block) : problem;
  }

  #ofBlock(id: string, block: BlockPlace, clause: number | undefined): string | undefined {
    const group = block.groups.find(({ known }) => known.has(id));
    if (group === undefined) return this.#outside(id, block);
    if (group !== block.main && (clause === undefined || group.clause !== clause)) return inCatch(id);
    return this.#standIn(id, group);
  }

  #ofTask(id: string, group: TaskGroup, task: string): string | undefined {
    if (group.known.has(id)) {
      if (group.isBefore(id, task)) return undefined;
      if (id === task) return `the output of '${id}' is not there before it has run; in repeat.until, use output`;
      return `'${task}' does not come after '${id}', so its output may not be there; add '${id}' to after`;
    }
    const { block } = group;
    if (group !== block.main && block.main.known.has(id)) return this.#standIn(id, block.main);
    if (block.groups.some(({ known }) => known.has(id))) return inCatch(id);
    return this.#outside(id, block);
  }

  #outside(id: string, { owner }: BlockPlace): string | undefined {
    if (owner === undefined) return UNKNOWN;
    if (id === owner.task.id) return `'${id}' is the block around it, which has no output before it has ended`;
    return this.#ofTask(id, owner.group, owner.task.id);
  }

  #standIn(id: string, group: TaskGroup): string | undefined {
    const known = this.#standIns.get(group) ?? new Set(fallbackTasks(group.tasks).keys());
    this.#standIns.set(group, known);
    return known.has(id) ? `'${id}' runs only as a fallback; read the task that it stands in for` : undefined;
  }

  #unknown(id: string, block: BlockPlace): string {
    const ids: string[] = [];
    for (let place: BlockPlace | undefined = block; place !== undefined; place = place.owner?.group.block)
      for (const { known } of place.groups) ids.push(...known.keys());
    const dotted = ids.find((other) => other.startsWith(`${id}.`));
    if (dotted !== undefined) return `there is no task '${id}'; the output of '${dotted}' is outputs["${dotted}"]`;
    const owner = this.#ownerOf(id);
    const nearest = didYouMean(id, ids);
    if (owner === undefined || nearest !== '') return `there is no task '${id}'${nearest}`;
    return `'${id}' is inside '${owner}', and a block is seen from outside only through its output`;
  }

  /** The block that has a task `id`, by the id of its own task. */
  #ownerOf(id: string): string | undefined {
    this.#owners ??= new Map(
      this.#blocks.flatMap(({ owner, groups }) =>
        owner === undefined ? [] : groups.flatMap(({ known }) => [...known.keys()].map((key) => [key, owner.task.id])),
      ),
    );
    return this.#owners.get(id);
  }
}

const UNKNOWN = 'unknown';
const inCatch = (id: string): string => `'${id}' runs only in a catch, as part of its handler`;
