import type { Json } from '../../shared/json.ts';
import {
  type Block,
  type Catch,
  type Compensate,
  DEFAULT_RETRY,
  type Fallback,
  type ForEach,
  isForAgents,
  type Loop,
  type Mutex,
  type Repeat,
  type TaskDefinition,
} from '../definition.ts';
import { fallbackPlaces } from '../fallbacks.ts';
import { NO_RETRY } from '../form/read-limits.ts';
import type { Path } from '../problem.ts';
import { casesOf } from '../switch-cases.ts';
import { budgetForm, retryForm, strategyForm, timeoutForm } from './limits-form.ts';
import { performerForm, type Write } from './performer-form.ts';

/** Plain JSON, but for tasks: a Map keeps their order. */
type Form = Readonly<Record<string, unknown>>;

/** The tasks of a block by id, in their order. */
export function tasksForm(tasks: readonly TaskDefinition[], path: Path, write: Write): ReadonlyMap<string, Form> {
  const switches = new Map(tasks.flatMap(({ id, switch: choice }) => (choice ? [[id, casesOf(choice)] as const] : [])));
  return new Map(tasks.map((task) => [task.id, taskForm(task, [...path, task.id], switches, write)]));
}

type Switches = ReadonlyMap<string, ReadonlySet<string>>;

function taskForm(task: TaskDefinition, path: Path, switches: Switches, write: Write): Form {
  const { description, after, join, rest, when, while: milestone, input, forEach } = task;
  const { mutex, priority, delivery, may } = task;
  const { computed, mapped } = write;
  const at = (key: string): Path => [...path, key];
  const [only, ...others] = after;
  const retry = retryForm(task.retry, isForAgents(task) ? DEFAULT_RETRY : NO_RETRY);
  const timeout = timeoutForm(task.timeouts, isForAgents(task) ? 'attemptMs' : 'taskMs');
  return {
    ...(description !== undefined && { description }),
    ...performerForm(task, path, write),
    ...(only !== undefined && { after: others.length === 0 ? only : [...after] }),
    ...caseForm(task, switches),
    ...(join !== undefined && { join }),
    ...(rest && { rest }),
    ...(when && { when: computed(when, at('when')) }),
    ...(milestone && { while: computed(milestone, at('while')) }),
    ...(forEach && { forEach: forEachForm(forEach, at('forEach'), write) }),
    ...(input && { input: mapped(input, at('input')) }),
    ...(task.scope && scopeForm(task.scope, path, write)),
    ...(retry !== undefined && { retry }),
    ...(timeout !== undefined && { timeout }),
    ...(task.fallback && { fallback: fallbackForm(task, path, write) }),
    ...(task.repeat && { repeat: repeatForm(task.repeat, task.id, at('repeat'), write) }),
    ...(task.compensate && { compensate: compensateForm(task.compensate, at('compensate'), write) }),
    ...(mutex && { mutex: mutexForm(mutex, path, write) }),
    ...(priority !== 0 && { priority }),
    ...(delivery !== 'at-least-once' && { delivery }),
    ...(may && { may: oneOrMore(may) }),
    ...(task.maxUsage && { maxUsage: { ...task.maxUsage } }),
  };
}

function mutexForm({ key, across }: Mutex, path: Path, { mapped }: Write): Json {
  const written = mapped(key, [...path, 'mutex', 'key']);
  return across === 'run' ? written : { key: written, across };
}

function forEachForm(forEach: ForEach, path: Path, { computed }: Write): Form {
  const { items, concurrency, onItemFailure, need, until, rest } = forEach;
  return {
    items: computed(items, [...path, 'items']),
    concurrency,
    ...(onItemFailure !== 'fail' && { onItemFailure }),
    ...(need !== undefined && { need: typeof need === 'number' ? need : computed(need, [...path, 'need']) }),
    ...(until && { until: computed(until, [...path, 'until']) }),
    ...(rest && { rest }),
  };
}

/** What is not said by the name of the task; of one switch, as text. */
function caseForm({ id, after, cases }: TaskDefinition, switches: Switches): Form {
  const said = Object.entries(cases ?? {}).filter(([other, name]) => name !== id || !switches.get(other)?.has(id));
  const [first, ...more] = said;
  if (first === undefined) return {};
  const isClear = more.length === 0 && new Set(after.filter((other) => switches.has(other))).size === 1;
  return { case: isClear ? first[1] : Object.fromEntries(said) };
}

