import {
  BUDGETS,
  bindDefinition,
  compatOf,
  diffRuns,
  EVENT_VERSIONS,
  encodeEvent,
  type Json,
  type JsonObject,
  type RecordedPlace,
  type RunEvent,
  runToMermaid,
  type SourceOf,
  UntrustedHistory,
  type Usage,
  uuidv5,
} from '@reprise/core';
import { type Command, seededRandom } from '@reprise/core/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { inUnits } from '../../core/src/definition/definition.ts';
import { useOf } from '../../core/src/orchestration/workflow/budgets.ts';
import { FROM_OUTSIDE, type Timer } from '../../core/src/orchestration/workflow/commands.ts';
import { decide } from '../../core/src/orchestration/workflow/decide.ts';
import { stateDigest } from '../../core/src/orchestration/workflow/digest/state-digest.ts';
import { evolve } from '../../core/src/orchestration/workflow/evolve.ts';
import { SourceHistory, Tail } from '../../core/src/orchestration/workflow/fork/source.ts';
import { handle, isRefused } from '../../core/src/orchestration/workflow/handle.ts';
import { dueAt } from '../../core/src/orchestration/workflow/limits.ts';
import { readyTasks } from '../../core/src/orchestration/workflow/ready-tasks.ts';
import { settle } from '../../core/src/orchestration/workflow/settle.ts';
import { recordedInput } from '../../core/src/orchestration/workflow/sources/recorded-place.ts';
import { walk as walkTo } from '../../core/src/orchestration/workflow/sources/walk.ts';
import { initialState, isTerminal, type RunState } from '../../core/src/orchestration/workflow/state.ts';
import { restoreState, serializeState } from '../../core/src/orchestration/workflow/state-codec.ts';
import { viewOf } from '../../core/src/orchestration/workflow/view-of.ts';
import { circlesOf } from './support/circles.ts';
import { ALL_AGENTS, explainErrors, FEW_AGENTS } from './support/explain-checks.ts';
import { checkHistory } from './support/history-checks.ts';
import { randomAddition } from './support/random-addition.ts';
import { randomBetween } from './support/random-between.ts';
import { randomChange } from './support/random-change.ts';
import { randomDirectives } from './support/random-directives.ts';
import { randomMail } from './support/random-mail.ts';
import { randomDecide } from './support/random-team.ts';
import { LISTED, toWorkflow, type WorkflowSpec, workflowArbitrary } from './support/random-workflow.ts';
import { snapshotLines } from './support/snapshot-lines.ts';

const RUN = 'run-1';
const START = 1_000_000;

/** What snapshots share; a new one each time, as from an agent. */
const large = () => ({ a: { b: ['x'.repeat(1100)] } });

