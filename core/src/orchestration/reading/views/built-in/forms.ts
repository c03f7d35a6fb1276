import { type TaskDefinition, tasksWithin } from '../../../../definition/definition.ts';
import { isFields } from '../../../../definition/form/read.ts';
import type { Json } from '../../../../shared/json.ts';
import { inside } from '../../../../shared/task-path.ts';
import { aboutOf, answerSchema, titleOf } from '../../../workflow/budget-questions.ts';
import type { BudgetAsked, RunEvent, TaskEntered, TasksAdded, TasksReset } from '../../../workflow/events.ts';
import { defineProjection, type Projection, type ViewEvent } from '../projection.ts';

/** A form that is open. Times are ms since the Unix epoch. */
export type FormRow = {
  readonly task: string;
  readonly title?: string;
  readonly assignee?: string;
  /** Of a question whether a budget is raised: `{ scope, budget, agent, limit, spent, least }`. Of any other, see the input of the task. */
  readonly about?: Json;
  readonly since: number;
  /** When its time is up, unless the run is paused before. */
  readonly expires?: number;
  /** What an answer has to fit: a JSON Schema. */
  readonly schema: Json;
};

/** The open forms of a run: a row is there as long as there are some. */
export type FormsRow = {
  readonly run: string;
  readonly workflow: string;
  readonly open: number;
  readonly since: number;
  /** The run's clock stands still since then, and with it what is due. */
  readonly stopped?: number;
  readonly by: { readonly [who: string]: true };
  readonly forms: { readonly [taskId: string]: FormRow };
};

/** What is remembered of a run whose definition has forms: them, by path, and who holds it up. */
type AskedRow = { readonly asked: { readonly [path: string]: Asked } };
type Asked = { readonly title?: string; readonly schema: Json; readonly limitMs?: number };

/**
 * The forms that wait for an answer: a row for each run that has some, with what is asked, of whom and until when. What an event costs goes by how many
 * forms of one run are open at once.
 */
export const forms: Projection = defineProjection<FormsRow | AskedRow>({
  name: 'forms',
  version: 2,
  about: 'open forms, by run: what is asked, of whom, and until when',
  fields: {
    run: { type: 'text', path: ['run'], about: 'the id of the run' },
    workflow: { type: 'text', path: ['workflow'], about: 'the workflow of the run' },
    open: { type: 'number', path: ['open'], about: 'how many are open' },
    since: { type: 'time', path: ['since'], about: 'when the oldest of them was opened' },
  },
  order: { path: ['since'] },
  keyOf: (given) => {
    const { event, runId } = given;
    switch (event.type) {
      case 'RunStarted':
        return Object.keys(askedIn(event.definition)).length === 0 ? undefined : askedKey(given);
      case 'TasksAdded':
        return Object.keys(askedBy(event)).length === 0 ? undefined : askedKey(given);
      case 'TaskEntered':
        return event.form === undefined ? undefined : [askedKey(given), runId];
      case 'BudgetAsked':
        return runId;
      case 'TaskReady':
        return event.reason === 'budget' ? runId : undefined;
      case 'RunCompleted':
      case 'RunFailed':
      case 'RunCancelled':
        return [askedKey(given), runId];
      case 'TaskYielded':
        return event.rest === undefined ? undefined : runId;
      case 'TaskCompleted':
        return ENDS_OTHERS.has(event.via) ? runId : undefined;
      default:
        return ABOUT.has(event.type) ? runId : undefined;
    }
  },
  apply(row, given, { key, rows }) {
    if (key.startsWith('~')) return remembered(row as AskedRow | undefined, given.event);
    const asked = (rows(askedKey(given)) as AskedRow | undefined)?.asked ?? {};
    return told(row as FormsRow | undefined, given, asked);
  },
}) as Projection;

const askedKey = ({ runId }: ViewEvent): string => `~${runId}`;

/** Completions that may be those of a form, or of what forms are in. */
const ENDS_OTHERS: ReadonlySet<string> = new Set([
  'form',
  'default',
  'override',
  'fallback-value',
  'fallback-task',
  'scope',
  'items',
]);

const ABOUT: ReadonlySet<string> = new Set([
  ...(['FormAnswered', 'FormAssigned', 'TaskFailed', 'TaskFellBack', 'TaskCancelled', 'TaskClosing'] as const),
  ...([
    'TaskExpired',
    'TaskSkipped',
    'ScopeCaught',
    'TasksReset',
    'TaskAdopted',
    'RunPaused',
    'RunResumed',
    'RunParked',
    'RunForked',
  ] as const),
]);

const askedOf = ({ wait, timeouts }: TaskDefinition): Asked | undefined => {
  if (wait?.form === undefined) return undefined;
  const { schema } = wait.form;
  const title = isFields(schema) ? schema['title'] : undefined;
  const { taskMs } = timeouts;
  return { schema, ...(typeof title === 'string' && { title }), ...(taskMs !== undefined && { limitMs: taskMs }) };
};

/** The forms of a block, by their path in the definition. */
function askedIn(
  block: Parameters<typeof tasksWithin>[0],
  scope = '',
  found: Record<string, Asked> = {},
): AskedRow['asked'] {
  for (const task of tasksWithin(block)) {
    const path = inside(scope, task.id);
    const one = askedOf(task);
    if (one !== undefined) found[path] = one;
    if (task.scope !== undefined) askedIn(task.scope, path, found);
  }
  return found;
}

const askedBy = ({ scope, tasks }: TasksAdded): AskedRow['asked'] => askedIn({ tasks }, scope);

