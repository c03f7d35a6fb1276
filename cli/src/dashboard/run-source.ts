import {
  criticalPath,
  explainRun,
  isTerminal,
  type JsonObject,
  lookForDrivers,
  RepriseError,
  type RunFrames,
  type RunReader,
  type RunView,
  runGraph,
  runStream,
  runsWhere,
  type Storage,
  silentSummary,
  systemClock,
  type Views,
} from '@reprise/core';
import type { DashboardSource } from '@reprise/monitor-dashboard';
import { readKeptLogs } from '@reprise/monitor-log';
import { recordedHistory } from '../store/recorded-history.ts';
import type { Holds } from '../store/run-holds.ts';
import { traceOf } from '../traces/run-trace.ts';
import { readAttempts } from './read-attempts.ts';
import { readDecisions } from './read-decisions.ts';
import { eventShape, headShape, plainJson, runShape, taskShape } from './shapes.ts';
import { attemptsUsed, budgetsOf, usageOf } from './usage-of.ts';

export interface RunSourceParts {
  readonly reader: RunReader;
  readonly frames: RunFrames;
  readonly storage: Storage;
  readonly views: Views;
  readonly holds: Holds;
  /** The file of what agents log; undefined where nothing is known of one. */
  readonly logs: string | undefined;
  /** Where a trace is shown; undefined where nothing is known of that. */
  readonly traceUrl: ((traceId: string) => string) | undefined;
}

type RunSource = Pick<
  DashboardSource,
  | 'run'
  | 'history'
  | 'event'
  | 'events'
  | 'keyframe'
  | 'state'
  | 'task'
  | 'graph'
  | 'explain'
  | 'timeline'
  | 'criticalPath'
  | 'decisions'
  | 'ledger'
  | 'usage'
  | 'messages'
  | 'message'
  | 'logs'
  | 'diff'
>;

/** Characters of events that one page has, about. */
const MOST_CHARS = 1024 * 1024;

