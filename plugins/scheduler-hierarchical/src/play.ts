import type { Decision, ErrorCode, Json, JsonObject, TeamSchedulingView, TeamTask } from '@reprise/core/plugin';
import type { ManagerReply, Question } from './contract.ts';
import { taskOf } from './delegate.ts';
import { dueSteps, emptyLedger, forget, freeId, hasEnded, isMoving, type Ledger, prune, type Step } from './ledger.ts';
import { readReply } from './reply.ts';
import type { Team } from './spec.ts';
import { leavesNothing, type Taken, take } from './take.ts';
import { tell } from './tell.ts';

const MOST_WHY = 1000;
const MOST_MESSAGE = 4000;
/** Teams in each other. */
const MOST_TEAMS = 4;
/** Of one sentence about what was wrong: names in it are the manager's. */
const MOST_PROBLEM = 500;
/** Ids that may turn out to be taken. */
const MOST_TAKEN = 100;
/** Codes of a manager that answered, if not in the form that was asked for. */
const NONSENSE_CODES: readonly string[] = ['REPRISE_OUTPUT_INVALID', 'LLM_OUTPUT_INVALID'];

/**
 * One asking: what has happened is put into the ledger, then what the ledger says is to happen is decided, decision by decision, each with the ledger as it is
 * once that one has taken effect. So a refusal leaves in it what could not be.
 *
 *     planning --plan fits--> working --a step ended, or nothing is under way--> reviewing --reply fits--> working
 *        ^  \--nonsense: asked again (bounds.nonsense)                              |  \--nonsense: asked again
 *        |                                                                          +--finish, giveUp, a bound--> over
 *        +---------- all open is dropped (bounds.resets) <--stalls over their bound-+
 */
export class Play {
  isOver = false;
  readonly #team: Team;
  readonly #view: TeamSchedulingView;
  readonly #said: Decision[] = [];
  /** Ids that are taken by what was decided in this asking. */
  readonly #taken = new Set<string>();
  #ledger: Ledger;
  #recorded: string | undefined;
  #wrong: readonly string[] = [];
  /** What is asked as soon as everything else is decided. */
  #question: Question | undefined;

  constructor(team: Team, view: TeamSchedulingView) {
    this.#team = team;
    this.#view = view;
    const { ledger, tasks } = view.team;
    this.#recorded = ledger === undefined ? undefined : JSON.stringify(ledger);
    // Shares nothing with the view.
    this.#ledger = this.#recorded === undefined ? emptyLedger() : (JSON.parse(this.#recorded) as Ledger);
    if (ledger === undefined) for (const id of tasks.keys()) this.#ledger.others[id] = false;
  }

  decide(): readonly Decision[] {
    this.#resume();
    const { state, asking, resets } = this.#ledger;
    if (state === 'planning' && asking === null) this.#question = resets === 0 ? 'plan' : 'replan';
    this.#look();
    this.#refused();
    if (!this.isOver) this.#hear();
    if (!this.isOver) this.#effect();
    if (!this.isOver) this.#askIfNeeded();
    return this.#said;
  }

  /** Asked again after it gave up, since the run is tried again: the manager is asked what it was asked last, and has its chances anew. */
  #resume(): void {
    const ledger = this.#ledger;
    if (ledger.state !== 'over' || this.#view.team.news.some(({ kind }) => kind === 'refused')) return;
    this.#question = ledger.asking?.kind ?? 'next';
    Object.assign(ledger, { state: 'working', asking: null, nonsense: 0, stalls: 0, resets: 0 });
  }

