import type { Json, TeamTask } from '@reprise/core/plugin';
import type { Progress, Question, StepState } from './contract.ts';
import type { Team, Worker } from './spec.ts';

/** The format of what is below. */
export const LEDGER_FORMAT = 1;

export interface Step {
  readonly step: string;
  readonly work: string;
  to?: string;
  readonly after: readonly string[];
  input?: Json;
  state: StepState;
  /** The id of its task, once a worker was given it. */
  task?: string;
  rejections: number;
  /** Of a step that is about to be done again. */
  feedback?: Json;
  /** Why no worker could be given it. */
  error?: { readonly code: string; readonly message: string };
}

/** All that a team remembers. What is to happen stands here before it does: so what could not be is known for what it was. */
export interface Ledger {
  /** `planning` until there is a plan, `working` while nobody is asked, `reviewing` while the manager thinks of what is next. */
  state: 'planning' | 'working' | 'reviewing' | 'over';
  facts: Json;
  progress: Progress | null;
  plan: Step[];
  /** The question that is open. `told`: the news that came with it. */
  asking: { readonly task: string; readonly kind: Question; told: readonly string[] } | null;
  /** Steps and other tasks that have ended and the manager has not answered, oldest first. */
  unseen: string[];
  /** Tasks that are to be cancelled. */
  drops: string[];
  /** Tasks of the block that are neither questions nor steps, those of the definition and those that somebody else added, and whether they have ended. */
  others: Record<string, boolean>;
  /** Ids that steps cannot have, as blocks around the team have tasks of that name: only a refusal tells. */
  taken: string[];
  asked: number;
  delegations: number;
  stalls: number;
  resets: number;
  nonsense: number;
  /** Steps that came to nothing, by worker. */
  failed: Record<string, number>;
}

export const emptyLedger = (): Ledger => ({
  state: 'planning',
  facts: null,
  progress: null,
  plan: [],
  asking: null,
  unseen: [],
  drops: [],
  others: {},
  taken: [],
  asked: 0,
  delegations: 0,
  stalls: 0,
  resets: 0,
  nonsense: 0,
  failed: {},
});

/** Accepted steps that are remembered though no other comes after them. */
const MOST_ACCEPTED = 100;

const ENDED: ReadonlySet<TeamTask['status']> = new Set(['completed', 'failed', 'skipped', 'cancelled']);

export const hasEnded = ({ status }: TeamTask): boolean => ENDED.has(status);

export const stepOf = (ledger: Ledger, name: string): Step | undefined => ledger.plan.find(({ step }) => step === name);

export const isUnderWay = ({ state }: Step): boolean => state === 'open' || state === 'redo';

export const openWith = ({ plan }: Ledger, worker: string): number =>
  plan.filter((step) => step.to === worker && isUnderWay(step)).length;

/** Steps that their workers can be given now, in the order of the plan: what they come after is accepted, and the worker has not too many. */
export function dueSteps(ledger: Ledger, team: Team): readonly { readonly step: Step; readonly worker: Worker }[] {
  const done = new Set([
    ...Object.keys(ledger.others).filter((id) => ledger.others[id]),
    ...ledger.plan.filter(({ state }) => state === 'accepted').map(({ step }) => step),
  ]);
  const open = new Map<string, number>();
  for (const step of ledger.plan)
    if (step.to !== undefined && isUnderWay(step)) open.set(step.to, (open.get(step.to) ?? 0) + 1);
  return ledger.plan.flatMap((step) => {
    const worker = step.to === undefined ? undefined : team.workers.get(step.to);
    if (worker === undefined || step.state !== 'planned' || !step.after.every((name) => done.has(name))) return [];
    const count = open.get(worker.name) ?? 0;
    if (count >= worker.atOnce) return [];
    open.set(worker.name, count + 1);
    return [{ step, worker }];
  });
}

/** Whether anything will still happen without the manager. */
export const isMoving = (ledger: Ledger, team: Team): boolean =>
  ledger.plan.some(isUnderWay) || dueSteps(ledger, team).length > 0 || Object.values(ledger.others).includes(false);

/** An id that is not taken: the name itself, or with a number behind it. */
export function freeId(name: string, isTaken: (id: string) => boolean): string {
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? name : `${name}-${number}`;
    if (!isTaken(id)) return id;
  }
}

/** A step is no more: its task is cancelled, if that has not ended. */
export function forget(ledger: Ledger, step: Step): void {
  ledger.plan = ledger.plan.filter((other) => other !== step);
  ledger.unseen = ledger.unseen.filter((name) => name !== step.step);
  if (step.task !== undefined && isUnderWay(step)) ledger.drops.push(step.task);
}

/** Forgets what was accepted long ago, and what nothing comes after. */
export function prune(ledger: Ledger): void {
  const accepted = ledger.plan.filter(({ state }) => state === 'accepted');
  if (accepted.length <= MOST_ACCEPTED) return;
  const needed = new Set(ledger.plan.flatMap(({ state, after }) => (state === 'accepted' ? [] : after)));
  const old = new Set(
    accepted.slice(0, -MOST_ACCEPTED).filter(({ step }) => !needed.has(step) && !ledger.unseen.includes(step)),
  );
  ledger.plan = ledger.plan.filter((step) => !old.has(step));
}
