import { parseWorkflow } from '@reprise/core';
import type { Script, SweepScenario } from './sweep-scenario.ts';

const echo: Script = ({ taskId, input }) => ({ output: { taskId, input } });
const slowly =
  (wait: number): Script =>
  ({ taskId, input }) => ({ wait, output: { taskId, input } });

const PART = parseWorkflow(`
name: part
tasks:
  one: { agent: worker }
  two: { agent: worker, after: one }
`);

/** A child that only its parent ends. */
const STAYING = parseWorkflow(`
name: staying
tasks:
  begin: { agent: worker }
  stay: { wait: { signal: never }, after: begin }
`);

/** Blocks, waits, child runs, joins and what undoes: whatever a kill meets, the end is that of a run without one. */
export const SWEPT_BLOCKS: Readonly<Record<string, SweepScenario>> = {
  'a saga that is undone, and made again when a signal comes': {
    workflow: parseWorkflow(`
name: saga
tasks:
  trip:
    scope:
      hotel: { agent: worker, compensate: undoer }
      flight: { agent: worker, after: hotel, compensate: undoer }
      pay: { agent: payer, after: flight, retry: 1, input: "\${ feedback }" }
    catch: [{ on: { code: DECLINED }, do: { card: { wait: { signal: card } } }, then: retry, max: 1 }]
`),
    agents: {
      worker: slowly(10),
      undoer: slowly(10),
      payer: ({ round, input }) => (round === 1 ? { fail: 'DECLINED' } : { output: input }),
    },
    presses: [{ at: 45, press: (run) => run.signal('card', 'new', { requestId: 'card' }), done: 'SignalReceived' }],
    ends: 'completed',
  },
  'a saga that is undone for good': {
    workflow: parseWorkflow(`
name: undone
tasks:
  hotel: { agent: worker, compensate: undoer }
  flight: { agent: worker, after: hotel, compensate: { agent: undoer, retry: { maxAttempts: 3, initialDelay: 10ms, jitter: 0 } } }
  pay: { agent: payer, after: flight, retry: 1 }
`),
    agents: {
      worker: echo,
      undoer: (task, failures) =>
        task.taskId.startsWith('flight') && failures < 1 ? { fail: 'BUSY' } : { output: 'undone' },
      payer: () => ({ fail: 'DECLINED' }),
    },
    ends: 'failed',
  },
  'a race of two bookings, a list that is given up, and a booking that something takes the place of': {
    workflow: parseWorkflow(`
name: race
tasks:
  north: { agent: fast, compensate: undoer }
  south: { agent: slow, compensate: undoer }
  many: { forEach: "[1, 2]", agent: slow, compensate: undoer }
  first: { set: "\${ outputs.north }", after: [north, south, many], join: any, rest: cancel }
  good: { agent: fast, after: first, compensate: undoer, repeat: { until: "output == 1", max: 2 }, fallback: { value: 1 } }
`),
    agents: { fast: slowly(5), slow: slowly(20), undoer: slowly(5) },
    isRace: true,
    ends: 'completed',
  },
  'lists of which not all is needed: the rest of one is undone meanwhile, that of the other goes on': {
    workflow: parseWorkflow(`
name: lists
tasks:
  quotes: { agent: byItem, compensate: undoer, forEach: { items: "[5, 15, 20]", need: 1, rest: cancel } }
  votes: { agent: byItem, forEach: { items: "[5, 20]", until: "completed >= 1" } }
  choose: { set: { quotes: "\${ outputs.quotes }", votes: "\${ outputs.votes }" }, after: [quotes, votes] }
`),
    agents: { byItem: ({ input }) => ({ wait: Number(input), output: input }), undoer: slowly(5) },
    isRace: true,
    ends: 'completed',
  },
  'a payment that may be made once only, in a block that undoes it and begins again when nobody knows': {
    workflow: parseWorkflow(`
name: unknown
tasks:
  order:
    scope:
      pay: { agent: payer, delivery: at-most-once, compensate: undoer }
      ship: { agent: worker, after: pay }
    catch: [{ on: { code: REPRISE_OUTCOME_UNKNOWN }, then: retry, max: 5 }]
output: shipped
`),
    agents: { payer: slowly(10), undoer: slowly(10), worker: echo },
    ends: 'completed',
  },
  'a parent and its child': {
    workflow: parseWorkflow(`
name: parent
tasks:
  first: { agent: worker }
  part: { workflow: part, after: first }
  last: { agent: worker, after: part }
`),
    others: [PART],
    agents: { worker: slowly(10) },
    ends: 'completed',
  },
  'a parent that is cancelled with its child': {
    workflow: parseWorkflow(`
name: parent
tasks:
  paid: { agent: worker, compensate: undoer }
  part: { workflow: staying, after: paid }
`),
    others: [STAYING],
    agents: { worker: slowly(10), undoer: slowly(10) },
    presses: [{ at: 100, press: (run) => run.cancel('enough'), done: 'TaskClosing' }],
    ends: 'cancelled',
  },
  'a child that fails, and is started again': {
    workflow: parseWorkflow(`
name: parent
tasks:
  part: { workflow: failing, retry: { maxAttempts: 2, initialDelay: 20ms, jitter: 0 }, fallback: { value: none } }
`),
    others: [parseWorkflow('{ name: failing, tasks: { one: { agent: broken, retry: 1 } } }')],
    agents: { broken: () => ({ fail: 'BROKEN' }) },
    ends: 'completed',
  },
  'a parent that is cancelled by force': {
    workflow: parseWorkflow(`
name: parent
tasks:
  paid: { agent: worker, compensate: undoer }
  part: { workflow: middle, after: paid }
`),
    others: [parseWorkflow('{ name: middle, tasks: { part: { workflow: staying } } }'), STAYING],
    agents: { worker: slowly(10), undoer: slowly(10) },
    presses: [{ at: 100, press: (run) => run.cancel('enough', { force: true }), done: 'RunCancelled' }],
    ends: 'cancelled',
  },
  'a list of child runs that one of them fails': {
    workflow: parseWorkflow(`
name: list
tasks:
  each: { workflow: part, forEach: { items: "[1, 2, 3]", concurrency: 2 }, input: "\${ item }", retry: 1 }
  after: { agent: worker, after: each }
`),
    others: [
      parseWorkflow(`
name: part
tasks:
  work: { agent: worker }
  fail: { raise: { code: TWO }, after: work, when: input == 2 }
  stay: { wait: { signal: never }, after: work, when: input != 2 }
`),
    ],
    agents: { worker: slowly(10) },
    ends: 'failed',
  },
  'a signal, a sleep, and a wait in vain': {
    workflow: parseWorkflow(`
name: waits
tasks:
  go: { wait: { signal: go } }
  rest: { sleep: 2s, after: go }
  vain: { wait: { signal: never, timeout: 1s, default: late }, after: rest }
  last: { agent: worker, after: vain }
`),
    agents: { worker: echo },
    presses: [{ at: 10, press: (run) => run.signal('go', { n: 1 }, { requestId: 'go' }), done: 'SignalReceived' }],
    ends: 'completed',
  },
  'a loop with feedback': {
    workflow: parseWorkflow(`
name: loop
tasks:
  rounds:
    scope:
      write: { agent: writer, input: { last: "\${ feedback }" } }
      check: { agent: checker, after: write }
    loop: { until: output.round >= 3, max: 5, feedback: output.round }
`),
    agents: {
      writer: ({ input }) => ({ output: input }),
      checker: ({ round, input }) => ({ output: { round, input } }),
    },
    ends: 'completed',
  },
  'a race whose losers are given up': {
    workflow: parseWorkflow(`
name: race
tasks:
  fast: { agent: worker }
  slow: { agent: never }
  far: { workflow: staying }
  first: { after: [fast, slow, far], join: any, rest: cancel, set: "\${ outputs.fast }" }
`),
    others: [STAYING],
    agents: { worker: slowly(50), never: () => ({ hang: true }) },
    ends: 'completed',
  },
};
