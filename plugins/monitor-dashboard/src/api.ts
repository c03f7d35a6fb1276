import type { Json, JsonObject } from '@reprise/core/plugin';
import { BULK } from './bulk.ts';
import { exportRoute } from './export-rows.ts';
import type { Call, Parameter, Route } from './route.ts';
import { type Branch, LOG_LEVELS, RUN_ORDERS, type RunCommand, type RunsPage } from './source.ts';

// Every route of the API but the stream. Ids of tasks and messages may hold any character: they travel in queries and bodies.

const AT: Parameter = { type: 'integer', description: 'As it was after this revision. Default: the last one.' };
const QUERY: Parameter = { type: 'string', description: 'See docs/reference/queries.md. Default: all.', default: '' };
const AFTER: Parameter = { type: 'string', description: 'The `next` of the page before.' };
const limit = (value: number, maximum: number): Parameter => ({
  type: 'integer',
  description: 'How many at most.',
  default: value,
  minimum: 1,
  maximum,
});

const text = (description: string): JsonObject => ({ type: 'string', minLength: 1, maxLength: 1024, description });
const MESSAGES: JsonObject = { type: 'array', items: text('The id of a dead letter.'), minItems: 1, maxItems: 256 };

const anObject = (description: string, members: readonly string[] = []): JsonObject => ({
  type: 'object',
  description,
  properties: Object.fromEntries(members.map((name) => [name, {}])),
  required: [...members],
});

const read = (
  id: string,
  path: string,
  summary: string,
  result: JsonObject,
  answer: Route['answer'],
  query?: Route['query'],
): Route => ({
  id,
  method: 'get',
  path,
  permission: 'view',
  summary,
  result,
  answer,
  ...(query === undefined ? {} : { query }),
});

const change = (
  id: string,
  summary: string,
  properties: Readonly<Record<string, JsonObject>>,
  required: readonly string[],
  commandOf: (body: Readonly<Record<string, Json | undefined>>) => RunCommand,
): Route => ({
  id: `run.${id}`,
  method: 'post',
  path: `/runs/:run/${id}`,
  permission: 'operate',
  summary,
  body: { properties, required },
  result: anObject('How the run is once that is durable.', ['runId']),
  answer: ({ source, path, body, who }) => source.command(path['run'] ?? '', commandOf(body), who),
});

const run = ({ path }: Call): string => path['run'] ?? '';
const page = (call: Call) => ({ limit: call.number('limit') ?? 100, after: call.text('after') });

const SORT: Parameter = {
  type: 'string',
  description:
    'The least first, or the greatest with `:desc`; runs that lack it come last. Any order but the default is that of the view `runs`: `behind` says that it has not had the last events yet.',
  default: 'started:desc',
  choices: RUN_ORDERS.flatMap((field) => [field, `${field}:desc`]),
};
function orderOf(sort: string): RunsPage['order'] {
  const by = RUN_ORDERS.find((field) => field === sort.split(':')[0]);
  return by === undefined || sort === SORT.default ? undefined : { by, descending: sort.endsWith(':desc') };
}

