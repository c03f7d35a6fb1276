import { parseWorkflow } from '@reprise/core';
import { expect } from 'chai';
import { problemsOf } from '../../../definition/support/refused.ts';
import { run } from '../yaml-run.ts';
import { type Decision, FILES } from './decision.ts';

const read = (tasks: string): unknown =>
  parseWorkflow(`name: x\ntasks:\n  ${tasks.split('\n').join('\n  ')}\n`).definition;

/** Limits, and what a pause does to them. */
export const TIME: readonly Decision[] = [
  {
    says: 'Limits: attempt, task (each item), all (a whole list), heartbeat',
    elsewhere: [
      [FILES.timeouts, 'fails the attempt, which may be made again'],
      [FILES.timeouts, 'fails the task, retries or not'],
      [FILES.timeouts, 'is that of each item of a forEach, and a value stands in for that item'],
      [FILES.timeouts, 'lets a value stand in for each item that has not ended, those that never began included'],
      [FILES.aborts, 'for silence: the heartbeat timeout fails it at once; heartbeats keep it'],
    ],
  },
  {
    says: 'A bare duration is attempt for agent and capability, and task for every other performer (a scope with its retries, a wait, a child)',
    shown: {
      'given a scope that its catch retries, when its time is up in the second round, then it fails': () => {
        const r = run('s: { scope: { t: { agent: a, retry: 1 } }, timeout: 1m, catch: [{ then: retry, max: 3 }] }');
        const since = r.now;
        r.schedule();
        r.now += 30_000;
        r.fail('s/t');
        r.now = since + 60_000;
        r.fire({ kind: 'task', taskId: 's', since }, r.now);
        expect(r.task('s').error?.code).to.equal('REPRISE_TASK_TIMEOUT');
      },
    },
    elsewhere: [[FILES.language, 'a bare duration is of an attempt for agents, and of the task for all else']],
  },
  {
    says: 'A pause stops retry, task, scope and run limits, relative sleeps and waits',
    elsewhere: [
      [FILES.pauses, 'the limit of a scope'],
      [FILES.pauses, 'the limit of a wait'],
      [FILES.pauses, 'a sleep for a computed time'],
      [FILES.pauses, 'the delay of a retry'],
      [FILES.pauses, 'is that of its limit'],
    ],
  },
  {
    says: 'Attempts in flight, heartbeats and absolute times go on',
    elsewhere: [
      [FILES.pauses, 'an attempt under way: its limit goes on'],
      [FILES.pauses, 'a sleep until a moment, which ends it while it lasts'],
    ],
  },
  {
    says: 'Timers are cancelled at the pause and derived again at the resume',
    elsewhere: [
      [FILES.pauses, 'nothing is due while the run is paused, and no timer set'],
      [FILES.pausesInt, 'leaves no timer behind that its clock would move'],
    ],
  },
  {
    says: 'Pauses pass to children; overlapping ones count once',
    elsewhere: [
      [FILES.pauses, 'a pause and that of its parent, which overlap'],
      [FILES.pausesInt, 'stands still with it, however far down, and goes on with it'],
      [FILES.pausesInt, 'stays paused when somebody else paused it, too'],
    ],
  },
];

/** What is recorded of inputs. (Those by reference have tests of their own.) */
export const INPUTS: readonly Decision[] = [
  {
    says: 'What a function or any other CEL computed is recorded',
    shown: {
      'given an input that CEL computes, when the task is scheduled, then the event holds the value': () => {
        const r = run(`a: { agent: a, input: { twice: '\${ input.n * 2 }', text: same } }`, { n: 4 });
        expect(r.schedule()[0]).to.deep.include({ type: 'TaskScheduled', input: { twice: 8, text: 'same' } });
      },
      'given a block that no agent does, when it is entered, then its event holds the value': () => {
        const r = run(`s: { input: { twice: '\${ input.n * 2 }' }, scope: { a: { agent: a } } }`, { n: 4 });
        expect(r.of('TaskEntered')[0]).to.deep.include({ taskId: 's', input: { twice: 8 } });
      },
    },
  },
];

