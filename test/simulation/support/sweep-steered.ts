import { parseWorkflow } from '@reprise/core';
import type { Script, SweepScenario } from './sweep-scenario.ts';

const slowly =
  (wait: number): Script =>
  ({ taskId, input }) => ({ wait, output: { taskId, input } });

/** What was begun again has another key, whatever was lost. */
const isAgain = (key: string): boolean => key.includes('+');

/** The first item plans, all in one completion, and hands its task off; an item that was added ends its block instead. */
const planner: Script = ({ input }) => ({
  wait: 10,
  output: 'planned',
  direct: (context) => {
    if (input === 'rest') return context.finish('enough');
    context.spawn({ more: { agent: 'worker', after: 'plan' } }, { before: 'last' });
    context.link('last', 'side');
    context.addItems(['rest']);
    context.cancel('idle');
    context.handOff('second', { input: 'go on', why: 'it knows more' });
  },
});

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
    about: ['TasksAdded', 'TasksLinked', 'TaskCancelled', 'ItemsAdded', 'TaskHandedOff', 'TasksReset'],
    ends: 'completed',
  },
  'what an agent does to its run: all in one completion': {
    workflow: parseWorkflow(`
name: steered
tasks:
  idle: { agent: never }
  each:
    forEach: "['plan']"
    scope:
      side: { agent: worker }
      plan: { agent: planner, may: [spawn, link, addItems, cancel, handOff, finish], input: "\${ item }" }
      last: { agent: worker, after: plan, input: none }
output: "\${ outputs.each }"
`),
    agents: { worker: slowly(5), planner, second: slowly(5), never: () => ({ hang: true }) },
    about: ['TasksAdded', 'TasksLinked', 'ItemsAdded', 'TaskCancelled', 'TaskHandedOff'],
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
      {
        at: 20,
        press: (run) => run.assign('fine', 'bob', { requestId: 'to-bob' }),
        done: 'FormAssigned',
        commandId: 'assign/to-bob',
      },
      {
        at: 100,
        press: (run) => run.answer('fine', { decision: 'approve' }, { requestId: 'yes', by: 'bob' }),
        done: 'FormAnswered',
      },
    ],
    about: ['FormAssigned', 'FormAnswered'],
    ends: 'completed',
  },
  'mutexes that runs of one workflow, and of one tenant, ask for': {
    workflow: parseWorkflow(`
name: sharing
tasks:
  one: { workflow: hall }
  two: { workflow: hall }
  here: { agent: worker, mutex: { key: desk, across: tenant } }
`),
    others: [
      parseWorkflow(`
name: hall
tasks:
  room: { agent: worker, mutex: { key: room, across: workflow } }
  desk: { agent: worker, after: room, mutex: { key: desk, across: tenant } }
`),
    ],
    agents: { worker: slowly(10) },
    isCrowded: true,
    about: ['MutexGranted'],
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
    about: ['ItemJoined', 'ItemsAdded'],
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
    about: ['TasksReset', 'CompensationBegan'],
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
    about: ['TaskYielded', 'CompensationBegan'],
    ends: 'completed',
  },
};