/** Throws dice about what happens next: mostly what a run would see, sometimes what it should never see. */
function randomCommand(state: RunState, commandId: string, dice: () => number): Command {
  const base = { commandId, runId: RUN };
  const ids = [...state.tasks.keys(), 'nobody', 't0.99'];
  const pick = <T>(from: readonly T[]): T => from[Math.floor(dice() * from.length)] as T;
  const open = [...state.tasks.values()].filter(({ status }) => status === 'scheduled' || status === 'running');
  const task = open.length > 0 && dice() < 0.8 ? pick(open) : state.tasks.get(pick(ids));
  const taskId = task?.id ?? 'nobody';
  const attempt = dice() < 0.85 ? (task?.attempt ?? 1) : Math.floor(dice() * 4);
  if (dice() < 0.05) return { type: 'AddTasks', ...base, ...randomAddition(state, dice) };
  if (state.teams.size > 0 && dice() < 0.25) return { ...base, ...randomDecide(state, dice) } as Command;
  if (dice() < 0.08) return { ...base, ...randomBetween(state, commandId, dice) } as Command;
  if (dice() < 0.2) return { ...base, ...randomMail(state, commandId, dice) } as Command;
  const asking = [...state.tasks.values()].filter(({ asks }) => asks !== undefined);
  if (asking.length > 0 && dice() < 0.3) {
    const { id } = pick(asking);
    const raise = dice() < 0.9 ? Math.ceil(dice() * 60) : 0.5;
    const answer = pick([{ decision: 'approve', raise }, { decision: 'approve', raise }, { decision: 'reject' }]);
    return { type: 'AnswerForm', ...base, taskId: id, answer: answer as Json };
  }
  if (dice() < 0.05) {
    const forms = open.filter(
      ({ definitionId }) => state.graph.node(definitionId)?.definition.wait?.form !== undefined,
    );
    const form = forms.length > 0 ? pick(forms).id : taskId;
    if (dice() < 0.3) return { type: 'AssignForm', ...base, taskId: form, to: pick(['kim', 'ann']) };
    return { type: 'AnswerForm', ...base, taskId: form, answer: pick([{ ok: true }, { ok: 'no' }, null]) };
  }
  const [mutex] = state.shared;
  if (mutex !== undefined && dice() < 0.1) {
    const asks = dice() < 0.9 ? (state.mutexes.get(mutex)?.[0] ?? taskId) : taskId;
    const never = { code: 'REPRISE_MUTEX_DEADLOCK', message: 'm', retryable: false };
    return { type: 'GrantMutex', ...base, taskId: asks, mutex, ...(dice() < 0.1 ? { refused: never } : {}) };
  }
  if (dice() < 0.06) return { ...base, ...randomChange(state, dice) } as Command;
  if (dice() < 0.04) {
    const lists = [...state.tasks.values()].filter(({ items }) => items !== undefined).map(({ id }) => id);
    const more = [large(), commandId].slice(0, 1 + Math.floor(dice() * 2));
    return {
      type: 'AddItems',
      ...base,
      taskId: pick(dice() < 0.9 && lists.length > 0 ? lists : ids),
      items: more,
    };
  }
  const roll = dice();
  if (roll < 0.35) {
    const chosen = dice() < 0.9 ? [...readyTasks(state)].map(({ id }) => id) : ids;
    const some = chosen
      .filter(() => dice() < 0.7)
      .map((id) => ({
        taskId: id,
        agent: pick(['worker', 'helper']),
        ...(dice() < 0.5 ? { maxUsage: { tokens: 20, cost: 0.00002 } } : {}),
      }));
    return { type: 'ScheduleTasks', ...base, strategy: 'random', assignments: some };
  }
  if (roll < 0.42) return { type: 'StartTask', ...base, taskId, attempt, worker: 'w' };
  if (roll < 0.65)
    return {
      type: 'CompleteTask',
      ...base,
      taskId,
      attempt,
      output: pick([null, 1, 22, 'text', [1], { a: 1 }, large()]),
      ...randomDirectives(state, task, dice),
      ...randomUsage(state, dice),
    };
  if (roll < 0.8) {
    const error = { code: pick(['BOOM', 'FATAL']), message: 'm', retryable: dice() < 0.8 };
    const lost = dice() < 0.2 ? { lost: true } : {};
    return { type: 'FailTask', ...base, taskId, attempt, error, ...lost, ...randomUsage(state, dice) };
  }
  if (roll < 0.83) return { type: 'SendSignal', ...base, signal: pick(['go', 'stop']), data: { n: commandId } };
  if (roll < 0.87) {
    const failed = { code: pick(['BOOM', 'FATAL']), message: 'm', retryable: dice() < 0.8 };
    const outcome = pick([
      { status: 'completed', output: 7 } as const,
      { status: 'failed', error: failed } as const,
      { status: 'cancelled' } as const,
    ]);
    const running = dice() < 0.9 ? state.tasks.get(pick([...state.awaited]) ?? taskId) : task;
    const child = running?.child ?? 'nobody';
    return {
      type: 'EndChild',
      ...base,
      taskId: running?.id ?? taskId,
      attempt: running?.attempt ?? attempt,
      child,
      outcome,
      ...(running?.allotted !== undefined &&
        dice() < 0.7 && { spent: { tokens: Math.floor(dice() * 40), attempts: 1 } }),
    };
  }
  if (roll < 0.95) {
    const timer: Timer =
      state.teams.size > 0 && dice() < 0.2
        ? { kind: 'team', scope: pick([...state.teams.keys()]) }
        : dice() < 0.9
          ? { kind: pick(['retry', 'attempt', 'wake'] as const), taskId, attempt }
          : {
              kind: pick(['task', 'all'] as const),
              taskId: dice() < 0.5 ? taskId : (task?.definitionId ?? taskId),
              since: task?.firstScheduledAt ?? 0,
            };
    const at = dice() < 0.9 ? Number.MAX_SAFE_INTEGER : START;
    return { type: 'FireTimer', ...base, timer: dice() < 0.01 ? { kind: 'run' } : timer, at };
  }
  if (roll < 0.97) return { type: 'RetryTasks', ...base, ...(dice() < 0.5 ? { taskId } : {}) };
  const by = state.parent !== undefined && dice() < 0.5 ? ({ by: 'parent' } as const) : {};
  if (roll < 0.983) return { type: 'PauseRun', ...base, ...by };
  if (roll < 0.985) {
    const rested = { until: START * START, failures: 3 };
    return { type: 'NoteAgent', ...base, agent: 'worker', ...(roll < 0.984 ? { rested } : {}) };
  }
  if (roll < 0.988) {
    const error = { code: 'REPRISE_UNDECIDABLE', message: 'dice', retryable: false };
    return { type: 'ParkRun', ...base, error, command: 'FireTimer' };
  }
  if (roll < 0.999) return { type: 'ResumeRun', ...base, ...by };
  return { type: 'CancelRun', ...base, reason: 'dice', ...(dice() < 0.5 ? { compensate: false } : {}) };
}

