import {
  type Assignment,
  assignInOrder,
  type Decision,
  type ErrorCode,
  type JsonObject,
  type ReadyGroup,
  type TeamSchedulingView,
  type TeamTask,
} from '@reprise/core/plugin';
import { emptyLedger, type Ledger } from './ledger.ts';
import { ReadyWork, type Work } from './work.ts';

const MOST_WHY = 1000;
const MOST_MESSAGE = 4000;
const ENDED: ReadonlySet<TeamTask['status']> = new Set(['completed', 'failed', 'skipped', 'cancelled']);

export const hasEnded = ({ status }: TeamTask): boolean => ENDED.has(status);

/** What is decided in one asking: each decision with the ledger as it is once that one has taken effect. */
export class Desk {
  readonly view: TeamSchedulingView;
  readonly ledger: Ledger;
  isOver = false;
  readonly #said: Decision[] = [];
  readonly #given = new Map<string, number>();
  readonly #handled = new Set<string>();
  readonly #dropped = new Set<string>();
  #recorded: string;
  #count = 0;

  constructor(view: TeamSchedulingView) {
    this.view = view;
    const { ledger } = view.team;
    this.#recorded = ledger === undefined ? '' : JSON.stringify(ledger);
    // Shares nothing with the view.
    this.ledger = ledger === undefined ? emptyLedger() : (JSON.parse(this.#recorded) as Ledger);
  }

  get said(): readonly Decision[] {
    return this.#said;
  }

  say(decision: Decision): void {
    const text = JSON.stringify(this.ledger);
    this.#said.push(text === this.#recorded ? decision : { ...decision, ledger: JSON.parse(text) as JsonObject });
    this.#recorded = text;
  }

  note(why: string): void {
    this.say({ kind: 'note', why: clip(why, MOST_WHY) });
  }

  giveUp(code: ErrorCode, message: string, task?: string): void {
    this.isOver = true;
    this.ledger.over = true;
    this.say({ kind: 'giveUp', code, message: clip(message, MOST_MESSAGE), ...(task !== undefined && { task }) });
  }

  finish(output: Extract<Decision, { kind: 'finish' }>['output']): void {
    this.isOver = true;
    this.say({ kind: 'finish', output });
  }

  /** The decision of its last answer that could not be, if it was of this kind. */
  refused(kind: string): { readonly code: ErrorCode; readonly message: string } | undefined {
    for (const news of this.view.team.news) if (news.kind === 'refused' && news.decision === kind) return news;
    return undefined;
  }

  /** An id that nothing in the block has. Whether a block around has it, only a refusal tells: `ledger.taken` counts those. */
  freeId(name: string): string {
    const { depth, tasks } = this.view.team;
    const { taken } = this.ledger;
    const base = `${name}${depth === 0 ? '' : `.${depth}`}${taken === 0 ? '' : `.t${taken}`}`;
    let id = base;
    for (let n = 2; tasks.has(id); n += 1) id = `${base}-${n}`;
    return id;
  }

  slots(): number {
    return this.view.slots - this.#count;
  }

  room(agent: string, capability?: string): number {
    return this.view.room(agent, capability) - (this.#given.get(agent) ?? 0);
  }

  /** Once: its lists are read once. */
  ready(): ReadyWork {
    return new ReadyWork(this.view, this.#dropped);
  }

  drop(tasks: readonly string[], why: string): void {
    for (const id of tasks) this.#dropped.add(id);
    this.say({ kind: 'drop', tasks, why });
  }

  /** Nothing, when there is no room or slot. */
  assign({ task: { taskId }, capability }: Work, agent: string, why?: string): boolean {
    if (this.slots() <= 0 || this.room(agent, capability) <= 0) return false;
    this.#take({ taskId, agent });
    this.say({ taskId, agent, ...(why !== undefined && { why }) });
    return true;
  }

  /** As a graph would. */
  assignInOrder(groups: readonly ReadyGroup[]): void {
    const { runId, region, now, inFlight, agents } = this.view;
    const slots = this.slots();
    const room = (agent: string, capability?: string): number => this.room(agent, capability);
    const view = { runId, region, now, groups, ready: [], slots, inFlight, agents, room };
    for (const one of assignInOrder(view, slots)) {
      this.#take(one);
      this.say(one);
    }
  }

  #take({ agent }: Assignment): void {
    this.#count += 1;
    this.#given.set(agent, (this.#given.get(agent) ?? 0) + 1);
  }

  /** What could not be, and is not handled by a mode. */
  hear(): void {
    for (const news of this.view.team.news) {
      if (news.kind !== 'refused' || this.isOver || this.#handled.has(news.decision)) continue;
      const { decision, code, message } = news;
      if (code === 'REPRISE_TASK_EXISTS') {
        this.ledger.taken += 1;
        this.note(`another id: ${message}`);
      } else if (decision === 'drop' || (decision === 'assign' && code === 'REPRISE_DECISION_INVALID'))
        this.note(`could not be: ${message}`);
      else this.giveUp(code, `The team cannot go on: ${message}`);
    }
  }

  /** The mode looks after refusals of this kind. */
  handles(kind: string): void {
    this.#handled.add(kind);
  }

  /** Where nothing else will happen, what is new is put behind: only then it is known whether the team is idle. */
  settle(): void {
    const { news, inFlight } = this.view.team;
    if (this.#said.length === 0 && news.length > 0 && inFlight === 0) this.say({ kind: 'note' });
  }
}

export const clip = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;

const MOST_LISTED = 5;

export function listed(items: readonly string[], separator = ', '): string {
  const more = items.length - MOST_LISTED;
  return [...items.slice(0, MOST_LISTED), ...(more > 0 ? [`and ${more} more`] : [])].join(separator);
}
