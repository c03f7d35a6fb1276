import type { Assignment, ReadyTask, SchedulerStrategy } from '@reprise/core/plugin';
import { expect } from 'chai';
import fc from 'fast-check';
import { beforeEach, describe, it } from 'mocha';
import { bePatient } from '../patience.ts';
import { roomOf, type Situation, situation, tasksOf, watched } from './views.ts';

/** Makes the strategy under test, anew for each test. `timeoutMs`: of a test. */
export interface StrategyFactory {
  create(): SchedulerStrategy | Promise<SchedulerStrategy>;
  /** Whether it gives something to somebody wherever that can be done. Default true; a strategy that may choose to wait says false. */
  readonly eager?: boolean;
  /** How long one test may take, in ms. Default 30,000. */
  readonly timeoutMs?: number;
}

/** Registers a mocha suite that checks a scheduler strategy against the contract of the port: pure, lazy, and within what it is shown. */
export function strategyConformance(name: string, factory: StrategyFactory): void {
  describe(`strategy conformance: ${name}`, function () {
    bePatient(this, factory.timeoutMs);
    let strategy: SchedulerStrategy;
    beforeEach(async () => {
      strategy = await factory.create();
    });
    const current = (): SchedulerStrategy => strategy;
    answerSuite(current, factory.eager !== false);
    puritySuite(current, factory);
    lazinessSuite(current);
  });
}

/** The answer as the engine would copy it. */
function answerOf(strategy: SchedulerStrategy, seen: ReturnType<typeof watched>): readonly Assignment[] {
  const answer: unknown = strategy.select(seen.view);
  expect(Array.isArray(answer), 'the answer is a list').to.equal(true);
  return (answer as readonly Assignment[]).map(({ taskId, agent }) => ({ taskId, agent }));
}

function answerSuite(current: () => SchedulerStrategy, eager: boolean): void {
  const everywhere = (holds: (situation: Situation, answer: readonly Assignment[]) => void): void => {
    fc.assert(
      fc.property(situation, (one) => {
        holds(one, answerOf(current(), watched(one)));
      }),
      { numRuns: 300 },
    );
  };
  const byId = (one: Situation): ReadonlyMap<string, ReadyTask> =>
    new Map(tasksOf(one).flatMap((tasks) => tasks.map((task) => [task.taskId, task])));

  describe('the answer', () => {
    it('goes by a name', () => {
      expect(current().name).to.be.a('string').and.not.equal('');
    });

    it('has no more than there are slots', () => {
      everywhere((one, answer) => expect(answer.length).to.be.at.most(one.slots));
    });

    it('has tasks that are ready, each once', () => {
      everywhere((one, answer) => {
        const ready = byId(one);
        const ids = answer.map(({ taskId }) => taskId);
        expect(ids.filter((id) => !ready.has(id))).to.deep.equal([]);
        expect(new Set(ids).size).to.equal(ids.length);
      });
    });

    it('gives them to agents that are there, and that they are for', () => {
      everywhere((one, answer) => {
        const ready = byId(one);
        for (const { taskId, agent } of answer) {
          const view = one.agents.find((other) => other.name === agent);
          expect(view, `${agent} is there`).to.not.equal(undefined);
          const task = ready.get(taskId);
          if (task?.agent !== undefined) expect(agent).to.equal(task.agent);
          else expect(view?.capabilities).to.include(task?.capability);
        }
      });
    });

    it('gives an agent no more than it has room for', () => {
      everywhere((one, answer) => {
        const ready = byId(one);
        const given = new Map<string, { count: number; readonly room: number }>();
        for (const { taskId, agent } of answer) {
          const capability = ready.get(taskId)?.agent === undefined ? ready.get(taskId)?.capability : undefined;
          const key = `${agent}/${capability}`;
          const way = given.get(key) ?? { count: 0, room: roomOf(one, agent, capability) };
          way.count += 1;
          given.set(key, way);
        }
        for (const [way, { count, room }] of given) expect(count, way).to.be.at.most(room);
      });
    });

    it('gives nothing to an agent that rests', () => {
      everywhere((one, answer) => {
        const resting = one.agents.filter(({ rested }) => rested).map(({ name }) => name);
        expect(answer.filter(({ agent }) => resting.includes(agent))).to.deep.equal([]);
      });
    });

    it('is empty when nothing is ready, or nobody is there', () => {
      everywhere((one) => {
        expect(answerOf(current(), watched({ ...one, wanted: [] }))).to.deep.equal([]);
        expect(answerOf(current(), watched({ ...one, agents: [] }))).to.deep.equal([]);
      });
    });

    (eager ? it : it.skip)('is not empty where somebody has room for something', () => {
      everywhere((one, answer) => {
        const can = one.wanted.some(
          ({ agent, capability, priorities }) =>
            priorities.length > 0 &&
            one.agents.some(({ name, capabilities }) =>
              agent === undefined
                ? capability !== undefined && capabilities.includes(capability) && roomOf(one, name, capability) > 0
                : name === agent && roomOf(one, name) > 0,
            ),
        );
        if (can && one.inFlight === 0) expect(answer.length).to.be.greaterThan(0);
      });
    });
  });
}

