import { parseWorkflow } from '@reprise/core';
import type { Script, SweepScenario } from './sweep-scenario.ts';

const slowly =
  (wait: number): Script =>
  ({ taskId, input }) => ({ wait, output: { taskId, input } });

/** A child that only its parent ends. */
const STAYING = parseWorkflow(`
name: kept
tasks:
  begin: { agent: worker }
  stay: { wait: { signal: never }, after: begin }
`);

/** What people change while something is outstanding. */
export const SWEPT_CHANGES: Readonly<Record<string, SweepScenario>> = {
  'a task that is skipped once what it did is undone, and one that is linked': {
    workflow: parseWorkflow(`
name: skipped
tasks:
  pay: { agent: slow, compensate: undoer }
  other: { agent: slow }
  late: { agent: worker, after: pay, input: none }
  end: { agent: worker, after: late, input: none }
`),
    agents: { worker: slowly(5), slow: slowly(60), undoer: slowly(10) },
    presses: [
      { at: 10, press: (run) => run.link('end', 'other', { requestId: 'link' }), done: 'TasksLinked' },
      { at: 20, press: (run) => run.skip('pay', { requestId: 'skip', by: 'anna' }), done: 'TaskClosing' },
    ],
    isRace: true,
    ends: 'completed',
  },
  'a task that comes after less and goes before others, and a run that is cancelled with nothing undone': {
    workflow: parseWorkflow(`
name: kept
tasks:
  paid: { agent: worker, compensate: undoer }
  pay: { agent: slow, after: paid, compensate: undoer }
  card: { agent: worker, after: [paid, pay], input: none }
`),
    agents: { worker: slowly(5), slow: slowly(60), undoer: slowly(10) },
    presses: [
      { at: 10, press: (run) => run.setPriority('card', 5, { requestId: 'first' }), done: 'TaskPrioritySet' },
      { at: 15, press: (run) => run.unlink('card', 'pay', { requestId: 'unlink' }), done: 'TasksUnlinked' },
      {
        at: 40,
        press: (run) => run.cancel('enough', { compensate: false, by: 'anna' }),
        done: 'TaskClosing',
      },
    ],
    about: ['TaskPrioritySet', 'TasksUnlinked', 'TaskClosing'],
    ends: 'cancelled',
  },
  'a child run whose output is given': {
    workflow: parseWorkflow(`
name: overridden
tasks:
  sub: { workflow: kept }
  end: { agent: worker, after: sub }
`),
    others: [STAYING],
    agents: { worker: slowly(5) },
    presses: [{ at: 40, press: (run) => run.override('sub', 'said', { requestId: 'said' }), done: 'TaskClosing' }],
    ends: 'completed',
  },
};
