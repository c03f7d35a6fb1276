import { expect } from 'chai';
import { types } from '../../pure-run.ts';
import { run } from '../yaml-run.ts';
import { type Decision, FILES } from './decision.ts';

const three = (join: string, more = '') =>
  run(
    `a: { agent: a, retry: 1, when: input != 'skip' }\nb: { agent: a, retry: 1 }\nc: { agent: a, retry: 1 }\nj: { agent: a, after: [a, b, c], join: ${join}${more} }`,
    'skip',
  );

/** When a task begins. */
export const STARTING: readonly Decision[] = [
  {
    says: 'join any / n: only completed dependencies count',
    shown: {
      'given one that is skipped, when another completes, then `any` begins, and 2 does not': () => {
        const any = three('any');
        expect(any.status('j')).to.equal('pending');
        any.run('b');
        expect(any.status('j')).to.equal('ready');
        const two = three('2');
        two.run('b');
        expect(two.status('j')).to.equal('pending');
        two.run('c');
        expect(two.status('j')).to.equal('ready');
      },
    },
  },
  {
    says: 'when too few can complete, REPRISE_JOIN_UNMET; all skipped: skipped',
    shown: {
      'given one that is skipped and one that fails, when `2` of three cannot be met, then it fails while the third is under way':
        () => {
          const r = three('2');
          r.schedule();
          r.fail('b');
          expect(r.task('j').error?.code).to.equal('REPRISE_JOIN_UNMET');
        },
    },
    elsewhere: [
      [FILES.starting, 'fails with REPRISE_JOIN_UNMET when none can complete any more'],
      [FILES.starting, 'is skipped when all were'],
    ],
  },
  {
    says: 'outputs is captured when the join is met; what has not ended is null',
    shown: {
      'given a join that was met, when another completes before it is scheduled, then its expressions do not see that':
        () => {
          const r = run(
            `a: { agent: a }\nb: { agent: a }\nj: { agent: a, after: [a, b], join: any, retry: 2, input: ['\${ outputs.a }', '\${ outputs.b }'] }`,
          );
          r.schedule('a', 'b');
          r.complete('b', 'B');
          r.complete('a', 'A');
          expect(r.schedule('j')[0]).to.deep.include({ input: [null, 'B'] });
        },
    },
    elsewhere: [
      [FILES.starting, 'begins with the first that completes; the outputs that it sees are those of that moment'],
    ],
  },
  {
    says: "A dependency that fails does not fail the scope while every dependent's join (or a forEach's need) can still be met",
    shown: {
      'given a block with a race, when one fails, then the block goes on, and completes': () => {
        const r = run(
          's: { scope: { a: { agent: a, retry: 1 }, b: { agent: a }, j: { agent: a, after: [a, b], join: any } } }',
        );
        r.schedule();
        r.fail('s/a');
        r.complete('s/b');
        r.run('s/j', 'done');
        expect(r.state).to.include({ status: 'completed', output: 'done' });
      },
      'given a dependent that needs all, when one fails, then the block fails': () => {
        const r = run(
          's: { scope: { a: { agent: a, retry: 1 }, b: { agent: a }, j: { agent: a, after: [a, b], join: any }, all: { agent: a, after: a } } }',
        );
        r.schedule();
        r.fail('s/a', { code: 'ONE' });
        expect(r.task('s').error?.code).to.equal('ONE');
      },
    },
    elsewhere: [
      [FILES.starting, 'takes no notice of one that fails while another may complete'],
      [FILES.lists, 'bears failures as long as enough can complete, then fails with the last of them'],
    ],
  },
  {
    says: 'join each: instance t[k] per dependency, k its place in after, item { task, output }, output a list; it ends once',
    elsewhere: [
      [FILES.joinEach, 'begins an item with each dependency that completes, which is handed it'],
      [FILES.joinEach, 'has no item for one that was skipped, cancelled, or chose another case'],
    ],
  },
  {
    says: 'rest: cancel covers direct dependencies only, and is refused when a loser has other dependents',
    shown: {
      'given a loser that has not begun, when the join is met, then it is cancelled, and what it waits for goes on':
        () => {
          const r = run(
            'slow: { agent: a }\na: { agent: a, after: slow }\nb: { agent: a }\nj: { agent: a, after: [a, b], join: any, rest: cancel }',
          );
          r.schedule('slow', 'b');
          expect(types(r.complete('b'))).to.deep.equal(['TaskCompleted', 'TaskCancelled', 'TaskReady']);
          expect([r.status('a'), r.status('slow')]).to.deep.equal(['cancelled', 'scheduled']);
          r.run('j');
          expect(r.state.status, 'it is awaited').to.equal('running');
          r.complete('slow');
          expect(r.state.status).to.equal('completed');
        },
    },
    elsewhere: [
      [FILES.starting, 'cancels the rest when it says so, a block and a wait, too'],
      [FILES.refusals, 'cancelling what another task waits for'],
    ],
  },
  {
    says: 'switch: edges carry the case. then names a case; a task of that id that comes after the switch has it implied',
    elsewhere: [
      [FILES.language, 'a task with the name of a case has that case, unless it says another'],
      [FILES.language, 'with several switches a case says of which it is'],
    ],
  },
  {
    says: 'Not chosen: skipped at once, whatever else it waits for. Dependents without a case run',
    elsewhere: [[FILES.starting, 'chooses the first case that holds; the others are skipped at once']],
  },
  {
    says: 'No match and no else fails by the one path',
    shown: {
      'given a block that catches it, when no case holds, then the block goes on': () => {
        const r = run(
          "s: { scope: { route: { switch: [{ when: 'false', then: a }] } }, catch: [{ on: { code: REPRISE_SWITCH_UNMATCHED }, then: continue, output: none }] }",
        );
        expect(r.state.output).to.equal('none');
      },
    },
    elsewhere: [[FILES.starting, 'fails when no case holds and there is no else']],
  },
  {
    says: 'Skipped: output null; for join: all a dependency that counts as ended. All dependencies skipped: skipped',
    shown: {
      'given a chosen and a skipped dependency, when the first completes, then what needs all begins, with null for the other':
        () => {
          const r = run(
            "route: { switch: [{ when: 'true', then: a }, { else: b }] }\na: { agent: a, after: route }\nb: { agent: a, after: route }\nj: { agent: a, after: [a, b] }",
          );
          r.run('a', 'A');
          expect(r.schedule('j')[0]).to.deep.include({ input: { a: 'A', b: null } });
        },
      'given a block that is skipped, when something comes after it alone, then that is skipped; nothing inside begins':
        () => {
          const r = run(
            "s: { when: 'false', scope: { in: { agent: a } } }\nt: { agent: a, after: s }\nlast: { agent: a }",
          );
          expect([r.status('s'), r.status('s/in'), r.status('t')]).to.deep.equal(['skipped', undefined, 'skipped']);
          expect(r.task('s').output).to.equal(null);
        },
    },
    elsewhere: [[FILES.conditions, 'all dependencies skipped: skipped too']],
  },
];
