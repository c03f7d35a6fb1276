import type { JsonObject } from '@reprise/core/plugin';

const text = (description: string): JsonObject => ({ type: 'string', description });
const number = (description: string): JsonObject => ({ type: 'integer', minimum: 0, description });
const flag = (description: string): JsonObject => ({ type: 'boolean', description });
const list = (items: JsonObject, description: string): JsonObject => ({ type: 'array', items, description });
const anything = (description: string): JsonObject => ({ description });

/** An object that has these, of which some may be left out, and nothing else. */
function object(properties: JsonObject, optional: readonly string[] = []): JsonObject {
  const required = Object.keys(properties).filter((key) => !optional.includes(key));
  return { type: 'object', properties, required, additionalProperties: false };
}

const STATES = ['planned', 'open', 'redo', 'ended', 'accepted', 'failed'];
const ENDS = ['completed', 'failed', 'skipped', 'cancelled'];
const STEP = { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$', description: 'The name of the step.' };

const progress = object({
  satisfied: flag('The goal is reached. Then do has finish or finishWith.'),
  progressing: flag('What came in since your answer before brings the team forward.'),
  looping: flag('The same is being done again and again.'),
  next: text('What comes next, and why: for people.'),
});

const plannedStep = object(
  {
    step: STEP,
    work: text('What is to be done, so that the worker needs nothing else to know it.'),
    to: { type: ['string', 'null'], description: 'The worker. Left out or null: assign says it later.' },
    after: {
      type: ['array', 'null'],
      items: { type: 'string' },
      description: 'Steps that have to be accepted before. The worker is handed their results.',
    },
    input: anything('What the worker is handed besides. Plain JSON.'),
  },
  ['to', 'after', 'input'],
);

const steps = (description: string): JsonObject => list(plannedStep, description);

const action: JsonObject = {
  anyOf: [
    object({ plan: steps('The plan; in an answer to next, further steps.') }),
    object(
      {
        assign: text('A step that nobody has: it goes to a worker.'),
        to: { type: ['string', 'null'], description: 'The worker. Left out or null: as planned.' },
        input: anything('What the worker is handed besides.'),
      },
      ['to', 'input'],
    ),
    object({ accept: text('A step whose result will do; or one that failed and can be done without.') }),
    object({
      reject: text('A step that is to be done again by the same worker.'),
      feedback: anything('Why, and what is to be better. The worker is told.'),
    }),
    object({ replan: steps('All that was not accepted is cancelled; these come in its place.') }),
    object({ finish: anything('The goal is reached: what the team gives.') }),
    object({ finishWith: text('The goal is reached: the team gives the output of this step.') }),
    object({ giveUp: text('The goal cannot be reached: why.') }),
  ],
};

/** JSON Schema (2020-12) of ManagerReply: what a manager gives. */
export const MANAGER_REPLY_SCHEMA: JsonObject = object(
  {
    progress: {
      anyOf: [progress, { type: 'null' }],
      description: 'How things stand. Needed in an answer to next.',
    },
    facts: anything('What you know and want to be told again. Left out or null: as before.'),
    do: list(action, 'What is to be done, in this order. finish, finishWith and giveUp come last.'),
  },
  ['progress', 'facts'],
);

const toldStep = object(
  {
    step: STEP,
    work: text('What is to be done.'),
    to: text('The worker.'),
    after: list({ type: 'string' }, 'Steps that have to be accepted before.'),
    state: { enum: STATES, description: 'How far it is.' },
    rejections: number('Times that it was done again.'),
  },
  ['to'],
);

const toldEnd = object(
  {
    step: text('The step; of a task that is none, its id.'),
    to: text('The worker.'),
    status: { enum: ENDS },
    review: flag('Whether it is to be accepted or rejected.'),
    output: anything('What it gave.'),
    excerpt: object({ excerpt: text('The beginning, as JSON text.'), characters: number('Of all of it.') }),
    error: object({ code: text('Stable.'), message: text('What happened.') }),
    attempts: number('In its last round.'),
    rejections: number('Times that it was done again.'),
  },
  ['to', 'output', 'excerpt', 'error'],
);

const toldWorker = object(
  {
    name: text('What it is called.'),
    description: text('What it does.'),
    capabilities: list({ type: 'string' }, 'What it can.'),
    open: number('Steps that it has.'),
    atOnce: number('Steps that it may have.'),
    failed: number('Steps that came to nothing with it.'),
  },
  ['description'],
);

/** JSON Schema (2020-12) of ManagerTask: what a manager is handed. */
export const MANAGER_TASK_SCHEMA: JsonObject = object(
  {
    ask: { enum: ['plan', 'next', 'replan'], description: 'What is asked.' },
    goal: text('What the team is for.'),
    input: anything('What the block of the team was handed.'),
    feedback: anything('What the round before of the block handed on.'),
    ledger: object({
      facts: anything('What you gave as facts last.'),
      plan: list(toldStep, 'All steps.'),
      progress: { anyOf: [progress, { type: 'null' }] },
    }),
    news: list(toldEnd, 'Ends that you have not answered yet, and all that are to be reviewed.'),
    workers: list(toldWorker, 'Whom you may delegate to.'),
    left: object({
      delegations: number('Steps that may still be given to workers.'),
      stalls: number('Answers that may bring nothing forward before the plan is thrown away.'),
      resets: number('Plans that may be thrown away so.'),
      nonsense: number('Answers in a row that may be of no use.'),
      budget: { type: 'object', additionalProperties: { type: 'number' }, description: 'Of budgets around the team.' },
    }),
    wrong: list({ type: 'string' }, 'What was wrong with your answer before. Nothing of it was done.'),
  },
  ['wrong'],
);