/** What an agent reports, mostly, of a run that meters: sometimes more than it may use. */
function randomUsage(state: RunState, dice: () => number): { readonly usage?: Usage } {
  if (![...state.budgets.values()].some(({ meters }) => meters !== undefined) || dice() < 0.3) return {};
  const amount = (): number => Math.floor(dice() * 30);
  return { usage: dice() < 0.2 ? { tokens: amount() } : { tokens: amount(), cost: amount() } };
}

/** Of every other run. */
const parent = { runId: 'run-0', taskId: 'child', attempt: 1, rootRunId: 'run-0', depth: 1 };

interface Walk {
  readonly events: readonly RunEvent[];
  /** The serialised live state after every event. */
  readonly live: readonly string[];
  readonly state: RunState;
}

/**
 * A random run of a random workflow, all that can be recorded by reference recorded so by default. Its live state kept after every single fold, and
 * looked at; also when nothing more follows by itself. Of every third, it is that of a run that goes on from it.
 */
function walk(
  spec: WorkflowSpec,
  seed: number,
  steps: number,
  look?: (state: RunState, atRest: boolean) => void,
  inlineChars = 0,
): Walk {
  const dice = seededRandom(seed);
  const { definition, hash } = toWorkflow(spec);
  let state = initialState();
  let events: RunEvent[] = [];
  let live: string[] = [];
  let now = START;
  const send = (command: Command): void => {
    const context = { now, random: dice, maxPayloadChars: 5000, inlineChars };
    const fold = (added: readonly RunEvent[]): void => {
      for (const event of added) {
        evolve(state, event);
        events.push(event);
        live.push(serializeState(state));
        look?.(state, false);
      }
    };
    // The same as handle(), fold by fold.
    const closed = isTerminal(state.status) || (state.status === 'none' && command.type !== 'StartRun');
    const decided = decide(state, command, context);
    if (closed || decided.length === 0 || isRefused(command, decided, state.status)) return;
    fold(decided);
    for (let more = settle(state, context); more.length > 0; more = settle(state, context)) fold(more);
    look?.(state, true);
  };
  send({
    type: 'StartRun',
    commandId: 'start',
    runId: RUN,
    definition,
    definitionHash: hash,
    input: { n: seed, ...LISTED },
    ...(seed % 2 === 0 ? { parent } : {}),
  });
  const stroll = (name: string): void => {
    for (let step = 0; step < steps; step += 1) {
      now += Math.floor(dice() * 3);
      const command = randomCommand(state, `${name}${step}`, dice);
      // Some come from another process, which waits for an answer in the history.
      const isOfClient = step % 5 === 0 && FROM_OUTSIDE.has(command.type);
      send(isOfClient ? { ...command, sender: { client: 'other', verified: false } } : command);
    }
  };
  stroll('c');
  const fork = seed % 3 === 0 ? forkOf(events, dice) : undefined;
  if (fork === undefined) return { events, live, state };
  now += 1000;
  [state, events, live] = [initialState(), [], []];
  const start = { definition, definitionHash: hash, input: { n: seed, ...LISTED }, lineage: fork.lineage };
  send({ type: 'StartRun', commandId: 'start-2', runId: 'run-2', ...start });
  for (const page of [fork.copied.slice(0, 5), fork.copied.slice(5)])
    send({ type: 'CopyEvents', commandId: 'copy', runId: 'run-2', from: state.revision + 1, events: page });
  send({ type: 'CloseFork', commandId: 'close', runId: 'run-2', ...fork.facts });
  stroll('d');
  return { events, live, state };
}

