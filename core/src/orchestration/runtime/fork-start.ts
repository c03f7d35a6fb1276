import type { Budget } from '../../definition/definition.ts';
import { bindDefinition } from '../../definition/recorded.ts';
import { isRepriseError, RepriseError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { enclosing } from '../../shared/task-path.ts';
import type { RunReader } from '../reading/run-reader.ts';
import { raiseProblem } from '../workflow/budgets.ts';
import type { CloseFork, StartRun } from '../workflow/commands.ts';
import type { DecisionMade, Lineage, RunEvent, RunStarted } from '../workflow/events.ts';
import { ForkPreview } from '../workflow/fork/preview.ts';
import { SourceHistory, Tail } from '../workflow/fork/source.ts';
import { hasEnded, isTerminal, type RunState, type TaskState } from '../workflow/state.ts';
import type { RegisteredWorkflow, Registry } from './registry.ts';

export interface ForkOptions {
  readonly as: 'retry' | 'fork';
  /** The last revision that is taken over. Default: where the other run took the turn to its end; of an open one the last. */
  readonly at?: number;
  /** By path: what tasks gave. */
  readonly outcomes?: Readonly<Record<string, Json>>;
  /** By path: by how much the budgets of blocks are raised. */
  readonly raised?: Readonly<Record<string, Budget>>;
  /** What a fork is handed in place of the other run's input, given its workflow. All that is done could have seen it, so nothing of the other run is taken over. */
  readonly input?: (of: Pick<RegisteredWorkflow, 'definition' | 'hash'>) => Promise<Json>;
}

/** How a run that goes on from another one is started, and what would become of it. */
export interface PlannedFork {
  readonly start: Pick<
    StartRun,
    | 'definition'
    | 'definitionHash'
    | 'input'
    | 'inputFrom'
    | 'tenant'
    | 'labels'
    | 'strategies'
    | 'budget'
    | 'lineage'
    | 'rules'
  >;
  /** The other run as it is now. */
  readonly source: RunState;
  /** The new one as it would begin. */
  readonly begins: RunState;
  /** At-most-once tasks that it would do again; of child runs behind the path of their task and `//`. */
  readonly again: readonly string[];
}

type Facts = Pick<CloseFork, 'failed' | 'undone' | 'late' | 'signals' | 'mended'>;

/**
 * Reads the other run, once, and keeps its events until it is known where it is left. Throws REPRISE_RUN_NOT_FOUND; REPRISE_RUN_FORKING while
 * that one is itself being made; REPRISE_COMMAND_INVALID or REPRISE_WORKFLOW_UNKNOWN when it cannot be gone on from.
 */
export async function planFork(
  reader: RunReader,
  registry: Registry,
  runId: string,
  options: ForkOptions,
): Promise<PlannedFork> {
  const history = new SourceHistory();
  const events: RunEvent[] = [];
  for await (const { event } of reader.history(runId)) {
    events.push(event);
    history.fold(event);
  }
  const source = history.state;
  const [first] = events;
  if (first?.type !== 'RunStarted') throw invalid(`The history of run '${runId}' does not begin with its start.`);
  assertWhole(source, first, events);
  const cut = options.at ?? history.cut()?.revision ?? source.revision;
  if (!Number.isSafeInteger(cut) || cut < 0 || cut > source.revision)
    throw invalid(`Run '${runId}' has the revisions 0 to ${source.revision}; ${cut} is none of them.`);
  const workflow = definitionToFork(registry, first);
  const { definition, hash } = workflow;
  const edited = await options.input?.(workflow);
  const lineage: Lineage = {
    runId,
    // The end itself is never taken over.
    revision: edited !== undefined ? 0 : isTerminal(source.status) ? Math.min(cut, source.revision - 1) : cut,
    as: options.as,
    ...(edited === undefined ? keysOf(first) : { edited: true }),
    ...(options.outcomes === undefined ? {} : { outcomes: options.outcomes }),
    ...(options.raised === undefined ? {} : { raised: options.raised }),
  };
  const { inputFrom, tenant, labels, strategies, budget, rules = 1 } = first;
  const input = edited === undefined ? first.input : edited;
  const place = {
    ...(inputFrom === undefined || edited !== undefined ? {} : { inputFrom }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(labels === undefined ? {} : { labels }),
    ...(strategies === undefined ? {} : { strategies }),
    ...(budget === undefined ? {} : { budget }),
  };
  const start = { definition, definitionHash: hash, input, ...place, lineage, rules };
  const preview = new ForkPreview({ type: 'StartRun', commandId: '', runId: 'preview', ...start });
  const tail = new Tail();
  for (const [revision, event] of events.entries()) {
    if (revision > lineage.revision) tail.note(event);
    else if (revision > 0) preview.copy(event);
  }
  assertOpenAt(preview.state, lineage);
  if (options.as === 'fork' && edited === undefined) assertDecisionWhole(events, lineage);
  const facts = factsOf(options.as, history, tail, hash);
  assertOutcomes(preview.state, options.outcomes ?? {});
  const begins = preview.close(facts);
  assertRaised(begins, options.raised ?? {});
  const made = history.made.again(lineage.revision, preview.reset, facts.undone, Object.keys(options.outcomes ?? {}));
  const again = new Set(made.tasks);
  for (const { taskId, child } of made.children)
    for (const inner of await madeIn(reader, child)) again.add(`${taskId}//${inner}`);
  for (const task of begins.tasks.values()) {
    if (task.retries === undefined || hasEnded(task)) continue;
    for (const inner of await againInChild(reader, registry, task.retries)) again.add(`${task.id}//${inner}`);
  }
  return { start, source, begins, again: [...again] };
}

/** What the new run is told once it has the history. A fork is told nothing that stands behind the start of the other. */
export async function factsFor(
  reader: RunReader,
  { runId, revision, as = 'fork' }: Lineage,
  definitionHash: string,
): Promise<Facts> {
  const history = new SourceHistory();
  const tail = new Tail();
  for await (const entry of reader.history(runId)) {
    history.fold(entry.event);
    if (as === 'fork') break;
    if (entry.revision > revision) tail.note(entry.event);
  }
  return factsOf(as, history, tail, definitionHash);
}

/** A fork goes on from a moment; what came of it later is not its business. */
function factsOf(as: 'retry' | 'fork', history: SourceHistory, tail: Tail, definitionHash: string): Facts {
  const mended = history.state.definitionHash !== definitionHash;
  return as === 'fork'
    ? { failed: [], undone: [], late: [], signals: [], mended }
    : { failed: history.cut()?.failed ?? [], ...tail.result(), mended };
}

/** Codes of a child run that was never started, or cannot be gone on from: nothing of it is done again. */
const NOTHING_AGAIN: ReadonlySet<string> = new Set([
  'REPRISE_RUN_NOT_FOUND',
  'REPRISE_COMMAND_INVALID',
  'REPRISE_WORKFLOW_UNKNOWN',
]);

async function againInChild(reader: RunReader, registry: Registry, child: string): Promise<readonly string[]> {
  try {
    return (await planFork(reader, registry, child, { as: 'retry' })).again;
  } catch (error) {
    if (isRepriseError(error) && NOTHING_AGAIN.has(error.code)) return [];
    throw error;
  }
}

/** The at-most-once tasks that a run has made, and its child runs. */
async function madeIn(reader: RunReader, runId: string): Promise<readonly string[]> {
  const history = new SourceHistory();
  try {
    for await (const { event } of reader.history(runId)) history.fold(event);
  } catch (error) {
    // It was never started.
    if (isRepriseError(error, 'REPRISE_RUN_NOT_FOUND')) return [];
    throw error;
  }
  const { tasks, children } = history.made.all;
  const inner: string[] = [];
  for (const { taskId, child } of children)
    for (const id of await madeIn(reader, child)) inner.push(`${taskId}//${id}`);
  return [...tasks, ...inner];
}

/** What the idempotency keys of a run that goes on from another one go on to begin with. */
const keysOf = ({ runId, lineage, parent }: RunStarted): Pick<Lineage, 'origin' | 'keys'> => ({
  origin: lineage?.origin ?? parent?.key ?? runId,
  ...(lineage?.keys === undefined ? {} : { keys: lineage.keys }),
});

/** The registered one, so that what was mended counts; else the recorded one, when it is data only. */
function definitionToFork(
  registry: Registry,
  { definition, definitionHash }: RunStarted,
): Pick<RegisteredWorkflow, 'definition' | 'hash'> {
  const { name, version } = definition;
  const needsCode = bindDefinition(definition, undefined).missing.length > 0;
  if (needsCode || registry.registered(name, version) !== undefined) return registry.workflow(name, version);
  return { definition, hash: definitionHash };
}

/** A run that is a retry or a fork itself has its history from the moment that it was closed on. */
function assertWhole(
  { runId, status, revision }: RunState,
  { lineage }: RunStarted,
  events: readonly RunEvent[],
): void {
  if (lineage?.as === undefined || events.some((event) => event.type === 'RunForked' && event.runId === runId)) return;
  if (status === 'forking') {
    const message = `The history of '${lineage.runId}' is still being copied into run '${runId}' (${revision} of ${lineage.revision} events are there); try again in a moment.`;
    throw new RepriseError('REPRISE_RUN_FORKING', message, { details: { runId } });
  }
  throw invalid(
    `Run '${runId}' ended before the history that it goes on from was there: go on from run '${lineage.runId}'.`,
  );
}

function assertOpenAt(state: RunState, { revision, as, runId }: Lineage): void {
  if (as === 'fork' && state.closing !== undefined)
    throw invalid(`Run '${runId}' was about to end at revision ${revision}: choose an earlier one.`);
  const undoing = [...state.tasks.values()].find((task) => task.undoes !== undefined && !hasEnded(task));
  if (as === 'fork' && undoing !== undefined)
    throw invalid(`'${undoing.undoes?.taskId}' was being undone at revision ${revision}: choose another one.`);
}

/** A team that goes on with a decision, and without what that led to, would wait for what never comes. */
function assertDecisionWhole(events: readonly RunEvent[], { revision, runId }: Lineage): void {
  const begin = events.findLastIndex(({ type }, index) => index <= revision && type === 'DecisionMade');
  const made = events[begin];
  const rest = events.slice(begin + 1, revision + 2);
  if (made?.type !== 'DecisionMade' || revision + 1 >= events.length) return;
  if (!rest.every((event) => isLedToBy(made, event))) return;
  let end = revision + 1;
  for (let next = events[end + 1]; next !== undefined && isLedToBy(made, next); next = events[end + 1]) end += 1;
  throw invalid(
    `Run '${runId}' was within a decision of a team at revision ${revision}: it begins with ${begin} and goes to ${end}. Choose ${begin - 1} or ${end}.`,
  );
}

/** Whether an event, directly behind a decision, is part of what that led to. */
function isLedToBy({ kind, n, tasks = [] }: DecisionMade, event: RunEvent): boolean {
  if (kind === 'assign') return event.type === 'TaskScheduled' && tasks.includes(event.taskId);
  if (kind === 'drop')
    return event.type === 'TaskCancelled'
      ? event.reason === 'team'
      : event.type === 'TaskClosing' && event.why === 'team';
  return 'decidedBy' in event && event.decidedBy === n;
}

function assertOutcomes(state: RunState, outcomes: Readonly<Record<string, Json>>): void {
  for (const id of Object.keys(outcomes)) {
    const why = noOutcomeFor(state, id);
    if (why !== undefined) throw invalid(`'${id}' can be given no outcome: ${why}.`);
  }
}

function assertRaised(begins: RunState, raised: Readonly<Record<string, Budget>>): void {
  for (const [path, by] of Object.entries(raised)) {
    const why = raiseProblem(begins, path, by);
    if (why !== undefined) throw invalid(`The budget cannot be raised at that point of the run: ${why}.`);
  }
}

/** Why what a task gave at that point of a run cannot be said; undefined when it can. */
function noOutcomeFor(state: RunState, id: string): string | undefined {
  const task = state.tasks.get(id);
  if (task === undefined) {
    const like = [...state.tasks.keys()].find((other) => other.endsWith(`/${id}`));
    return `there is no such task at that point of the run${like === undefined ? '' : ` (did you mean '${like}'?)`}`;
  }
  const { fallbackFor, undoes } = state.graph.node(task.definitionId) ?? {};
  if (fallbackFor !== undefined) return `it only stands in for '${fallbackFor}', so give that one`;
  if (undoes !== undefined) return `it undoes '${undoes}'`;
  if (task.closing !== undefined) return 'it was about to end, so go on from an earlier point';
  for (let at = enclosing(id); at !== undefined; at = enclosing(at)) {
    const around = state.tasks.get(at);
    if (around !== undefined && hasEnded(around)) return `it is inside '${at}', which has ended, so give that one`;
    if (around?.closing !== undefined)
      return `it is inside '${at}', which was about to end, so give that one, or go on from an earlier point`;
  }
  if (!state.scopes.has(task.scope))
    return `it is inside '${task.scope}', for which something else stands in, so give that one`;
  const handled = handledAround(state, task);
  return handled === undefined
    ? undefined
    : `the failure of '${handled}' was being handled, so go on from an earlier point`;
}

/** The task whose failure a block around `task` had caught, unless `task` is part of what handles it. */
function handledAround(state: RunState, task: TaskState): string | undefined {
  for (let at: TaskState | undefined = task; at !== undefined; at = state.tasks.get(at.scope)) {
    const handling = state.scopes.get(at.scope)?.handling;
    if (handling !== undefined && state.graph.node(at.definitionId)?.clause === undefined) return handling.taskId;
    if (at.scope === '') return undefined;
  }
  return undefined;
}

const invalid = (message: string): RepriseError =>
  new RepriseError('REPRISE_COMMAND_INVALID', message, {
    fix: '`reprise run history` numbers the events, `reprise run show` lists the tasks: choose among them.',
  });