function puritySuite(current: () => SchedulerStrategy, factory: StrategyFactory): void {
  describe('purity', () => {
    it('changes nothing of what it is shown, and reads no list twice', () => {
      fc.assert(
        fc.property(situation, (one) => {
          const seen = watched(one);
          answerOf(current(), seen);
          expect(seen.flaws).to.deep.equal([]);
        }),
        { numRuns: 200 },
      );
    });

    it('gives the same answer to the same view, whatever it was asked between', () => {
      fc.assert(
        fc.property(situation, fc.array(situation, { maxLength: 3 }), (one, between) => {
          const first = answerOf(current(), watched(one));
          for (const other of between) answerOf(current(), watched(other));
          expect(answerOf(current(), watched(one))).to.deep.equal(first);
        }),
        { numRuns: 200 },
      );
    });

    it('gives the same answer as another one that was made alike', async () => {
      const other = await factory.create();
      fc.assert(
        fc.property(situation, (one) => {
          expect(answerOf(other, watched(one))).to.deep.equal(answerOf(current(), watched(one)));
        }),
        { numRuns: 100 },
      );
    });
  });
}

function lazinessSuite(current: () => SchedulerStrategy): void {
  describe('laziness', () => {
    const MANY = 100_000;
    const ada = { name: 'ada', capabilities: ['read'], load: 0, rested: false };

    function* many(wanted: { readonly agent?: string; readonly capability?: string }): Generator<ReadyTask> {
      for (let order = 0; order < MANY; order += 1) {
        const { agent, capability } = wanted;
        yield { taskId: `t${order}`, priority: 0, readySince: order, order, agent, capability, tried: [] };
      }
    }

    for (const wanted of [{ agent: 'ada' }, { capability: 'read' }])
      it(`reads of ${MANY.toLocaleString('en')} tasks for one ${Object.keys(wanted)[0]} what it needs`, () => {
        const one: Situation = {
          agents: [ada],
          wanted: [{ ...wanted, priorities: [] }],
          slots: 10,
          inFlight: 0,
          rooms: {},
        };
        const seen = watched(one, [many(wanted)]);
        expect(answerOf(current(), seen).length).to.be.at.most(10);
        expect(seen.read).to.be.at.most(4 * 10);
      });

    it('reads no list to its end for whom nobody has room', () => {
      const one: Situation = {
        agents: [ada],
        wanted: [
          { agent: 'ada', priorities: [] },
          { agent: 'gone', priorities: [] },
        ],
        slots: 10,
        inFlight: 0,
        rooms: { ada: 1 },
      };
      const seen = watched(one, [many({ agent: 'ada' }), many({ agent: 'gone' })]);
      answerOf(current(), seen);
      expect(seen.read).to.be.at.most(4 * 10);
    });
  });
}