/** How it is written. */
export const WRITING: readonly Decision[] = [
  {
    says: `CEL (\${} optional): when, while, until, forEach items, a switch's when`,
    shown: {
      'given each with and without, when they are read, then they are the same': () => {
        const all = (cel: (source: string) => string) =>
          read(
            [
              `a: { agent: a, when: ${cel('input.x')}, forEach: { items: ${cel('input.list')} } }`,
              `b: { agent: a, repeat: { until: ${cel('output.ok')}, max: 2 } }`,
              `c: { scope: { d: { agent: a } }, loop: { while: ${cel('round < 2')}, until: ${cel('output.ok')}, max: 2 } }`,
              `e: { switch: [{ when: ${cel('input.x')}, then: f }] }`,
            ].join('\n'),
          );
        expect(all((source) => `'\${ ${source} }'`)).to.deep.equal(all((source) => `'${source}'`));
      },
    },
  },
  {
    says: 'Templates: input, output, set, mutex, signal, default, details of end and raise. All else is literal text',
    shown: {
      'given CEL in each of them, when they are reached, then it is the value': () => {
        const v = `\${ input.v }`;
        const r = run(
          `
in: { agent: a, input: { x: ['${v}'] }, mutex: '${v}' }
s: { scope: { i: { set: { x: '${v}' } } }, output: { o: '${v}' } }
w: { wait: { signal: '${v}', timeout: 1m, default: { d: '${v}' } } }
r: { raise: { code: A, message: '${v}', details: { x: '${v}' } }, fallback: { task: f } }
f: { sleep: { for: 1s } }
e: { scope: { x: { end: { output: { e: '${v}' } } } } }`,
          { v: 'V' },
        );
        expect(r.state.mutexes.has('V')).to.equal(true);
        expect(r.schedule('in')[0]).to.deep.include({ input: { x: ['V'] } });
        expect(r.task('s').output).to.deep.equal({ o: 'V' });
        expect(r.task('s/i').output).to.deep.equal({ x: 'V' });
        expect(r.task('w').signal).to.equal('V');
        expect(r.task('r').error).to.deep.include({ message: 'V', details: { x: 'V' } });
        expect(r.task('e').output).to.deep.equal({ e: 'V' });
        r.fire({ kind: 'task', taskId: 'w', since: r.now });
        expect(r.task('w').output).to.deep.equal({ d: 'V' });
      },
      'given the same elsewhere, or within a longer text, when it is read, then it stands for itself': () => {
        const literal = `\${ input.v }`;
        const r = run(
          `a: { agent: a, description: '${literal}', input: 'so ${literal}', retry: 1, fallback: { value: '${literal}' } }`,
          { v: 'V' },
        );
        expect(r.state.definition.tasks[0]).to.include({ description: literal });
        expect(r.schedule()[0]).to.include({ input: `so ${literal}` });
        r.fail('a');
        expect(r.state.output).to.equal(literal);
      },
    },
    elsewhere: [[FILES.language, 'a mutex, as a key or with how far it reaches']],
  },
  {
    says: 'join takes all, any, each, or a number',
    elsewhere: [
      [FILES.language, 'joins, and what becomes of the rest'],
      [FILES.refusals, 'join: each, and other words'],
    ],
  },
  {
    says: 'set: null counts as a performer',
    shown: {
      'given set: null alone, when it runs, then its output is null; beside another performer it is refused': () => {
        expect(run('v: { set: null }').state).to.include({ status: 'completed', output: null });
        expect(problemsOf('v: { set: null, agent: a }')[0]).to.include('keep one of the two');
      },
    },
  },
  {
    says: "Flat concurrency and onItemFailure keep today's meaning (items); on a scope, flat concurrency is the scope's",
    shown: {
      'given a list of scopes with both, when it begins, then one is of the items and one of the attempts in each':
        () => {
          const r = run(
            's: { forEach: { items: input, concurrency: 2 }, concurrency: 1, scope: { a: { agent: a }, b: { agent: a } } }',
            [1, 2, 3],
          );
          r.schedule();
          expect(r.events.filter(({ type }) => type === 'TaskScheduled')).to.have.length(2);
          expect([0, 1, 2].map((k) => r.status(`s[${k}]`))).to.deep.equal(['running', 'running', undefined]);
        },
      'given a list of agents, when they are read, then flat and nested are the same': () => {
        expect(read('a: { agent: a, forEach: input.x, concurrency: 2, onItemFailure: continue }')).to.deep.equal(
          read('a: { agent: a, forEach: { items: input.x, concurrency: 2, onItemFailure: continue } }'),
        );
      },
    },
    elsewhere: [
      [FILES.language, 'what is said of a forEach stands inside it or beside it'],
      [FILES.blocks, 'has a concurrency of its own'],
    ],
  },
];