const READS: readonly Route[] = [
  {
    ...read('health', '/health', 'Whether the server answers; nothing else.', anObject('', ['status']), async () => ({
      status: 'ok',
    })),
    permission: 'open',
  },
  read(
    'about',
    '/about',
    'The store, who drives it, and how far views are behind.',
    anObject('', ['store']),
    ({ source }) => source.health(),
  ),
  read('overview', '/overview', 'Runs by state, and what became of them by the minute.', anObject(''), ({ source }) =>
    source.overview(),
  ),
  read(
    'runs.list',
    '/runs',
    'Runs, newest first or sorted.',
    anObject('A page.', ['runs', 'next']),
    (call) => call.source.runs(call.text('query') ?? '', { ...page(call), order: orderOf(call.text('sort') ?? '') }),
    {
      query: QUERY,
      sort: SORT,
      limit: limit(50, 500),
      after: { ...AFTER, description: 'The `next` of the page before, in the same order.' },
    },
  ),
  read(
    'runs.fields',
    '/fields',
    'What runs can be asked for by, and sorted by.',
    anObject('', ['fields', 'orders']),
    ({ source }) => source.fields(),
  ),
  read('run.show', '/runs/:run', 'A run at a glance.', anObject('', ['runId', 'status', 'revision']), (call) =>
    call.source.run(run(call)),
  ),
  read(
    'run.history',
    '/runs/:run/history',
    'Events, without what they carry.',
    anObject('A page.', ['events', 'next']),
    (call) => call.source.history(run(call), { from: call.number('from') ?? 0, limit: call.number('limit') ?? 200 }),
    { from: { type: 'integer', description: 'The first revision.', default: 0 }, limit: limit(200, 1000) },
  ),
  read(
    'run.event',
    '/runs/:run/event',
    'One event, whole.',
    anObject('', ['revision', 'type', 'data']),
    (call) => call.source.event(run(call), call.number('revision') ?? 0),
    { revision: { type: 'integer', description: 'Its revision.', required: true } },
  ),
  read(
    'run.events',
    '/runs/:run/events',
    'Events, whole, for whoever folds them: about a mebibyte of them at most.',
    anObject('A page.', ['events', 'next']),
    (call) => call.source.events(run(call), { from: call.number('from') ?? 0, limit: call.number('limit') ?? 500 }),
    { from: { type: 'integer', description: 'The first revision.', default: 0 }, limit: limit(500, 1000) },
  ),
  read(
    'run.keyframe',
    '/runs/:run/keyframe',
    'A state to fold on from: the last that is kept up to a revision; null: from the beginning.',
    anObject('', ['revision', 'state']),
    (call) => call.source.keyframe(run(call), call.number('at') ?? 0),
    { at: { ...AT, required: true } },
  ),
  read(
    'run.state',
    '/runs/:run/state',
    'The state at any revision, without payloads.',
    anObject('', ['revision', 'status', 'tasks', 'more']),
    (call) =>
      call.source.state(run(call), {
        at: call.number('at'),
        prefix: call.text('prefix') ?? '',
        limit: call.number('limit') ?? 1000,
      }),
    {
      at: AT,
      prefix: { type: 'string', description: 'Only tasks whose id begins so.', default: '' },
      limit: limit(1000, 10_000),
    },
  ),
  read(
    'run.task',
    '/runs/:run/task',
    'One task at any revision, with its payloads.',
    anObject('', ['id', 'status']),
    (call) => call.source.task(run(call), call.text('task') ?? '', call.number('at')),
    { task: { type: 'string', description: 'Its id.', required: true, maxLength: 1024 }, at: AT },
  ),
  read(
    'run.graph',
    '/runs/:run/graph',
    'Tasks and what connects them, at any revision.',
    anObject('', ['nodes', 'edges', 'revision']),
    (call) => call.source.graph(run(call), call.number('at')),
    { at: AT },
  ),
  read(
    'run.explain',
    '/runs/:run/explain',
    'Why it does not move, or why it ended; at any revision.',
    anObject('', ['summary']),
    (call) => call.source.explain(run(call), call.number('at')),
    { at: AT },
  ),
  read('run.timeline', '/runs/:run/timeline', 'Every attempt, and when it was what.', anObject('', ['tasks']), (call) =>
    call.source.timeline(run(call)),
  ),
  read(
    'run.critical-path',
    '/runs/:run/critical-path',
    'What made it as long as it was, or is: attempts, each of which began when the one before was over; at any revision.',
    anObject('', ['from', 'until', 'links', 'workingMs', 'waitingMs', 'restMs']),
    (call) => call.source.criticalPath(run(call), call.number('at')),
    { at: AT },
  ),
  read(
    'run.decisions',
    '/runs/:run/decisions',
    'What strategies decided and why, budgets that were reached or raised, commands that were refused; `more`: look on at `next`.',
    anObject('A page.', ['decisions', 'next', 'more']),
    (call) => call.source.decisions(run(call), { from: call.number('from') ?? 0, limit: call.number('limit') ?? 500 }),
    { from: { type: 'integer', description: 'The first revision.', default: 0, minimum: 0 }, limit: limit(500, 1000) },
  ),
  read(
    'run.ledger',
    '/runs/:run/ledger',
    'What the strategy of a team remembers, at any revision; null: nothing.',
    anObject('', ['revision', 'ledger']),
    (call) => call.source.ledger(run(call), call.text('scope') ?? '', call.number('at')),
    { scope: { type: 'string', description: 'The block of the team. Default: the run.', maxLength: 1024 }, at: AT },
  ),
  read(
    'run.usage',
    '/runs/:run/usage',
    'Tokens and cost that agents report: by task and agent with the budgets, or of one task by attempt; at any revision.',
    anObject('', ['tokens', 'cost', 'reported', 'byTask', 'byAgent']),
    (call) => call.source.usage(run(call), { taskId: call.text('task'), at: call.number('at') }),
    { task: { type: 'string', description: 'Only this task.', maxLength: 1024 }, at: AT },
  ),
  read(
    'run.messages',
    '/runs/:run/messages',
    'Its messages in the order in which they were sent, without what they say: the last ones; `left` came before.',
    anObject('', ['messages', 'left']),
    (call) => call.source.messages(run(call), { limit: call.number('limit') ?? 5000 }),
    { limit: limit(5000, 50_000) },
  ),
  read(
    'run.message',
    '/runs/:run/message',
    'One message, with what it says.',
    anObject('', ['id', 'data']),
    (call) => call.source.message(run(call), call.text('message') ?? ''),
    { message: { type: 'string', description: 'Its id.', required: true, maxLength: 1024 } },
  ),
  read(
    'run.logs',
    '/runs/:run/logs',
    'What its agents logged and emitted: the last lines, or, with `after`, those that came after one.',
    anObject('`kept` is false where this machine has no logs.', ['kept', 'lines']),
    (call) =>
      call.source.logs(run(call), {
        taskId: call.text('task'),
        attempt: call.number('attempt'),
        level: LOG_LEVELS.find((level) => level === call.text('level')),
        text: call.text('text'),
        after: call.number('after'),
        limit: call.number('limit') ?? 500,
      }),
    {
      task: { type: 'string', description: 'Only this task, with what is in it.', maxLength: 1024 },
      attempt: { type: 'integer', description: 'Only this attempt.', minimum: 1 },
      level: { type: 'string', description: 'The least level.', choices: LOG_LEVELS },
      text: { type: 'string', description: 'Only lines that have this text.', maxLength: 256 },
      after: { type: 'integer', description: 'The `id` of a line.' },
      limit: limit(500, 2000),
    },
  ),
  read('run.diff', '/runs/:run/diff/:other', 'What two runs differ in.', anObject(''), (call) =>
    call.source.diff(run(call), call.path['other'] ?? ''),
  ),
  read('agents.list', '/agents', 'Agents, and how they do.', anObject('', ['agents']), ({ source }) => source.agents()),
  read('forms.list', '/forms', 'What people are asked.', anObject('', ['forms']), ({ source }) => source.forms()),
  read(
    'dead-letters.list',
    '/dead-letters',
    'Messages that nobody could do anything with.',
    anObject('A page.', ['deadLetters', 'next']),
    (call) => call.source.deadLetters(call.text('query') ?? '', page(call)),
    { query: QUERY, limit: limit(100, 500), after: AFTER },
  ),
  read(
    'views.list',
    '/views',
    'Views, and what their rows can be asked about.',
    anObject('', ['views']),
    ({ source }) => source.views(),
  ),
  read(
    'views.rows',
    '/views/:view',
    'Rows of a view, in its order.',
    anObject('A page.', ['rows', 'next']),
    (call) => call.source.viewRows(call.path['view'] ?? '', call.text('query') ?? '', page(call)),
    { query: QUERY, limit: limit(200, 500), after: AFTER },
  ),
  exportRoute({ query: QUERY }),
  read('workflows.list', '/workflows', 'The workflows of the project.', anObject('', ['workflows']), ({ source }) =>
    source.workflows(),
  ),
  read(
    'workflows.graph',
    '/workflows/graph',
    'Tasks of a workflow, and what connects them.',
    anObject('', ['nodes', 'edges']),
    (call) => call.source.workflowGraph(call.text('name') ?? '', call.text('version')),
    {
      name: { type: 'string', description: 'Its name.', required: true, maxLength: 128 },
      version: { type: 'string', description: 'Its version. Default: the first that the project has.', maxLength: 128 },
    },
  ),
];