/** What the dashboard shows of one run. */
export function runSource({ reader, frames, storage, views, holds, logs, traceUrl }: RunSourceParts): RunSource {
  const { events } = storage;
  const traceShape = async (runId: string): Promise<object> => {
    const [first] = await events.read(runStream(runId), { limit: 1 });
    const traceId = first === undefined ? undefined : traceOf(runId, first);
    return { traceId, traceUrl: traceId === undefined ? undefined : traceUrl?.(traceId) };
  };
  return {
    run: async (runId) => {
      // From the index, so that a long history opens at once; its state is asked for apart.
      const { revision, event } = await reader.last(runId);
      const [row] = reader.lists ? await reader.list({ where: runsWhere('id', [runId]), limit: 1 }) : [];
      if (row === undefined)
        return plainJson({ ...headShape(await frames.state(runId)), ...(await traceShape(runId)) });
      const [first, successors] = [await reader.state(runId, 0), await reader.successors(runId, { limit: 20 })];
      const { definition, traceparent, parent, lineage } = first;
      const { from: _from, ...summary } = row;
      return plainJson({
        ...summary,
        revision,
        updatedAt: event.at,
        description: definition.description,
        strategy: definition.strategy,
        traceparent,
        ...(await traceShape(runId)),
        parent,
        lineage,
        successors: successors.map(runShape),
      });
    },
    history: async (runId, { from, limit }) => {
      const found: object[] = [];
      for await (const entry of recordedHistory(events, runId, from)) {
        if (found.length === limit) return plainJson({ events: found, next: entry.revision });
        found.push(eventShape(entry));
      }
      if (found.length === 0) await reader.last(runId); // throws when there is no such run
      return plainJson({ events: found, next: null });
    },
    event: async (runId, revision) => {
      for await (const entry of recordedHistory(events, runId, revision)) {
        const { id, data, metadata } = entry.recorded;
        if (entry.revision === revision) return plainJson({ ...eventShape(entry), id, data, metadata });
        break;
      }
      await reader.last(runId);
      throw new RepriseError('REPRISE_RUN_NOT_FOUND', `Run '${runId}' has no revision ${revision}.`);
    },
    events: async (runId, { from, limit }) => {
      const found: object[] = [];
      let chars = 0;
      for await (const { revision, event } of reader.history(runId, from)) {
        if (found.length === limit || chars > MOST_CHARS) return plainJson({ events: found, next: revision });
        found.push({ revision, event });
        chars += JSON.stringify(event).length;
      }
      return plainJson({ events: found, next: null });
    },
    keyframe: async (runId, at) => plainJson((await frames.keyframe(runId, at)) ?? { revision: -1, state: null }),
    state: async (runId, { at, prefix, limit }) => {
      const state = await frames.state(runId, at);
      const tasks: object[] = [];
      let more = 0;
      for (const [id, task] of state.tasks) {
        if (!id.startsWith(prefix)) continue;
        if (tasks.length < limit) tasks.push(taskShape(task));
        else more += 1;
      }
      return plainJson({ ...headShape(state), tasks, more });
    },
    task: async (runId, taskId, at) => {
      const state = await frames.state(runId, at);
      if (taskId === '') {
        const { status, revision, input, output, error } = state;
        return plainJson({ id: '', status, revision, input, output, error });
      }
      const task = state.tasks.get(taskId);
      if (task === undefined)
        throw noTask(state, taskId, at === undefined ? false : (await frames.state(runId)).tasks.has(taskId));
      return plainJson({ ...task, revision: state.revision });
    },
    graph: async (runId, at) => {
      const state = await frames.state(runId, at);
      const graph = runGraph(state, at === undefined ? { now: systemClock.now() } : {});
      return plainJson({ revision: state.revision, status: state.status, ...graph });
    },
    explain: async (runId, at): Promise<JsonObject> => {
      const state = await frames.state(runId, at);
      if (at !== undefined) {
        // Of then, only the history tells.
        const then = explainRun(state, { now: state.updatedAt });
        return plainJson({ ...then, waitsFor: then.waitsFor.map(({ taskId }) => taskId), agentsKnown: false });
      }
      const ended = isTerminal(state.status);
      const drivers = ended ? undefined : await lookForDrivers(storage);
      const [silent] = drivers?.silent.map(silentSummary) ?? [];
      const facts = await holds.factsOf(state, systemClock.now(), !ended);
      const { driven, draining } = drivers ?? {};
      const explained = explainRun(state, { ...facts, driven, draining, silent });
      const waitsFor = explained.waitsFor.map(({ taskId }) => taskId);
      return plainJson({ ...explained, waitsFor, driven, draining, agentsKnown: facts.takers !== undefined });
    },
    timeline: async (runId) => {
      const { revision } = await reader.last(runId);
      return plainJson({ revision, ...(await readAttempts(views, runId)) });
    },
    criticalPath: async (runId, at) => {
      const state = await frames.state(runId, at);
      const { tasks, left } = await readAttempts(views, runId);
      const now = at === undefined ? systemClock.now() : state.updatedAt;
      return plainJson({ revision: state.revision, left, ...criticalPath(state, tasks, { now }) });
    },
    decisions: async (runId, page) => {
      const found = await readDecisions(events, runId, page);
      if (found.next === 0) await reader.last(runId); // throws when there is no such run
      return plainJson(found);
    },
    ledger: async (runId, scope, at) => {
      const { revision, ledgers } = await frames.state(runId, at);
      return plainJson({ revision, ledger: ledgers.get(scope) ?? null });
    },
    usage: async (runId, { taskId, at }) => {
      const state = await frames.state(runId, at);
      const { tasks, left } = await readAttempts(views, runId);
      const until = at === undefined ? undefined : state.updatedAt;
      const { revision } = state;
      if (taskId !== undefined) {
        const attempts = Object.hasOwn(tasks, taskId) ? (tasks[taskId] ?? []) : [];
        const own = usageOf({ [taskId]: attempts }, until);
        return plainJson({ revision, ...own, attemptsUsed: attemptsUsed(attempts, until) });
      }
      return plainJson({ revision, left, ...usageOf(tasks, until), budgets: budgetsOf(state) });
    },
    messages: async (runId, { limit }) => {
      const all = await reader.messages(runId);
      const left = Math.max(0, all.length - limit);
      return plainJson({ messages: all.slice(left), left });
    },
    message: async (runId, id) => {
      // Of several of one id (it came again after it had ended), the last.
      const found = (await reader.messages(runId, { data: true })).findLast((one) => one.id === id);
      if (found === undefined)
        throw new RepriseError('REPRISE_RUN_NOT_FOUND', `Run '${runId}' has no message '${id}'.`);
      return plainJson({ data: null, ...found });
    },
    logs: async (runId, query) => {
      await reader.last(runId);
      const lines =
        logs === undefined ? undefined : readKeptLogs(logs, { runId, ...query, last: query.after === undefined });
      return plainJson({ kept: lines !== undefined, where: logs, lines: lines ?? [] });
    },
    diff: async (a, b) => plainJson(await reader.diff(a, b)),
  };
}

/** That there is no task of that id; or not yet: one that the run has `later`, that is planned, or an item of what has not begun. */
function noTask(state: RunView, taskId: string, later: boolean): RepriseError {
  const { runId, revision } = state;
  const at = `at revision ${revision}`;
  const drawn = new Set(runGraph(state).nodes.map(({ id }) => id));
  const say = (message: string): RepriseError => new RepriseError('REPRISE_TASK_UNKNOWN', message);
  if (later) return say(`Later: it has not come to be ${at}.`);
  if (drawn.has(taskId)) return say(`Planned: it has not come to be ${at}.`);
  const list = taskId.replace(/\[\d+\].*$/, '');
  const isOpen = list !== taskId && drawn.has(list) && state.tasks.get(list)?.items === undefined;
  if (isOpen && state.tasks.get(list)?.endedAt === undefined)
    return say(`'${list}' has no items ${at}: whether '${taskId}' comes to be is not known yet.`);
  return say(`Run '${runId}' has no task '${taskId}' ${at}, and none that is planned.`);
}
