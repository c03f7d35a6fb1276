import {
  defineAgent,
  type Json,
  type JsonObject,
  parseWorkflow,
  type RunEvent,
  replay,
  type Workflow,
} from '@reprise/core';
import { definePlugin, type TeamSchedulingView, type TeamStrategy } from '@reprise/core/plugin';
import { type ScriptFunction, type Simulation, simulate } from '@reprise/core/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { bePatient } from '../patience.ts';
import { unchangeable } from './unchangeable.ts';

export interface TeamFactory {
  /** A new one, that knows nothing of any other. */
  create(): TeamStrategy;
  /** What a workflow says of it beside its name: a team that the agents below bring to its end. */
  readonly spec: JsonObject;
  /** The agents of the team, by name, as they should be: what each gives for its task. */
  readonly agents: Readonly<Record<string, ScriptFunction>>;
  /** What the agents can, by their names, where tasks ask for that. Default: nothing. */
  readonly capabilities?: Readonly<Record<string, readonly string[]>>;
  /** What the block is handed. Default null. */
  readonly input?: Json;
  /** Tasks of the block, as YAML has them. Default: none. */
  readonly tasks?: JsonObject;
  /** How long one test may take, in ms. Default 60,000. */
  readonly timeoutMs?: number;
}

/** What every team of the suite may spend. */
const BUDGET = { tasks: 300, attempts: 600, delegations: 300, messages: 2000 } as const;
/** Of virtual time: whatever still goes on then would go on for ever. */
const LONGEST = '20d';

/**
 * Registers a mocha suite that checks a strategy that leads teams: pure, deciding by what it is shown and nothing else, within what it may do, and ended in time whatever its
 * agents do. Its teams run through the engine, in virtual time.
 */
export function teamConformance(name: string, factory: TeamFactory): void {
  describe(`team conformance: ${name}`, function () {
    bePatient(this, factory.timeoutMs ?? 60_000);
    specSuite(factory);
    runSuite(factory);
  });
}

function specSuite({ create, spec }: TeamFactory): void {
  describe('what a workflow says of it', () => {
    it('goes by a name, and says in which format its ledger is', () => {
      const { name, team } = create();
      expect(name).to.match(/^[A-Za-z0-9._-]+$/);
      expect(team.writes).to.be.a('number');
      expect(team.reads ?? [team.writes]).to.include(team.writes);
    });

    it('is checked: nothing is wrong with what is right, and of anything else it is said in sentences', () => {
      const { check } = create().team;
      expect(check?.(spec) ?? []).to.deep.equal([]);
      fc.assert(
        fc.property(fc.jsonValue(), (any) => {
          for (const problem of check?.({ any } as JsonObject) ?? [])
            expect(problem).to.be.a('string').and.not.equal('');
        }),
        { numRuns: 100 },
      );
    });

    it('names its agents, as far as it knows them', () => {
      for (const one of create().team.agentsOf?.(spec) ?? []) expect(one.agent ?? one.capability).to.be.a('string');
    });
  });
}

function runSuite(factory: TeamFactory): void {
  const { agents } = factory;
  const answers = (given: (name: string, own: ScriptFunction) => ScriptFunction) =>
    Object.fromEntries(Object.entries(agents).map(([name, own]) => [name, given(name, own)]));
  const played = async (
    scripts: Readonly<Record<string, ScriptFunction>>,
    seed: number,
  ): Promise<Simulation<unknown>> => {
    const watched = new Watched(factory.create);
    const ran = await simulate(workflowOf(factory), {
      input: factory.input ?? null,
      agents: scripts,
      seed,
      maxDuration: '400d',
      plugins: [definePlugin({ name: watched.name, kind: 'scheduler', create: () => watched })],
    });
    expect(watched.problems).to.deep.equal([]);
    return ran;
  };
  const well = (): Promise<Simulation<unknown>> =>
    played(
      answers((_name, own) => own),
      1,
    );

  describe('a team', () => {
    it('comes to its end with agents that do what they are asked, and is refused nothing', async () => {
      const { outcome, history } = await well();
      expect(outcome.status, JSON.stringify(outcome)).to.equal('completed');
      expect(refusals(history)).to.deep.equal([]);
    });

    it('decides the same each time that it is played, by what it is shown alone', async () => {
      const [one, other] = [await well(), await well()];
      expect(JSON.stringify(decisions(other.history))).to.equal(JSON.stringify(decisions(one.history)));
    });

    it('is read again without its strategy', async () => {
      const { history } = await well();
      expect(replay(history).matches).to.equal(true);
    });

    it('ends in time and within its budget, whatever its agents do', async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1 }), async (seed) => {
          const { history, outcome, state } = await played(
            answers((name, own) => moody(name, own, seed)),
            seed,
          );
          expect(outcome.status).to.be.oneOf(['completed', 'failed']);
          if (outcome.status === 'failed')
            expect(outcome.error.cause?.code ?? outcome.error.code, JSON.stringify(outcome.error)).to.not.equal(
              'REPRISE_TASK_TIMEOUT',
            );
          for (const [, budget] of state.budgets)
            for (const [kind, most] of Object.entries(BUDGET)) {
              const { spent = 0 } = (budget as Readonly<Record<string, { readonly spent: number }>>)[kind] ?? {};
              expect(spent, kind).to.be.at.most(most);
            }
          expect(replay(history).matches).to.equal(true);
        }),
        { numRuns: 60 },
      );
    });

    it('ends with its time when its agents never answer', async () => {
      const { outcome } = await played(
        answers(() => async (_task, context) => context.sleep('300d')),
        1,
      );
      expect(outcome.status).to.be.oneOf(['completed', 'failed']);
    });
  });
}

