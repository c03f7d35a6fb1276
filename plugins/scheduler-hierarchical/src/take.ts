import type { Json, TeamView } from '@reprise/core/plugin';
import type { ManagerAction, ManagerReply, PlannedStep, Question } from './contract.ts';
import { dueSteps, forget, isUnderWay, type Ledger, type Step, stepOf } from './ledger.ts';
import { orElse } from './options.ts';
import { bytesOf } from './reply.ts';
import type { Team } from './spec.ts';

/** What is remembered may have 256 KiB; the rest is for what the strategy puts to it. */
const MOST_REMEMBERED = 192 * 1024;

/** What is told of one answer. */
const MOST_PROBLEMS = 20;

/** How an answer ends the team. */
export type Ending = { readonly output: Json } | { readonly giveUp: string };

export interface Taken {
  /** Each a sentence for the manager; when there are any, what was done to the ledger is not to be kept. */
  readonly problems: readonly string[];
  readonly ending: Ending | undefined;
  readonly accepted: readonly Step[];
}

/** Does to the ledger what an answer says. Nothing happens here: what is to be done stands in the ledger. */
export function take(reply: ManagerReply, kind: Question, ledger: Ledger, team: Team, view: TeamView): Taken {
  const taking = new Taking(kind, ledger, team, view);
  for (const [index, action] of reply.do.entries()) {
    taking.take(action, `do[${index}]`);
    if (taking.problems.length >= MOST_PROBLEMS) return taking;
  }
  taking.finish(reply);
  return taking;
}

class Taking implements Taken {
  readonly problems: string[] = [];
  readonly accepted: Step[] = [];
  ending: Ending | undefined;
  #planned = false;
  readonly #kind: Question;
  readonly #ledger: Ledger;
  readonly #team: Team;
  readonly #view: TeamView;

  constructor(kind: Question, ledger: Ledger, team: Team, view: TeamView) {
    this.#kind = kind;
    this.#ledger = ledger;
    this.#team = team;
    this.#view = view;
    // What the manager knew of has been answered.
    const told = new Set(ledger.asking?.told);
    ledger.unseen = ledger.unseen.filter((name) => !told.has(name));
  }

  take(action: ManagerAction, at: string): void {
    if (this.ending !== undefined) return this.#say(`${at} comes after what ends the team; leave it out.`);
    if ('plan' in action) return this.#plan(action.plan, `${at}.plan`);
    if ('replan' in action) return this.#replan(action.replan, `${at}.replan`);
    if ('assign' in action) return this.#assign(action, at);
    if ('accept' in action) return this.#accept(action.accept, at);
    if ('reject' in action) return this.#reject(action.reject, action.feedback, at);
    if ('finish' in action) this.ending = { output: action.finish };
    else if ('giveUp' in action) this.ending = { giveUp: action.giveUp };
    else this.#finishWith(action.finishWith, at);
  }

  /** What is asked of an answer as a whole. */
  finish({ progress, facts }: ManagerReply): void {
    const ledger = this.#ledger;
    if (this.#kind === 'next' && (progress ?? null) === null) this.#say('progress is missing: how things stand.');
    if (this.#kind !== 'next' && !this.#planned && this.ending === undefined)
      this.#say(`You were asked to ${this.#kind}: do needs { "plan": [ … ] }, or what ends the team.`);
    if (progress?.satisfied === true && this.ending === undefined)
      this.#say('progress.satisfied says that the goal is reached, but do has neither finish nor finishWith.');
    if (facts !== undefined && facts !== null) ledger.facts = facts;
    if (progress !== undefined && progress !== null) ledger.progress = progress;
    this.#lookAtPlan();
    const bytes = bytesOf(ledger);
    if (this.ending === undefined && bytes > MOST_REMEMBERED)
      this.#say(`Facts and plan would have ${bytes} bytes; ${MOST_REMEMBERED} are kept. Say less, or replan.`);
  }

  #plan(steps: readonly PlannedStep[], at: string): void {
    this.#planned = true;
    for (const [index, { step: name, work, to, after, input }] of steps.entries()) {
      if (this.problems.length >= MOST_PROBLEMS) return;
      const existing = stepOf(this.#ledger, name);
      if (Object.hasOwn(this.#ledger.others, name))
        this.#say(`${at}[${index}]: there is a task '${name}' in the block; call the step otherwise.`);
      else if (existing !== undefined)
        this.#say(
          `${at}[${index}]: there is a step '${name}' already (${existing.state}); leave it out, or call the new one otherwise.`,
        );
      else
        this.#ledger.plan.push({
          step: name,
          work,
          ...this.#given(to, input, `${at}[${index}]`),
          after: [...new Set(after ?? [])],
          state: 'planned',
          rejections: 0,
        });
    }
  }

  #given(to: string | null | undefined, input: Json | undefined, at: string): Pick<Step, 'to' | 'input'> {
    if (typeof to === 'string' && !this.#team.workers.has(to)) {
      const known = [...this.#team.workers.keys()];
      this.#say(`${at}.to: there is no worker '${to}'${orElse(to, known, listOf(known))}`);
    }
    return { ...(typeof to === 'string' && { to }), ...(input !== undefined && { input }) };
  }

  /** What has ended since the question was asked is kept, unless the new plan has a step of that name. */
  #replan(steps: readonly PlannedStep[], at: string): void {
    const named = new Set(steps.map(({ step }) => step));
    for (const step of this.#ledger.plan) {
      const unseen = this.#ledger.unseen.includes(step.step) && !named.has(step.step);
      if (step.state !== 'accepted' && !unseen) forget(this.#ledger, step);
    }
    this.#plan(steps, at);
  }

  #assign({ assign, to, input }: Extract<ManagerAction, { assign: string }>, at: string): void {
    const step = this.#step(assign, `${at}.assign`);
    if (step === undefined) return;
    if (step.state === 'ended') return this.#say(`${at}: '${assign}' has ended; accept it, or reject it.`);
    if (step.state !== 'planned' && step.state !== 'failed')
      return this.#say(`${at}: '${assign}' is ${step.state}, with ${step.to}; it cannot be given to anybody else.`);
    Object.assign(step, this.#given(to, input, at));
    if (step.to === undefined) return this.#say(`${at} does not say to whom: to is the name of a worker.`);
    delete step.task;
    delete step.error;
    step.state = 'planned';
    step.rejections = 0;
    this.#hide(step);
  }

  #accept(name: string, at: string): void {
    const step = this.#step(name, `${at}.accept`);
    if (step === undefined) return;
    if (step.state !== 'ended' && step.state !== 'failed')
      return this.#say(`${at}: '${name}' is ${step.state}; only what has ended is accepted.`);
    step.state = 'accepted';
    delete step.error;
    this.accepted.push(step);
    this.#hide(step);
  }