  /** What could not be is taken back, or is the end. Of each kind of decision, the ledger says which was the first to be made. */
  #refused(): void {
    const ledger = this.#ledger;
    for (const news of this.#view.team.news) {
      if (news.kind !== 'refused' || this.isOver) continue;
      const { code, message } = news;
      const redo = ledger.plan.find(({ state }) => state === 'redo');
      const [due] = dueSteps(ledger, this.#team);
      const isTaken = code === 'REPRISE_TASK_EXISTS';
      if (isTaken && news.decision === 'ask') ledger.asked += 1;
      else if (isTaken && due !== undefined && ledger.taken.length < MOST_TAKEN)
        ledger.taken.push(this.#freeId(due.step.step));
      else if (news.decision === 'add' && due !== undefined) this.#fail(due.step, { code, message });
      else if (news.decision === 'reject' && redo !== undefined) this.#takeBack(redo, message);
      else if (news.decision === 'drop') ledger.drops = [];
      else if (news.decision === 'finish') this.#nonsense('next', [`The team cannot finish so: ${message}`]);
      else if (news.decision !== 'assign') return this.#giveUp(code, `The team cannot go on: ${message}`);
      // Once on record it is no news any more, and the next refusal is not another in a row.
      if (!this.isOver) this.#say({ kind: 'note', why: clip(`could not be: ${message}`, MOST_WHY) });
    }
  }

  /** A step that may not be done again stands as it ended; the manager is told. */
  #takeBack(step: Step, message: string): void {
    const task = this.#view.team.tasks.get(step.task ?? '');
    step.state = task?.status === 'completed' ? 'ended' : 'failed';
    delete step.feedback;
    this.#ledger.unseen.push(step.step);
    this.#wrong = [...this.#wrong, `'${step.step}' cannot be done again: ${message}`];
  }

