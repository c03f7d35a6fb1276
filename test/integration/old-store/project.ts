import {
  type Clock,
  createReprise,
  defineAgent,
  type Json,
  type Orchestrator,
  parseWorkflow,
  systemClock,
  workflow,
} from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';

/** What an agent is given for tasks that are to be open when the store is left. */
export type Mood = 'leaving' | 'finishing';

const never = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

/** Agents of the stored runs. `leaving`: those called "slow" do not come back; `finishing`: everybody does. */
function agents(mood: Mood) {
  const echo = defineAgent({ name: 'echo', handle: ({ input }) => input as Json });
  const slow = defineAgent({
    name: 'slow',
    concurrency: 64,
    handle: ({ input }, { signal }) => (mood === 'leaving' ? never(signal) : { slow: input as Json }),
  });
  /** Works on one attempt at a time: the second stays scheduled. */
  const single = defineAgent({
    name: 'single',
    concurrency: 1,
    handle: ({ input }, { signal }) => (mood === 'leaving' ? never(signal) : { single: input as Json }),
  });
  const halves = defineAgent({
    name: 'halves',
    handle: ({ input }, { signal }) =>
      mood === 'leaving' && Number(input) % 2 === 1 ? never(signal) : Number(input) * 2,
  });
  const failing = defineAgent({
    name: 'failing',
    handle: ({ attempt }) => {
      if (mood === 'finishing' && attempt > 1) return { attempt: 'later' };
      throw Object.assign(new Error('not today'), { code: 'NOT_TODAY' });
    },
  });
  const broken = defineAgent({
    name: 'broken',
    handle: () => {
      throw Object.assign(new Error('never'), { code: 'BROKEN', retryable: false });
    },
  });
  const critic = defineAgent({ name: 'critic', handle: ({ round }) => ({ complete: round >= 3, round }) });
  const editor = defineAgent({
    name: 'editor',
    handle: ({ round, input }, { signal }) =>
      mood === 'leaving' && round === 2 ? never(signal) : { round, feedback: input as Json },
  });
  const counted = defineAgent({ name: 'counted', handle: ({ input }) => ({ text: input as Json }) });
  const absent = defineAgent({
    name: 'absent',
    capabilities: ['absent'],
    handle: ({ input }, { signal }) => (mood === 'leaving' ? never(signal) : { found: input as Json }),
  });
  return [echo, slow, single, halves, failing, broken, critic, editor, counted, absent];
}

const yaml = (text: string) => parseWorkflow(text);

const DATA = [
  yaml(`
name: chain
tasks:
  first: { agent: echo }
  second: { agent: counted, after: first, input: { was: "\${ outputs.first }", n: "\${ input.n + 1 }" } }
`),
  yaml(
    'name: slow\ntasks:\n  before: { agent: echo }\n  work: { agent: slow, after: before }\n  after: { agent: echo, after: work }\n',
  ),
  yaml('name: queue\nconcurrency: 1\ntasks:\n  one: { agent: single }\n  two: { agent: single }\n'),
  yaml('name: scheduled\ntasks:\n  one: { agent: single }\n  two: { agent: single }\n'),
  yaml('name: retry\ntasks:\n  work: { agent: failing, retry: { maxAttempts: 3, initialDelay: 1m, jitter: 0 } }\n'),
  yaml('name: broken\ntasks:\n  fine: { agent: echo }\n  work: { agent: broken, after: fine }\n'),
  yaml(`
name: list
tasks:
  each: { agent: halves, forEach: { items: input.numbers, concurrency: 2 }, retry: 1 }
  sum: { agent: echo, after: each }
`),
  yaml(`
name: tolerant
tasks:
  each: { agent: broken, forEach: { items: input.numbers, onItemFailure: continue } }
  last: { agent: slow, after: each }
`),
  yaml(`
name: items-of-a-list-time-out
tasks:
  each: { agent: slow, forEach: input.numbers, timeout: { task: 1m }, fallback: { value: { late: true } } }
`),
  yaml(`
name: loop
tasks:
  edit: { agent: editor, input: { said: "\${ feedback }" } }
  check: { agent: critic, after: edit, repeat: { from: edit, until: output.complete, max: 4 } }
`),
  yaml('name: fall-to-agent\ntasks:\n  work: { agent: broken, fallback: { agent: slow } }\n'),
  yaml('name: fall-to-task\ntasks:\n  work: { agent: broken, fallback: { task: hand } }\n  hand: { agent: slow }\n'),
  yaml(
    'name: fall-to-value\ntasks:\n  work: { agent: broken, fallback: { value: 7 } }\n  rest: { agent: slow, after: work }\n',
  ),
  yaml('name: once\ntasks:\n  pay: { agent: slow, delivery: at-most-once }\n'),
  yaml(
    'name: nobody\ntasks:\n  work: { agent: echo }\n  lost: { capability: absent, after: work, fallback: { value: nobody } }\n',
  ),
  yaml('name: missing\ntasks:\n  work: { agent: absent }\n'),
  yaml(`
name: conditions
tasks:
  no: { agent: echo, when: "input.n > 10" }
  yes: { agent: echo, when: "input.n < 10" }
  never: { agent: echo, after: no }
  end: { agent: slow, after: [yes, never] }
`),
  yaml('name: short\ntimeout: 1m\ntasks:\n  work: { agent: slow }\n'),
  yaml('name: task-limit\ntasks:\n  work: { agent: slow, timeout: { task: 1m }, retry: 1 }\n'),
  yaml(
    'name: task-limit-value\ntasks:\n  work: { agent: slow, timeout: { task: 1m }, fallback: { value: stood-in } }\n',
  ),
  yaml(
    'name: attempt-limit\ntasks:\n  work: { agent: slow, timeout: { attempt: 1m }, retry: { maxAttempts: 2, initialDelay: 0 } }\n',
  ),
];