/** How a run goes on from one that has these events: from its end, or from any point that is not the middle of its end. */
function forkOf(events: readonly RunEvent[], dice: () => number) {
  const history = new SourceHistory();
  const closing: boolean[] = [];
  for (const event of events) {
    history.fold(event);
    closing.push(history.state.closing !== undefined);
  }
  const as = history.state.status !== 'completed' && history.cut() !== undefined ? 'retry' : 'fork';
  const last = Math.floor(dice() * (events.length - 1));
  const revision = as === 'retry' ? (history.cut()?.revision ?? 0) : closing[last] === true ? 0 : last;
  const tail = new Tail();
  for (const event of events.slice(revision + 1)) tail.note(event);
  const none = { failed: [], undone: [], late: [], signals: [] };
  return {
    lineage: { runId: RUN, revision, as, origin: RUN } as const,
    copied: events.slice(1, revision + 1),
    facts: as === 'fork' ? none : { failed: history.cut()?.failed ?? [], ...tail.result() },
  };
}

const asStored = (event: RunEvent): RunEvent => JSON.parse(JSON.stringify(event)) as RunEvent;
const withoutDefinition = (text: string): string => {
  const lines = snapshotLines(text).map((line) =>
    'fields' in line ? { ...line, fields: { ...(line.fields as object), definition: 0 } } : line,
  );
  return JSON.stringify(lines);
};

/** How a value was recorded, and what that counts. */
const RECORDING: ReadonlySet<string> = new Set(['held', 'source']);
const withoutRecording = (text: string): string =>
  JSON.stringify(snapshotLines(text), (key, value: unknown) => (RECORDING.has(key) ? undefined : value));

/** What stands in events at such places. */
function standingAt(events: readonly JsonObject[], source: SourceOf<RecordedPlace>): Json | undefined {
  if ('value' in source) return source.value;
  if ('runId' in source) return walkTo(events[source.revision], source.path);
  if ('list' in source) return source.list.map((one) => standingAt(events, one) ?? null);
  const fields = Object.entries(source.fields).map(([key, one]) => [key, standingAt(events, one) ?? null] as const);
  return Object.fromEntries(fields);
}

/** Where a view differs from the state that it is of, as texts. */
function viewErrors(state: RunState): readonly string[] {
  const view = viewOf(state);
  const wrong: string[] = [];
  const compare = (what: string, seen: object, real: object): void => {
    for (const [key, value] of Object.entries(seen)) {
      if (
        ![
          'tasks',
          'mailboxes',
          'subscriptions',
          'budgets',
          'items',
          'yielded',
          'form',
          'undoes',
          'added',
          'addedBy',
          'putBehind',
          'takenFrom',
          'priority',
          'pausedBy',
          'labels',
          'ledgers',
        ].includes(key) &&
        value !== (real as Record<string, unknown>)[key]
      )
        wrong.push(`${what}.${key}`);
    }
  };
  compare('run', view, state);
  for (const [path, budget] of view.budgets)
    for (const kind of BUDGETS) {
      const scope = state.scopes.get(path);
      const use = scope === undefined ? undefined : useOf(scope, kind);
      const { spent, reserved = 0 } = budget[kind] ?? {};
      if (
        spent !== undefined &&
        (spent !== inUnits(kind, use?.spent ?? 0) || reserved !== inUnits(kind, use?.reserved ?? 0))
      )
        wrong.push(`budget of '${path}'`);
    }
  const held = isTerminal(state.status) ? [] : (state.pausedBy ?? []);
  const ledgers = [...state.teams].map(([path, { team }]) => [path, team?.ledger]);
  if (JSON.stringify([...view.ledgers]) !== JSON.stringify(ledgers)) wrong.push('run.ledgers');
  if (JSON.stringify(view.labels) !== JSON.stringify(state.labels ?? {})) wrong.push('run.labels');
  if (view.pausedBy.join() !== held.join()) wrong.push('run.pausedBy');
  if (JSON.stringify([...view.tasks.keys()]) !== JSON.stringify([...state.tasks.keys()])) wrong.push('tasks');
  for (const [id, task] of view.tasks) {
    const real = state.tasks.get(id);
    if (real === undefined || (task.items === undefined) !== (real.items === undefined)) wrong.push(`${id}.items`);
    if (task.undoes !== (real?.undoes !== undefined)) wrong.push(`${id}.undoes`);
    const retryAt = real?.status === 'waiting' && real.asks === undefined ? dueAt(state, real) : undefined;
    const because = (status: string) => (real?.status === status ? real.because : undefined);
    const overridden = because('completed') === 'override';
    const ends = { skippedBecause: because('skipped'), cancelledBecause: because('cancelled'), overridden };
    compare(id, task, { ...real, ...ends, retryAt });
    compare(`${id}.items`, task.items ?? {}, real?.items ?? {});
  }
  if (!runToMermaid(view).startsWith('flowchart TD\n')) wrong.push('its picture');
  return wrong;
}

