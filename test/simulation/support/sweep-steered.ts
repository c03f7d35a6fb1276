import { parseWorkflow } from '@reprise/core';
import type { Script, SweepScenario } from './sweep-scenario.ts';

const slowly =
  (wait: number): Script =>
  ({ taskId, input }) => ({ wait, output: { taskId, input } });

/** What was begun again has another key, whatever was lost. */
const isAgain = (key: string): boolean => key.includes('+');

/** What agents do to their run, what people are asked, and what several runs have between them. */
export const SWEPT_STEERED: Readonly<Record<string, SweepScenario>> = {
  'agents that steer their run': {
    workflow: parseWorkflow(`
name: steered
tasks:
  plan: { agent: planner, may: [spawn, link, cancel] }
  old: { agent: slow }
  side: { agent: slow }
  crawl: { agent: crawler, forEach: '["a"]', may: addItems }
  ask: { agent: front, after: plan, may: handOff }
  last: { agent: worker, after: [plan, ask], input: none }
  judge: { agent: judge, after: [last, crawl], may: goto }
  team: { scope: { lead: { agent: lead, may: finish }, idle: { wait: { signal: never } } }, after: judge }
`),
    agents: {
      worker: slowly(5),
      slow: slowly(40),
      planner: () => ({
        output: 'planned',
        direct: ({ spawn, link, cancel }) => {
          spawn({ extra: { agent: 'worker', after: 'plan', input: 'none' } }, { before: 'last' });
          link('judge', 'side');
          cancel('old');
        },
      }),
      crawler: ({ input }) => ({
        wait: 5,
        output: input as string,
        direct: ({ addItems }) => {
          if (input === 'a') addItems(['b', 'c']);
        },
      }),
      front: () => ({ output: null, direct: ({ handOff }) => handOff('worker', { input: 'handed' }) }),
      judge: ({ idempotencyKey }) => ({
        output: 'judged',
        direct: ({ goto }) => {
          if (!isAgain(idempotencyKey)) goto('last', { why: 'once more' });
        },
      }),
      lead: () => ({ output: null, direct: ({ finish }) => finish('led') }),
    },
    ends: 'completed',
  },
  'forms that are assigned, escalated, answered, and forgotten': {
    workflow: parseWorkflow(`
name: asked
tasks:
  draft: { agent: worker }
  fine: { wait: { form: approval, assignee: anna, escalate: [{ after: 60ms, to: boss }], timeout: 1d }, after: draft }
  late: { wait: { form: { type: boolean }, timeout: 80ms, default: false } }
  end: { agent: worker, after: [fine, late] }
`),
    agents: { worker: slowly(5) },
    presses: [
      { at: 20, press: (run) => run.assign('fine', 'bob', { requestId: 'to-bob' }), done: 'FormAssigned' },
      {
        at: 100,
        press: (run) => run.answer('fine', { decision: 'approve' }, { requestId: 'yes', by: 'bob' }),
        done: 'FormAnswered',
      },
    ],
    ends: 'completed',
  },
  'a mutex that child runs contend for': {
    workflow: parseWorkflow(`
name: fair
tasks:
  one: { workflow: booth }
  two: { workflow: booth }
  end: { agent: worker, after: [one, two] }
`),
    others: [
      parseWorkflow(`
name: booth
tasks:
  use: { agent: slow, mutex: { key: seat, across: workflow } }
  leave: { agent: worker, after: use }
`),
    ],
    agents: { worker: slowly(5), slow: slowly(20) },
    ends: 'completed',
  },
  'a join of each, and a list that gets items from outside': {
    workflow: parseWorkflow(`
name: each
tasks:
  a: { agent: worker }
  b: { agent: slow }
  tail: { agent: worker, after: [a, b], join: each }
  list: { agent: slow, forEach: { items: "[1, 2]", concurrency: 1 } }
  end: { agent: worker, after: [tail, list] }
`),
    agents: { worker: slowly(5), slow: slowly(40) },
    presses: [{ at: 10, press: (run) => run.addItems('list', [3], { requestId: 'more' }), done: 'ItemsAdded' }],
    ends: 'completed',
  },
  'a task that somebody restarts': {
    workflow: parseWorkflow(`
name: again
tasks:
  pay: { agent: worker, compensate: undoer }
  weigh: { agent: worker, after: pay }
  pack: { agent: slow, after: weigh }
  ship: { agent: ship, after: pack, retry: 1 }
`),
    agents: {
      worker: slowly(5),
      slow: slowly(60),
      undoer: slowly(5),
      ship: () => ({ fail: 'NO_SHIP' }),
    },
    presses: [{ at: 30, press: (run) => run.restart('pay', { requestId: 'again' }), done: 'TasksReset' }],
    ends: 'failed',
  },
  'a list that a cancel completes, of which something is undone': {
    workflow: parseWorkflow(`
name: enough
tasks:
  look: { agent: slow, forEach: "[1, 2]", compensate: undoer }
  stop: { wait: { signal: stop } }
  settle: { cancel: { tasks: look, complete: true }, after: stop }
  sum: { agent: worker, after: look, input: none }
`),
    agents: { worker: slowly(5), slow: slowly(60), undoer: slowly(10) },
    presses: [{ at: 20, press: (run) => run.signal('stop', null, { requestId: 'stop' }), done: 'SignalReceived' }],
    isRace: true,
    ends: 'completed',
  },
};