  #fail(step: Step, error: { readonly code: string; readonly message: string }): void {
    step.state = 'failed';
    step.error = error;
    // Or a manager that insists would never come to an end.
    this.#ledger.delegations += 1;
    this.#ledger.unseen.push(step.step);
  }

  /** Puts into the ledger how far tasks are. */
  #look(): void {
    const ledger = this.#ledger;
    for (const step of ledger.plan) {
      if (step.task === undefined || step.state === 'planned' || step.state === 'redo') continue;
      const task = this.#view.team.tasks.get(step.task);
      // Somebody went back, and what was added since is forgotten.
      if (task === undefined) this.#reopen(step, 'planned');
      else if (!hasEnded(task)) this.#reopen(step, 'open');
      else if (step.state === 'open') this.#settle(step, task);
    }
    this.#lookAtOthers();
  }

  #lookAtOthers(): void {
    const { others, plan, unseen } = this.#ledger;
    const { news, tasks } = this.#view.team;
    const own = new Set(plan.map(({ task }) => task));
    const added = news
      .flatMap((one) => (one.kind === 'changed' ? one.tasks : []))
      .filter((id) => !own.has(id) && !Object.hasOwn(others, id) && tasks.get(id)?.role === undefined);
    for (const id of added) others[id] = false;
    // On record at once: a refusal would be the last that is heard of it.
    if (added.length > 0) this.#say({ kind: 'note', why: clip(`others added ${added.join(', ')}`, MOST_WHY) });
    for (const [id, hadEnded] of Object.entries(others)) {
      const task = tasks.get(id);
      if (task === undefined) delete others[id];
      else others[id] = hasEnded(task);
      if (task !== undefined && hasEnded(task) && !hadEnded) unseen.push(id);
    }
  }

  #reopen(step: Step, state: 'planned' | 'open'): void {
    if (step.state === state) return;
    step.state = state;
    if (state === 'planned') delete step.task;
    delete step.error;
    this.#ledger.unseen = this.#ledger.unseen.filter((name) => name !== step.step);
  }

  #settle(step: Step, task: TeamTask): void {
    const ledger = this.#ledger;
    const { asking } = ledger;
    const [to = '', completed] = [step.to, task.status === 'completed'];
    step.state = !completed ? 'failed' : this.#team.review === 'all' ? 'ended' : 'accepted';
    if (!completed) ledger.failed[to] = (ledger.failed[to] ?? 0) + 1;
    ledger.unseen.push(step.step);
    // It has begun again since the question was asked, and ended otherwise.
    if (asking !== null) asking.told = asking.told.filter((name) => name !== step.step);
    if (step.state === 'accepted') this.#say({ kind: 'accept', task: task.id });
  }

  /** What the manager says, once it does. */
  #hear(): void {
    const { asking } = this.#ledger;
    const task = asking === null ? undefined : this.#view.team.tasks.get(asking.task);
    if (asking === null || (task !== undefined && !hasEnded(task))) return;
    if (task === undefined) {
      this.#question = asking.kind;
      return;
    }
    if (task.status === 'completed') return this.#takeReply(asking.kind, task.output);
    const { code, message } = task.error ?? { code: '', message: `its task was ${task.status}` };
    if (NONSENSE_CODES.includes(code)) return this.#nonsense(asking.kind, [message]);
    const known: ErrorCode = code === 'REPRISE_BUDGET_EXHAUSTED' ? code : 'REPRISE_MANAGER_FAILED';
    this.#giveUp(known, `The manager ${this.#team.managerName} gave no answer (${task.id}): ${message}`, task.id);
  }

  #takeReply(kind: Question, output: Json | undefined): void {
    const read = readReply(output);
    if ('problems' in read) return this.#nonsense(kind, read.problems);
    const before = structuredClone(this.#ledger);
    const taken = take(read.reply, kind, this.#ledger, this.#team, this.#view.team);
    if (taken.problems.length > 0) {
      this.#ledger = before;
      return this.#nonsense(kind, taken.problems);
    }
    this.#ledger.asking = null;
    this.#ledger.state = 'working';
    const { ending } = taken;
    // An output that the block cannot take is nonsense, too, and is found out later.
    if (ending === undefined) this.#ledger.nonsense = 0;
    if (ending !== undefined && 'giveUp' in ending)
      return this.#giveUp('REPRISE_TEAM_FAILED', `The manager ${this.#team.managerName} gave up: ${ending.giveUp}`);
    if (ending === undefined && kind === 'next') this.#countStall(read.reply, taken);
    if (this.isOver) return;
    this.#note(read.reply, taken);
    if (ending === undefined) return;
    this.#ledger.state = 'over';
    this.isOver = true;
    this.#say({ kind: 'finish', output: ending.output });
  }

  /** What was said is remembered before anything is done by it, which could be refused. */
  #note({ progress }: ManagerReply, { accepted }: Taken): void {
    const why = progress?.next ?? `plan: ${this.#ledger.plan.map(({ step }) => step).join(', ')}`;
    const given = why === '' ? {} : { why: clip(why, MOST_WHY) };
    const [first, ...rest] = accepted.flatMap(({ task }) => {
      const done = task === undefined ? undefined : this.#view.team.tasks.get(task);
      return done?.status === 'completed' ? [done.id] : [];
    });
    this.#say(first === undefined ? { kind: 'note', ...given } : { kind: 'accept', task: first, ...given });
    for (const task of rest) this.#say({ kind: 'accept', task });
  }

  #countStall({ progress }: ManagerReply, taken: Taken): void {
    const ledger = this.#ledger;
    const isStuck = progress?.progressing === false || progress?.looping === true;
    if (!isStuck && !leavesNothing(taken, ledger, this.#team)) {
      ledger.stalls = Math.max(0, ledger.stalls - 1);
      return;
    }
    ledger.stalls += 1;
    const { stalls, resets } = this.#team.bounds;
    if (ledger.stalls <= stalls) return;
    if (ledger.resets >= resets)
      return this.#giveUp(
        'REPRISE_MANAGER_STALLED',
        `The team came to a stand ${stalls + 1} times with each of ${resets + 1} plans. ${progress?.next ?? ''}`.trim(),
      );
    ledger.resets += 1;
    ledger.stalls = 0;
    ledger.state = 'planning';
    for (const step of ledger.plan) if (step.state !== 'accepted') forget(ledger, step);
    this.#question = 'replan';
  }

  #nonsense(kind: Question, all: readonly string[]): void {
    const problems = all.map((problem) => clip(problem, MOST_PROBLEM));
    const ledger = this.#ledger;
    const { nonsense } = this.#team.bounds;
    ledger.nonsense += 1;
    if (ledger.nonsense > nonsense) {
      const last = problems.slice(0, 5).join(' ');
      const message = `The manager ${this.#team.managerName} gave ${ledger.nonsense} answers in a row that are of no use. Of the last: ${last}`;
      return this.#giveUp('REPRISE_MANAGER_NONSENSE', message, ledger.asking?.task);
    }
    this.#wrong = problems;
    this.#question = kind;
  }

  /** Does what the ledger says is to be done. */
  #effect(): void {
    this.#drop();
    for (const step of this.#ledger.plan) if (step.state === 'redo') this.#redo(step);
    if (this.#question === 'replan') return;
    for (const { step, worker } of dueSteps(this.#ledger, this.#team)) {
      const { delegations } = this.#team.bounds;
      if (this.#ledger.delegations >= delegations)
        return this.#giveUp(
          'REPRISE_DELEGATIONS_EXHAUSTED',
          `The team has delegated ${delegations} steps, and '${step.step}' would be one more.`,
        );
      if ('strategy' in worker.performer && this.#view.team.depth + 1 >= MOST_TEAMS) {
        this.#fail(step, { code: 'TOO_DEEP', message: `There are ${MOST_TEAMS} teams in each other already.` });
        continue;
      }
      const id = this.#freeId(step.step);
      const task = taskOf(step, worker, this.#team, this.#ledger, this.#view.team);
      step.task = id;
      step.state = 'open';
      this.#ledger.delegations += 1;
      this.#say({ kind: 'add', tasks: { [id]: task }, why: `${step.step} to ${worker.name}` });
    }
  }

  #drop(): void {
    const open = this.#ledger.drops.filter((id) => {
      const task = this.#view.team.tasks.get(id);
      return task !== undefined && !hasEnded(task);
    });
    this.#ledger.drops = [];
    if (open.length > 0) this.#say({ kind: 'drop', tasks: open });
  }

  #redo(step: Step): void {
    const { feedback = null, task = '' } = step;
    step.state = 'open';
    delete step.feedback;
    const why = typeof feedback === 'string' ? feedback : JSON.stringify(feedback);
    this.#say({ kind: 'reject', task, feedback, why: clip(why, MOST_WHY) });
  }

  /** One question at a time: about what has ended, or since nothing else is under way. */
  #askIfNeeded(): void {
    const ledger = this.#ledger;
    if (this.#question !== undefined) return this.#ask(this.#question);
    if (ledger.asking !== null) return;
    const { review } = this.#team;
    const isAsked = ({ step, state }: Step): boolean =>
      ledger.unseen.includes(step) && (state === 'ended' || (state === 'failed' && review !== 'none'));
    if (ledger.plan.some(isAsked) || !isMoving(ledger, this.#team)) this.#ask('next');
  }

  #ask(kind: Question): void {
    const ledger = this.#ledger;
    const task = this.#freeId(`${kind}-${ledger.asked + 1}`);
    const waiting = ledger.plan.filter(({ step, state }) => state === 'ended' && !ledger.unseen.includes(step));
    const names = [...waiting.map(({ step }) => step), ...ledger.unseen];
    const input = tell(kind, names, ledger, this.#team, this.#view, this.#wrong);
    ledger.asked += 1;
    ledger.asking = { task, kind, told: [...ledger.unseen] };
    ledger.state = kind === 'next' ? 'reviewing' : 'planning';
    this.#say({
      kind: 'ask',
      id: task,
      role: kind,
      ...this.#team.manager,
      input: input as unknown as Json,
      timeoutMs: this.#team.managerTimeoutMs,
      attempts: this.#team.managerAttempts,
      ...(this.#wrong.length > 0 && { why: clip(this.#wrong.join(' '), MOST_WHY) }),
    });
  }

  #giveUp(code: ErrorCode, message: string, task?: string): void {
    this.#ledger.state = 'over';
    this.isOver = true;
    const text = clip(message, MOST_MESSAGE);
    this.#say({ kind: 'giveUp', code, message: text, ...(task !== undefined && { task }) });
  }

  /** Of teams in teams with the depth, since no task around has that id either. */
  #freeId(name: string): string {
    const { depth, tasks } = this.#view.team;
    const taken = new Set([...this.#taken, ...this.#ledger.taken]);
    const id = freeId(depth === 0 ? name : `${name}.${depth}`, (one) => taken.has(one) || tasks.has(one));
    this.#taken.add(id);
    return id;
  }

  /** With the ledger, where it is not what was recorded last. */
  #say(decision: Decision): void {
    prune(this.#ledger);
    const text = JSON.stringify(this.#ledger);
    this.#said.push(text === this.#recorded ? decision : { ...decision, ledger: JSON.parse(text) as JsonObject });
    this.#recorded = text;
  }
}

const clip = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
