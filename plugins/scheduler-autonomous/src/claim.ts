import { type Desk, hasEnded, listed } from './desk.ts';
import { endIfDone, resumeWork } from './ending.ts';
import { type Claimer, type ClaimSpec, claimersOf, type Rules } from './spec.ts';
import { groupOf, type ReadyWork, shownWork, type Work } from './work.ts';

/** So that a team is never taken for one that decides and decides about nothing new. */
const MOST_CLAIMS = 500;

/** A blackboard: what is ready goes to the members whose trigger holds. */
export function claim(desk: Desk, spec: ClaimSpec, rules: Rules): void {
  desk.hear();
  if (desk.isOver) return;
  if (resumeWork(desk, rules)) return;
  endIfDone(desk, spec, rules);
  if (!desk.isOver) new Board(desk, spec).run();
}

class Board {
  readonly #desk: Desk;
  readonly #spec: ClaimSpec;
  readonly #ready: ReadyWork;
  readonly #members: readonly Claimer[];
  #total = 0;
  /** By agent: what it has claimed, and has in hand. */
  readonly #open = new Map<string, number>();

  constructor(desk: Desk, spec: ClaimSpec) {
    this.#desk = desk;
    this.#spec = spec;
    this.#ready = desk.ready();
    this.#members = claimersOf(spec);
    const { claims } = desk.ledger;
    for (const [id, agent] of Object.entries(claims)) {
      const task = desk.view.team.tasks.get(id);
      const isOpen = task?.agent === agent && (task.status === 'scheduled' || task.status === 'running');
      if (isOpen) this.#add(agent);
      else delete claims[id];
    }
  }

  run(): void {
    const desk = this.#desk;
    const { onNoClaim = 'fail' } = this.#spec;
    const isWanted = (capability: string): boolean =>
      desk.slots() > 0 && this.#total < MOST_CLAIMS && this.#members.some((member) => this.#isFree(member, capability));
    const left: Work[] = [];
    for (const work of this.#ready.read(isWanted)) if (!this.#claim(work)) left.push(work);
    desk.assignInOrder(this.#ready.others());
    if (desk.said.length > 0 || desk.slots() <= 0 || !this.#isStuck()) return;
    for (const work of this.#ready.read(() => true)) left.push(work);
    const [first] = left;
    if (first === undefined) return;
    if (onNoClaim === 'assign') return desk.assignInOrder(left.map(groupOf));
    const more = left.length === 1 ? '' : `, nor ${left.length - 1} more`;
    const reasons = listed(
      this.#members.map((member) => `${member.agent} ${this.#whyNot(member, first)}`),
      '; ',
    );
    const message = `Nobody claims '${first.task.id}'${more}, and nothing else is under way: ${reasons}.`;
    desk.giveUp('REPRISE_NOT_CLAIMED', message);
  }

  /** Of a member that does not claim what nobody does. */
  #whyNot({ agent }: Claimer, { capability }: Work): string {
    const there = this.#desk.view.agents.get(agent);
    if (there === undefined) return 'is not there';
    if (!there.capabilities.includes(capability)) return `has not the capability '${capability}'`;
    return 'has a trigger that does not hold';
  }

  #claim(work: Work): boolean {
    const { id, tried } = work.task;
    // Who failed at it comes last, the one that did so longest ago first; then fewest claims, then the order of the members.
    const [best] = this.#members
      .filter((member) => this.#isFree(member, work.capability) && this.#holds(member, work))
      .sort(
        ({ agent: one }, { agent: other }) =>
          tried.indexOf(one) - tried.indexOf(other) || this.#count(one) - this.#count(other),
      );
    if (best === undefined) return false;
    const { agent } = best;
    this.#desk.ledger.claims[id] = agent;
    this.#add(agent);
    return this.#desk.assign(work, agent, 'claim');
  }

  #isFree({ agent, atOnce = 1 }: Claimer, capability: string): boolean {
    const there = this.#desk.view.agents.get(agent);
    if (there === undefined || there.rested || !there.capabilities.includes(capability)) return false;
    return this.#count(agent) < atOnce && this.#desk.room(agent, capability) > 0;
  }

  /** A trigger that cannot be asked does not hold. */
  #holds({ trigger }: Claimer, work: Work): boolean {
    if (trigger === undefined) return true;
    const { team } = this.#desk.view;
    try {
      return team.holds(trigger, { work: shownWork(work), board: team.outputs });
    } catch {
      return false;
    }
  }

  /** Nothing is under way or comes by itself, and no member would claim anything that is ready, now or when it has room. */
  #isStuck(): boolean {
    const { agents, team } = this.#desk.view;
    if (team.inFlight > 0) return false;
    for (const task of team.tasks.values()) {
      if (hasEnded(task) || task.status === 'pending') continue;
      const { capability } = task;
      if (task.status !== 'ready' || capability === undefined || task.role !== undefined) return false;
      const wouldClaim = (member: Claimer): boolean =>
        agents.get(member.agent)?.capabilities.includes(capability) === true &&
        this.#holds(member, { task, capability });
      if (this.#members.some(wouldClaim)) return false;
    }
    return true;
  }

  #count(agent: string): number {
    return this.#open.get(agent) ?? 0;
  }

  #add(agent: string): void {
    this.#total += 1;
    this.#open.set(agent, this.#count(agent) + 1);
  }
}