const BRANCH = {
  at: { type: 'integer', minimum: 0, description: 'The last revision that is taken over. Default: the last one.' },
  input: { description: 'Another input: nothing of the other run is taken over then, but for outcomes.' },
  outcomes: { type: 'object', description: 'What tasks gave, by path.', maxProperties: 256 },
  again: { type: 'array', items: text('A path.'), maxItems: 1000, description: 'At-most-once tasks to be done again.' },
} satisfies Readonly<Record<string, JsonObject>>;

const branchOf = ({ at, input, outcomes, again }: Readonly<Record<string, Json | undefined>>): Branch => ({
  at: at as number | undefined,
  input,
  outcomes: outcomes as JsonObject | undefined,
  again: again as readonly string[] | undefined,
});

const CHANGES: readonly Route[] = [
  change('cancel', 'Ends the run.', { force: { type: 'boolean' } }, [], ({ force }) => ({
    kind: 'cancel',
    force: force === true,
  })),
  change('pause', 'Begins nothing more until it is resumed.', {}, [], () => ({ kind: 'pause' })),
  change('resume', 'Goes on.', {}, [], () => ({ kind: 'resume' })),
  change('retry', 'A new run that goes on from this one, which has failed or was cancelled.', {}, [], () => ({
    kind: 'retry',
  })),
  change('fork', 'A new run that begins with the history of this one, up to a revision.', BRANCH, [], (body) => ({
    kind: 'fork',
    ...branchOf(body),
  })),
  {
    id: 'run.fork.plan',
    method: 'post',
    path: '/runs/:run/fork/plan',
    permission: 'operate',
    plans: true,
    summary: 'What a fork would take over, and what it would do again. Changes nothing.',
    body: { properties: BRANCH, required: [] },
    result: anObject('', ['revision', 'edited', 'kept', 'given', 'again', 'pending', 'repeats']),
    answer: ({ source, path, body }) => source.planFork(path['run'] ?? '', branchOf(body)),
  },
  {
    id: 'runs.start',
    method: 'post',
    path: '/start',
    permission: 'operate',
    summary: 'Starts a run of a workflow.',
    body: {
      properties: {
        workflow: text('Its name.'),
        version: text('Default: the newest.'),
        input: {},
        id: text('Of the run. Default: a new one.'),
      },
      required: ['workflow', 'input'],
    },
    result: anObject('', ['runId']),
    answer: ({ source, body, who }) => {
      const { workflow, version, input = null, id } = body;
      return source.start(
        {
          workflow: workflow as string,
          version: version as string | undefined,
          input,
          id: id as string | undefined,
        },
        who,
      );
    },
  },
  BULK,
  change(
    'retry-tasks',
    'What waits for a retry is tried at once.',
    { task: text('Only this one.') },
    [],
    ({ task }) => ({
      kind: 'retry-tasks',
      taskId: task as string | undefined,
    }),
  ),
  change(
    'signal',
    'Sends a signal.',
    { signal: text('Its name.'), data: {} },
    ['signal'],
    ({ signal, data = null }) => ({
      kind: 'signal',
      signal: signal as string,
      data,
    }),
  ),
  change('answer', 'Answers a form.', { task: text('The task.'), answer: {} }, ['task', 'answer'], (body) => ({
    kind: 'answer',
    taskId: body['task'] as string,
    answer: body['answer'] ?? null,
  })),
  change(
    'assign',
    'Gives a form to somebody.',
    { task: text('The task.'), to: text('Whom.') },
    ['task', 'to'],
    (body) => ({
      kind: 'assign',
      taskId: body['task'] as string,
      to: body['to'] as string,
    }),
  ),
  change(
    'redrive',
    'Delivers dead letters again.',
    { messages: MESSAGES, to: text('Another mailbox.') },
    ['messages'],
    (body) => ({
      kind: 'redrive',
      messages: body['messages'] as readonly string[],
      to: body['to'] as string | undefined,
    }),
  ),
  change('discard', 'Nothing is to become of dead letters.', { messages: MESSAGES }, ['messages'], ({ messages }) => ({
    kind: 'discard',
    messages: messages as readonly string[],
  })),
  change(
    'edit',
    'Has a dead letter say something else.',
    { message: text('Its id.'), data: {} },
    ['message', 'data'],
    (body) => ({
      kind: 'edit',
      message: body['message'] as string,
      data: body['data'] ?? null,
    }),
  ),
];

/** Every route of the API, with its permission. */
export const API: readonly Route[] = [...READS, ...CHANGES];