  #reject(name: string, feedback: Json, at: string): void {
    const step = this.#step(name, `${at}.reject`);
    if (step === undefined) return;
    if ((step.state !== 'ended' && step.state !== 'failed') || step.task === undefined)
      return this.#say(`${at}: '${name}' is ${step.state}; only what a worker has ended is rejected.`);
    this.#hide(step);
    if (step.rejections >= this.#team.bounds.rejections) {
      // It has had its chances: the manager is told, and has to find another way.
      const { rejections } = this.#team.bounds;
      step.state = 'failed';
      step.error = {
        code: 'REJECTED',
        message: `It was rejected ${rejections + 1} times; a step is done again ${rejections} times at most. Assign it to another worker, replan, or accept what there is.`,
      };
      this.#ledger.unseen.push(name);
      return;
    }
    step.rejections += 1;
    step.state = 'redo';
    step.feedback = feedback;
  }

  #finishWith(name: string, at: string): void {
    const step = stepOf(this.#ledger, name);
    const id = step === undefined ? name : (step.task ?? '');
    const task = this.#view.tasks.get(id);
    if (step === undefined && !Object.hasOwn(this.#ledger.others, name)) this.#step(name, `${at}.finishWith`);
    else if (task?.status === 'completed') this.ending = { output: task.output ?? null };
    else this.#say(`${at}.finishWith: '${name}' has no output: it is ${task?.status ?? step?.state}.`);
  }

  #step(name: string, at: string): Step | undefined {
    const step = stepOf(this.#ledger, name);
    if (step !== undefined) return step;
    const known = this.#ledger.plan.map((one) => one.step);
    this.#say(`${at}: there is no step '${name}'${orElse(name, known, listOf(known))}`);
    return undefined;
  }

  /** It has been answered. */
  #hide({ step }: Step): void {
    this.#ledger.unseen = this.#ledger.unseen.filter((name) => name !== step);
  }

  /** What steps come after has to be there, and may not come after them. */
  #lookAtPlan(): void {
    const known = new Set([...this.#ledger.plan.map(({ step }) => step), ...Object.keys(this.#ledger.others)]);
    const planned = this.#ledger.plan.filter(({ state }) => state === 'planned');
    for (const { step, after } of planned)
      for (const name of after)
        if (!known.has(name) && this.problems.length < MOST_PROBLEMS)
          this.#say(`'${step}' comes after '${name}', which is no step${orElse(name, [...known], listOf([...known]))}`);
    const circle = circleOf(planned);
    if (circle.length > 0)
      this.#say(
        `${circle.map((name) => `'${name}'`).join(', ')} come after each other, in a circle: none could ever begin.`,
      );
  }

  #say(problem: string): void {
    this.problems.push(problem);
  }
}

/** Whether an answer leaves nothing to wait for, and brought nothing either. */
export const leavesNothing = (taken: Taken, ledger: Ledger, team: Team): boolean =>
  taken.accepted.length === 0 &&
  !ledger.plan.some(isUnderWay) &&
  dueSteps(ledger, team).length === 0 &&
  !Object.values(ledger.others).includes(false);

/** Steps that come after each other, and those behind them; empty when there are none. */
function circleOf(plan: readonly Step[]): readonly string[] {
  const waiting = new Map(plan.map(({ step, after }) => [step, new Set(after)]));
  for (let before = -1; before !== waiting.size; ) {
    before = waiting.size;
    for (const [step, after] of waiting) if (!after.values().some((name) => waiting.has(name))) waiting.delete(step);
  }
  return [...waiting.keys()];
}

const MOST_LISTED = 20;

function listOf(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const more = names.length > MOST_LISTED ? ` and ${names.length - MOST_LISTED} more` : '';
  return `${names.slice(0, MOST_LISTED).join(', ')}${more}`;
}