/** `scope`, and what stands flat beside it. */
function scopeForm(
  { tasks, output, concurrency, budget, strategy, team, catch: clauses, loop }: Block,
  path: Path,
  write: Write,
): Form {
  return {
    scope: tasksForm(tasks, [...path, 'scope'], write),
    ...(output && { output: write.mapped(output, [...path, 'output']) }),
    ...(concurrency !== undefined && { concurrency }),
    ...(budget && { budget: budgetForm(budget) }),
    ...(strategy !== undefined && { strategy: strategyForm(strategy, team) }),
    ...(clauses && { catch: catchForm(clauses, [...path, 'catch'], write) }),
    ...(loop && { loop: loopForm(loop, [...path, 'loop'], write) }),
  };
}

export const catchForm = (clauses: readonly Catch[], path: Path, write: Write): readonly Form[] =>
  clauses.map((clause, index) => clauseForm(clause, [...path, index], write));

function clauseForm(clause: Catch, path: Path, write: Write): Form {
  const { codes, causes, tasks, when, handler, then, max, output } = clause;
  const on = {
    ...(codes && { code: oneOrMore(codes) }),
    ...(causes && { cause: oneOrMore(causes) }),
    ...(tasks && { task: oneOrMore(tasks) }),
  };
  return {
    ...(Object.keys(on).length > 0 && { on }),
    ...(when && { when: write.computed(when, [...path, 'when']) }),
    ...(handler && { do: tasksForm(handler, [...path, 'do'], write) }),
    then,
    ...(max !== undefined && { max }),
    ...(output && { output: write.mapped(output, [...path, 'output']) }),
  };
}

const oneOrMore = (texts: readonly string[]): Json => (texts.length === 1 ? (texts[0] ?? '') : [...texts]);

function loopForm(loop: Loop, path: Path, { computed, mapped }: Write): Form {
  return {
    ...(loop.while && { while: computed(loop.while, [...path, 'while']) }),
    ...(loop.until && { until: computed(loop.until, [...path, 'until']) }),
    max: loop.max,
    ...(loop.onExhausted !== 'fail' && { onExhausted: loop.onExhausted }),
    ...(loop.feedback && { feedback: mapped(loop.feedback, [...path, 'feedback']) }),
  };
}

function repeatForm(repeat: Repeat, id: string, path: Path, { computed }: Write): Form {
  return {
    ...(repeat.from !== id && { from: repeat.from }),
    until: computed(repeat.until, [...path, 'until']),
    max: repeat.max,
    ...(repeat.onExhausted !== 'fail' && { onExhausted: repeat.onExhausted }),
  };
}

function compensateForm({ agent, capability, input, ...limits }: Compensate, path: Path, { mapped }: Write): unknown {
  const retry = retryForm(limits.retry, DEFAULT_RETRY);
  const timeout = timeoutForm(limits.timeouts, 'attemptMs');
  const form = {
    ...(agent !== undefined && { agent }),
    ...(capability !== undefined && { capability }),
    ...(input && { input: mapped(input, [...path, 'input']) }),
    ...(retry !== undefined && { retry }),
    ...(timeout !== undefined && { timeout }),
  };
  return agent !== undefined && Object.keys(form).length === 1 ? agent : form;
}

function fallbackForm(task: TaskDefinition, path: Path, write: Write): Form | readonly Form[] {
  const [first = {}, ...others] = fallbackPlaces(task).map(([place, fallback]) =>
    standInForm(fallback, [...path, ...place], write),
  );
  return others.length === 0 ? first : [first, ...others];
}

function standInForm(fallback: Fallback, path: Path, { json, mapped }: Write): Form {
  switch (fallback.kind) {
    case 'value':
      return { value: json(fallback.value, [...path, 'value']) };
    case 'agent':
      return { agent: fallback.agent, ...(fallback.input && { input: mapped(fallback.input, [...path, 'input']) }) };
    case 'task':
      return { task: fallback.task };
  }
}
