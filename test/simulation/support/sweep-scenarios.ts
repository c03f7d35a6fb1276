import { parseWorkflow } from '@reprise/core';
import { SWEPT_BLOCKS } from './sweep-blocks.ts';
import { SWEPT_CHANGES } from './sweep-changes.ts';
import type { Script, SweepScenario } from './sweep-scenario.ts';
import { SWEPT_STEERED } from './sweep-steered.ts';
import { SWEPT_TALK } from './sweep-talk.ts';
import { SWEPT_TEAMS } from './sweep-teams.ts';

const echo: Script = ({ taskId, input }) => ({ output: { taskId, input } });
const slowly =
  (wait: number): Script =>
  ({ taskId, input }) => ({ wait, output: { taskId, input } });
/** Fails so often, then does as told. */
const failing =
  (times: number, then: Script = echo): Script =>
  (task, failures) =>
    failures < times ? { fail: 'BUSY' } : then(task, failures);

const CHAIN = `
name: chain
tasks:
  a: { agent: worker }
  b: { agent: worker, after: a }
  c: { agent: worker, after: b }
`;

export const SWEEP_SCENARIOS: Readonly<Record<string, SweepScenario>> = {
  ...SWEPT_BLOCKS,
  ...SWEPT_CHANGES,
  ...SWEPT_STEERED,
  ...SWEPT_TALK,
  ...SWEPT_TEAMS,
  'a chain': { workflow: parseWorkflow(CHAIN), agents: { worker: slowly(10) }, ends: 'completed' },
  'a forEach whose items are retried and may fail': {
    workflow: parseWorkflow(`
name: items
tasks:
  list: { agent: lister }
  each:
    agent: worker
    after: list
    forEach: { items: outputs.list, concurrency: 2, onItemFailure: continue }
    retry: { maxAttempts: 2, initialDelay: 100ms, jitter: 0.5, nonRetryable: [GONE] }
  sum: { agent: lister, after: each }
output: "\${ outputs.each }"
`),
    agents: {
      lister: ({ taskId }) => ({ output: taskId === 'list' ? ['ant', 'bee', 'cat', 'dog'] : taskId }),
      worker: ({ input }, failures) =>
        input === 'cat'
          ? { fail: 'GONE' }
          : input === 'bee' && failures < 1
            ? { fail: 'BUSY' }
            : { wait: 5, output: input },
    },
    ends: 'completed',
  },
  'a repeat': {
    workflow: parseWorkflow(`
name: rounds
tasks:
  write: { agent: writer }
  check: { agent: checker, after: write, repeat: { from: write, until: output.round >= 3, max: 5 } }
`),
    agents: {
      writer: ({ round }) => ({ output: { text: round } }),
      checker: ({ round, input }) => ({ output: { round, input } }),
    },
    ends: 'completed',
  },
  'fallbacks to an agent, a task and a value': {
    workflow: parseWorkflow(`
name: fallbacks
tasks:
  one: { agent: broken, retry: 1, fallback: { agent: worker } }
  two: { agent: broken, retry: { maxAttempts: 2, initialDelay: 20ms }, fallback: { task: standIn } }
  three: { agent: broken, after: one, retry: 1, fallback: { value: { instead: 3 } } }
  standIn: { agent: worker }
  end: { agent: worker, after: [one, two, three] }
`),
    agents: { broken: () => ({ fail: 'BROKEN' }), worker: echo },
    ends: 'completed',
  },
  'a task that may run once only': {
    workflow: parseWorkflow(`
name: once
tasks:
  first: { agent: worker }
  pay: { agent: payer, after: first, delivery: at-most-once }
  last: { agent: worker, after: pay }
`),
    agents: { worker: echo, payer: slowly(20) },
    ends: 'completed',
  },
  'a task that may run once only, in rounds, with a value to fall back to': {
    workflow: parseWorkflow(`
name: onceInRounds
tasks:
  pay: { agent: payer, delivery: at-most-once, fallback: { value: { unknown: true } } }
  check: { agent: checker, after: pay, repeat: { from: pay, until: output.round >= 2, max: 3 } }
`),
    agents: { payer: slowly(20), checker: ({ round }) => ({ output: { round } }) },
    ends: 'completed',
  },
  'branches that are taken or not': {
    workflow: parseWorkflow(`
name: branches
tasks:
  look: { agent: looker }
  yes: { agent: worker, after: look, when: outputs.look.good }
  no: { agent: worker, after: look, when: "!outputs.look.good" }
  neither: { agent: worker, after: no }
  end: { agent: worker, after: [yes, no] }
`),
    agents: { looker: () => ({ output: { good: true } }), worker: echo },
    ends: 'completed',
  },
  'a pause and a resume': {
    workflow: parseWorkflow(CHAIN),
    agents: { worker: slowly(100) },
    presses: [
      { at: 150, press: (run) => run.pause('lunch'), done: 'RunPaused' },
      { at: 5000, press: (run) => run.resume(), done: 'RunResumed' },
    ],
    ends: 'completed',
  },
  'a cancellation': {
    workflow: parseWorkflow(CHAIN),
    agents: { worker: slowly(1000) },
    presses: [{ at: 1500, press: (run) => run.cancel('enough'), done: 'RunCancelled' }],
    ends: 'cancelled',
  },
  'time limits of attempts and tasks': {
    workflow: parseWorkflow(`
name: limits
tasks:
  attempt: { agent: sleeper, timeout: { attempt: 1s }, retry: { maxAttempts: 3, initialDelay: 50ms } }
  task: { agent: never, timeout: { task: 5s }, fallback: { value: late } }
  end: { agent: worker, after: [attempt, task] }
`),
    agents: {
      sleeper: (task, failures) => (failures < 2 ? { hang: true } : echo(task, failures)),
      never: () => ({ hang: true }),
      worker: echo,
    },
    ends: 'completed',
  },
  'a time limit of the run': {
    workflow: parseWorkflow(`
name: limited
timeout: 3s
tasks:
  a: { agent: worker }
  b: { agent: never, after: a }
`),
    agents: { worker: failing(1), never: () => ({ hang: true }) },
    ends: 'failed',
  },
  'a failure for good': {
    workflow: parseWorkflow(`
name: failure
tasks:
  a: { agent: worker }
  b: { agent: broken, after: a, retry: { maxAttempts: 2, initialDelay: 20ms } }
  c: { agent: worker, after: b }
  d: { agent: slow, after: a }
`),
    agents: { worker: echo, broken: failing(9), slow: slowly(1000) },
    ends: 'failed',
  },
};