const workflowOf = ({ create, spec, tasks = {}, capabilities = {} }: TeamFactory): Workflow => ({
  ...(parseWorkflow(
    JSON.stringify({
      name: 'team',
      tasks: {
        team: {
          scope: tasks,
          // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of the workflow.
          input: '${ input }',
          strategy: { name: create().name, ...spec },
          budget: BUDGET,
          timeout: LONGEST,
        },
      },
    }),
  ) as Workflow),
  // Scripts stand for what they do.
  agents: Object.entries(capabilities).map(([name, can]) =>
    defineAgent({ name, capabilities: [...can], handle: () => null }),
  ),
});

/** One whose agents do what they are asked, or fail, or give nonsense, or are slow: by its name, the task and the seed. */
function moody(name: string, own: ScriptFunction, seed: number): ScriptFunction {
  return async (task, context) => {
    const { taskId, attempt, round } = task as { taskId: string; attempt: number; round: number };
    const dice = (text: string): number => hash(`${seed} ${name} ${taskId} ${attempt} ${round} ${text}`) / 2 ** 32;
    const mood = dice('mood');
    if (dice('slow') < 0.2) await context.sleep(`${Math.ceil(dice('how slow') * 90)}m`);
    if (mood < 0.15) throw Object.assign(new Error('busy'), { code: 'BUSY', retryable: true });
    if (mood < 0.25) throw Object.assign(new Error('never'), { code: 'NEVER', retryable: false });
    if (mood < 0.4) return NONSENSE[Math.floor(dice('nonsense') * NONSENSE.length)] ?? null;
    return own(task, context);
  };
}

const NONSENSE: readonly Json[] = [
  null,
  '',
  'I cannot do that.',
  0,
  [],
  {},
  { done: true },
  { do: [{ fly: 1 }] },
  [[[]]],
];

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}

const decisions = (history: readonly RunEvent[]): readonly RunEvent[] =>
  history.filter(({ type }) => type === 'DecisionMade' || type === 'DecisionRefused' || type === 'TaskScheduled');

const refusals = (history: readonly RunEvent[]): readonly string[] =>
  history.flatMap((event) => (event.type === 'DecisionRefused' ? [JSON.stringify(event)] : []));

/** What is ready can be read once: here by each who is asked. */
function readTwice(view: TeamSchedulingView): TeamSchedulingView {
  const groups = view.groups.map((group) => ({ ...group, tasks: [...group.tasks] }));
  const ready = groups
    .flatMap(({ tasks }) => tasks)
    .sort((one, other) => other.priority - one.priority || one.order - other.order);
  return new Proxy(view, {
    get(target, key) {
      if (key === 'groups') return groups;
      if (key === 'ready') return ready;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** The strategy, which is asked as the engine asks it: one made for each question must say what one that has been there from the beginning says, and change nothing that it is shown. */
class Watched implements TeamStrategy {
  readonly name: string;
  readonly team: TeamStrategy['team'];
  readonly problems: string[] = [];
  readonly #create: () => TeamStrategy;
  readonly #first: TeamStrategy;

  constructor(create: () => TeamStrategy) {
    this.#create = create;
    this.#first = create();
    this.name = this.#first.name;
    this.team = this.#first.team;
  }

  select(view: TeamSchedulingView): ReturnType<TeamStrategy['select']> {
    const seen = readTwice(view);
    const answer = this.#ask(this.#first, seen);
    const again = this.#ask(this.#create(), seen);
    const [said, other] = [JSON.stringify(answer), JSON.stringify(again)];
    if (said !== other) this.#note(`it decided ${said}, and one made anew, shown the same, ${other}`);
    if (JSON.stringify(JSON.parse(said)) !== said) this.#note(`it decided what is no plain JSON: ${said}`);
    return JSON.parse(said) as typeof answer;
  }

  #ask(strategy: TeamStrategy, view: TeamSchedulingView) {
    return strategy.select(unchangeable(view, (what) => this.#note(`it changed ${what} of what it was shown`)));
  }

  #note(problem: string): void {
    if (this.problems.length < 10) this.problems.push(problem.slice(0, 2000));
  }
}