const functions = workflow('functions')
  .task('first', 'echo', { input: ({ input }) => ({ given: input as Json }) })
  .task('second', 'slow', { after: 'first', when: ({ outputs }) => outputs.first !== null })
  .output(({ outputs }) => ({ done: outputs.second as Json }))
  .build();

/** What there is since rules 3. */
const SINCE_3 = [
  yaml(`
name: block
tasks:
  book:
    scope:
      pay: { agent: echo, compensate: echo }
      ship: { agent: slow, after: pay }
    concurrency: 1
    timeout: 1h
  after: { agent: echo, after: book }
`),
  yaml(`
name: polish
tasks:
  polish:
    scope: { draft: { agent: editor, input: "\${ feedback }" }, check: { agent: critic, after: draft } }
    loop: { until: output.complete, max: 4 }
`),
  yaml('name: waiting\ntasks:\n  asked: { wait: { signal: answer } }\n  last: { agent: echo, after: asked }\n'),
  yaml('name: napping\ntasks:\n  nap: { sleep: 1s }\n  last: { agent: slow, after: nap }\n'),
  yaml('name: parent\ntasks:\n  part: { workflow: slow }\n'),
  yaml('name: closing\ntasks:\n  pay: { agent: slow, compensate: echo }\n  other: { agent: slow }\n'),
  yaml('name: undoing\ntasks:\n  pay: { agent: echo, compensate: slow }\n  work: { agent: broken, after: pay }\n'),
  yaml(`
name: handling
tasks:
  try:
    scope: { work: { agent: broken } }
    catch: [{ on: { code: BROKEN }, do: { mend: { agent: slow } }, then: continue }]
`),
  yaml(`
name: race
tasks:
  fast: { agent: echo }
  loser: { agent: slow, compensate: echo }
  first: { after: [fast, loser], join: any, rest: cancel, set: "\${ outputs.fast }" }
`),
  yaml('name: mutex\ntasks:\n  one: { agent: single, mutex: key }\n  two: { agent: single, mutex: key }\n'),
  yaml(`
name: switched
tasks:
  route: { switch: [{ when: "input.n > 5", then: high }, { else: low }] }
  high: { agent: echo, after: route }
  low: { agent: slow, after: route }
`),
  yaml(`name: large\ntasks:\n  each: { agent: slow, forEach: input.numbers, input: "\${ input.text }" }\n`),
];

/** Its functions are gone when the store is opened again: the run is held. */
const gone = workflow('gone')
  .task('first', 'slow')
  .task('second', 'echo', { after: 'first', input: ({ outputs }) => ({ was: outputs.first as Json }) })
  .build();

/** The project that wrote the store (`leaving`), and the one that goes on with it (`finishing`). */
export function openProject(path: string, mood: Mood, clock: Clock = systemClock): Promise<Orchestrator> {
  return createReprise({
    clock,
    plugins: [sqliteEventStore({ path })],
    workflows: [...DATA, ...SINCE_3, functions, ...(mood === 'leaving' ? [gone] : [])],
    agents: agents(mood),
    limits: { snapshotEvery: 8 },
  });
}