function remembered(row: AskedRow | undefined, event: RunEvent): AskedRow | undefined {
  switch (event.type) {
    case 'RunStarted':
      return { asked: askedIn(event.definition) };
    case 'TasksAdded':
      return { asked: { ...row?.asked, ...askedBy(event) } };
    case 'TaskEntered':
      return row;
    default:
      return undefined; // the run has ended
  }
}

function told(row: FormsRow | undefined, given: ViewEvent, asked: AskedRow['asked']): FormsRow | undefined {
  const { event, time } = given;
  switch (event.type) {
    case 'TaskEntered':
      return opened(row, given, formOf(event, given, asked));
    case 'BudgetAsked':
      return opened(row, given, questionOf(event, given));
    case 'FormAssigned':
      return row && changed(row, event.taskId, { assignee: event.to });
    case 'RunPaused':
      return row && stand(row, { ...row.by, [event.by ?? 'user']: true }, time);
    case 'RunParked':
      return row && stand(row, { ...row.by, parked: true }, time);
    case 'RunResumed': {
      if (row === undefined) return undefined;
      const { [event.by ?? 'user']: _by, ...others } = row.by;
      const { parked: _parked, ...rest } = others;
      return stand(row, event.by === undefined ? rest : others, time);
    }
    case 'RunForked':
      return row && stand(row, {}, time);
    case 'ScopeCaught':
      return row && without(row, (task) => isWithin(task, event.scope));
    case 'TasksReset':
      return row && without(row, (task) => isReset(task, event));
    case 'RunCompleted':
    case 'RunFailed':
    case 'RunCancelled':
      return undefined;
    default: {
      const taskId = 'taskId' in event ? event.taskId : undefined;
      return taskId === undefined ? row : row && without(row, (task) => task === taskId || isWithin(task, taskId));
    }
  }
}

function opened(row: FormsRow | undefined, { runId, run, time }: ViewEvent, form: FormRow): FormsRow {
  const before = row ?? { run: runId, workflow: run.workflow, open: 0, since: time, by: {}, forms: {} };
  return counted({ ...before, forms: { ...before.forms, [form.task]: form } });
}

function formOf({ taskId, assignee }: TaskEntered, { time }: ViewEvent, asked: AskedRow['asked']): FormRow {
  const { title, schema = true, limitMs } = definitionOf(asked, taskId) ?? {};
  return {
    task: taskId,
    ...(title === undefined ? {} : { title }),
    ...(assignee === undefined ? {} : { assignee }),
    since: time,
    ...(limitMs === undefined ? {} : { expires: time + limitMs }),
    schema,
  };
}

function questionOf(event: BudgetAsked, { time }: ViewEvent): FormRow {
  const { taskId, assignee, until, budget: kind } = event;
  const schema = answerSchema({ ...event, kind });
  return {
    task: taskId,
    title: titleOf({ ...event, kind }),
    assignee,
    about: aboutOf({ ...event, kind }),
    since: time,
    ...(until === undefined ? {} : { expires: until }),
    schema,
  };
}

/** What the definition says of a task: that of the list, of an item. What was added to an item has a path that begins with that of the item. */
function definitionOf(asked: AskedRow['asked'], taskId: string): Asked | undefined {
  for (let path = taskId; ; ) {
    if (Object.hasOwn(asked, path)) return asked[path];
    const shorter = path.replace(/\[\d+\](?!.*\[\d+\])/, '');
    if (shorter === path) return undefined;
    path = shorter;
  }
}

const counted = (row: FormsRow): FormsRow => {
  const all = Object.values(row.forms);
  return {
    ...row,
    open: all.length,
    since: all.reduce((first, { since }) => Math.min(first, since), Number.MAX_SAFE_INTEGER),
  };
};

const changed = (row: FormsRow, taskId: string, change: Partial<FormRow>): FormsRow => {
  const form = Object.hasOwn(row.forms, taskId) ? row.forms[taskId] : undefined;
  return form === undefined ? row : { ...row, forms: { ...row.forms, [taskId]: { ...form, ...change } } };
};

/** Undefined when none is left. */
function without(row: FormsRow, ends: (taskId: string) => boolean): FormsRow | undefined {
  const left = Object.entries(row.forms).filter(([task]) => !ends(task));
  if (left.length === row.open) return row;
  return left.length === 0 ? undefined : counted({ ...row, forms: Object.fromEntries(left) });
}

/** In the block, or an item of the list. */
const isWithin = (task: string, path: string): boolean =>
  path === '' || task.startsWith(`${path}/`) || task.startsWith(`${path}[`);

/** What begins again has not begun. */
function isReset(task: string, { why, region, tasks = [], restarted = [], dropped = [] }: TasksReset): boolean {
  if (why === 'fork' || why === 'goto')
    return [...tasks, ...restarted, ...dropped].some((path) => task === path || isWithin(task, path));
  return task === region || isWithin(task, region);
}

/** What is due is later by as long as the clock of the run stood still. */
function stand(row: FormsRow, by: FormsRow['by'], time: number): FormsRow {
  const { stopped, ...rest } = row;
  if (Object.keys(by).length > 0) return { ...rest, by, stopped: stopped ?? time };
  const late = stopped === undefined ? 0 : Math.max(0, time - stopped);
  const moved = Object.entries(row.forms).map(([task, form]) => [
    task,
    form.expires === undefined ? form : { ...form, expires: form.expires + late },
  ]);
  return { ...rest, by, forms: Object.fromEntries(moved) };
}