const walks = fc.tuple(workflowArbitrary, fc.integer(), fc.integer({ min: 0, max: 120 }));

describe('the heart, for any workflow and any commands', () => {
  it('is shown in all its events by these walks', () => {
    const seen = new Map<string, number>();
    for (const [spec, seed, steps] of fc.sample(walks, { numRuns: 1300, seed: 7 })) {
      for (const { type } of walk(spec, seed, steps).events) seen.set(type, (seen.get(type) ?? 0) + 1);
    }
    // What only older builds record, and what is rare.
    const adopted = ['TaskRepeated', 'TaskAdopted'];
    expect([...seen.keys()].filter((type) => !adopted.includes(type)).sort()).to.deep.equal(
      Object.keys(EVENT_VERSIONS)
        .filter((type) => !adopted.includes(type))
        .sort(),
    );
  });

  it('replays every prefix to the state that was live then', () => {
    fc.assert(
      fc.property(walks, ([spec, seed, steps]) => {
        const { events, live } = walk(spec, seed, steps);
        const replica = initialState();
        for (const [index, event] of events.entries()) {
          evolve(replica, asStored(event));
          expect(withoutDefinition(serializeState(replica)), `revision ${index}`).to.equal(
            withoutDefinition(live[index] ?? ''),
          );
        }
      }),
      { numRuns: 400 },
    );
  });

  it('keeps every rule of a history', () => {
    fc.assert(
      fc.property(walks, ([spec, seed, steps]) => {
        checkHistory(walk(spec, seed, steps).events);
      }),
      { numRuns: 600 },
    );
  });

  it('is seen as it is at every moment, and goes on as if nobody had looked', () => {
    fc.assert(
      fc.property(walks, ([spec, seed, steps]) => {
        const looked = walk(spec, seed, steps, (state) => expect(viewErrors(state)).to.deep.equal([]));
        expect(looked.live).to.deep.equal(walk(spec, seed, steps).live);
      }),
      { numRuns: 200 },
    );
  });

  it('is explained at every moment: one reason for each open task, and something that moves a run at rest', () => {
    fc.assert(
      fc.property(walks, ([spec, seed, steps]) => {
        const looked = walk(spec, seed, steps, (state, atRest) => {
          for (const takers of [undefined, ALL_AGENTS, FEW_AGENTS])
            expect(explainErrors(state, { now: START, takers }, atRest).join('; ')).to.equal('');
        });
        expect(looked.live).to.deep.equal(walk(spec, seed, steps).live);
      }),
      { numRuns: 200 },
    );
  });

  it('is no different from itself, parts from what it was before where it goes on, and can go on with what it was started with', () => {
    fc.assert(
      fc.property(walks, ([spec, seed, steps]) => {
        const { events } = walk(spec, seed, steps);
        const same = diffRuns(events, events);
        expect([same.parting, same.differences, same.onlyA, same.onlyB]).to.deep.equal([undefined, [], [], []]);
        expect(same.a).to.deep.equal(same.b);
        const before = events.slice(0, Math.ceil(events.length / 2));
        const [grown, shrunk] = [diffRuns(before, events), diffRuns(events, before)];
        expect(shrunk.onlyA).to.deep.equal(grown.onlyB);
        expect(shrunk.differences.map(({ a, b, ...rest }) => ({ ...rest, a: b, b: a }))).to.have.deep.members(
          grown.differences.map((one) => ({ ...one })),
        );
        const parted = grown.differences.length + grown.onlyA.length + grown.onlyB.length > 0;
        expect(grown.parting !== undefined).to.equal(parted);
        const compat = compatOf(before, [toWorkflow(spec)]);
        expect(compat).to.deep.include({ definition: 'same', changes: [], missing: [], fork: undefined });
        expect(compatOf(before, []).missing).to.deep.equal(
          bindDefinition(toWorkflow(spec).definition, undefined).missing,
        );
      }),
      { numRuns: 200 },
    );
  });

  it('has no tasks that wait for each other in a circle', () => {
    fc.assert(
      fc.property(walks, ([spec, seed, steps]) => {
        walk(spec, seed, steps, (state) => expect(circlesOf(state)).to.deep.equal([]));
      }),
      { numRuns: 200 },
    );
  });

  it('is taken back from outside, whatever happened to it', () => {
    fc.assert(
      fc.property(walks, ([spec, seed, steps]) => {
        const { events, state } = walk(spec, seed, steps);
        const history = new UntrustedHistory(state.runId);
        for (const [revision, event] of events.entries()) {
          const id = uuidv5('walk', String(revision));
          const metadata = { causationId: 'c', correlationId: RUN, schemaVersion: 1 };
          const record = JSON.parse(JSON.stringify({ revision, id, ...encodeEvent(event), metadata }));
          expect(history.add(record), `revision ${revision}`).to.equal(undefined);
        }
        expect(history.end()).to.equal(undefined);
      }),
      { numRuns: 400 },
    );
  });

  it('restores every snapshot to the state it was taken of, and goes on from it like the run itself', () => {
    fc.assert(
      fc.property(walks, fc.integer(), ([spec, seed, steps], next) => {
        const { state, live } = walk(spec, seed, steps);
        for (const text of live) {
          const copy = restoreState(text, (recorded) => recorded);
          expect(serializeState(copy)).to.equal(text);
        }
        const { definition } = toWorkflow(spec);
        const copy = restoreState(serializeState(state), (recorded) => bindDefinition(recorded, definition).definition);
        expect(stateDigest(copy)).to.equal(stateDigest(state));
        const dice = seededRandom(next);
        for (let step = 0; step < 20; step += 1) {
          const command = randomCommand(state, `next${step}`, dice);
          const context = (rolls: number) => ({
            // No earlier than anything in the history: what has expired would be there again.
            now: START + 2000,
            random: seededRandom(rolls),
            maxPayloadChars: 5000,
            inlineChars: 0,
          });
          expect(handle(copy, command, context(step))).to.deep.equal(handle(state, command, context(step)));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('is the same run whether values are recorded or where they are from', () => {
    let referred = 0;
    fc.assert(
      fc.property(walks, ([spec, seed, steps]) => {
        const byReference = walk(spec, seed, steps);
        const inline = walk(spec, seed, steps, undefined, Number.POSITIVE_INFINITY);
        referred += byReference.events.filter((event) => 'source' in event).length;
        expect(inline.events.filter((event) => 'source' in event)).to.deep.equal([]);
        expect(byReference.events.map(({ type }) => type)).to.deep.equal(inline.events.map(({ type }) => type));
        expect(byReference.live.map(withoutRecording)).to.deep.equal(inline.live.map(withoutRecording));
        expect(stateDigest(byReference.state)).to.equal(stateDigest(inline.state));
      }),
      { numRuns: 200 },
    );
    expect(referred).to.be.greaterThan(200);
  });

  it('says of every input in which events it stands', () => {
    let found = 0;
    fc.assert(
      fc.property(walks, ([spec, seed, steps]) => {
        const said: { readonly place: SourceOf<RecordedPlace>; readonly input: string }[] = [];
        const { events } = walk(spec, seed, steps, (state) => {
          // The run that goes on from this one begins.
          if (state.revision === 0) said.length = 0;
          for (const task of state.tasks.values()) {
            const place = recordedInput(state, task, 0);
            if (place !== undefined) said.push({ place, input: JSON.stringify(task.input) });
          }
        });
        const stored = events.map((event) => encodeEvent(event).data);
        for (const { place, input } of said) expect(JSON.stringify(standingAt(stored, place))).to.equal(input);
        found += said.length;
      }),
      { numRuns: 200 },
    );
    expect(found).to.be.greaterThan(1000);
  });

  it('never throws, and changes nothing in deciding', () => {
    fc.assert(
      fc.property(walks, fc.integer(), ([spec, seed, steps], next) => {
        const { state } = walk(spec, seed, steps);
        const before = serializeState(state);
        const dice = seededRandom(next);
        for (let step = 0; step < 30; step += 1) {
          decide(state, randomCommand(state, `d${step}`, dice), { now: START, random: dice, maxPayloadChars: 5000 });
        }
        expect(serializeState(state)).to.equal(before);
      }),
      { numRuns: 150 },
    );
  });
});
