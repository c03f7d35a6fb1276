import { isId, type Json, type TeamTask } from '@reprise/core/plugin';
import { clip, type Desk, hasEnded, listed } from './desk.ts';
import { codeOf, endIfDone, isOutOfBudget, resumeWork } from './ending.ts';
import type { Auction } from './ledger.ts';
import { isBag } from './options.ts';
import type { BidSpec, Rules } from './spec.ts';
import { groupOf, shownWork, told, type Work } from './work.ts';

/** So that what is remembered has its place in the ledger. */
const MOST_CALLS = 10;
const MOST_AUCTIONS = 100;
const MOST_BIDDERS = 100;
const MOST_NEXT = 5;
/** The run has as many conversations as it may: of other teams, or of agents. */
const CROWDED_MS = 1000;
const MOST_REASON = 200;

/** A contract net: each task goes to who bids least for it. */
export function bid(desk: Desk, spec: BidSpec, rules: Rules): void {
  desk.handles('award');
  desk.handles('announce');
  desk.hear();
  if (!desk.isOver) new Market(desk, spec, rules).run();
}

interface Offer {
  readonly bid: string;
  readonly agent: string;
  readonly score: number;
  readonly estimateMs: number;
}

class Market {
  readonly #desk: Desk;
  readonly #spec: BidSpec;
  readonly #rules: Rules;
  /** An award of the last answer could not be: the first that would be made now. */
  #isVoid: boolean;

  constructor(desk: Desk, spec: BidSpec, rules: Rules) {
    this.#desk = desk;
    this.#spec = spec;
    this.#rules = rules;
    this.#isVoid = desk.refused('award') !== undefined;
  }

  run(): void {
    const desk = this.#desk;
    this.#forget();
    this.#hearCalls();
    if (desk.isOver) return;
    if (resumeWork(desk, this.#rules)) return;
    endIfDone(desk, this.#spec, this.#rules);
    if (desk.isOver) return;
    this.#judgeAll();
    if (desk.isOver) return;
    const due: Work[] = [];
    const inOrder: Work[] = [];
    for (const work of this.#called()) {
      this.#assign(work, due, inOrder);
      if (desk.isOver) return;
    }
    const ready = desk.ready();
    desk.assignInOrder([...inOrder.map(groupOf), ...ready.others()]);
    for (const work of due) if (!desk.isOver && this.#mayCall) this.#call(work);
    for (const work of ready.read(() => !desk.isOver && this.#mayCall && this.#mayRemember))
      if (this.#auctionOf(work.task) === undefined) this.#call(work);
    if (desk.isOver) return;
    desk.assignInOrder(ready.others().filter(({ capability }) => capability !== undefined));
    this.#wake();
  }

  get #mayCall(): boolean {
    const isOpen = ({ state }: Auction): boolean => state === 'called';
    const { ledger, view } = this.#desk;
    if (ledger.crowded > view.now) return false;
    return this.#desk.slots() > 0 && Object.values(ledger.works).filter(isOpen).length < MOST_CALLS;
  }

  get #mayRemember(): boolean {
    return Object.keys(this.#desk.ledger.works).length < MOST_AUCTIONS;
  }

  /** Work that was called, and is ready: what is most urgent first. */
  #called(): readonly Work[] {
    const { ledger, view } = this.#desk;
    return Object.keys(ledger.works)
      .flatMap((id): readonly Work[] => {
        const task = view.team.tasks.get(id);
        return task?.capability === undefined || task.status !== 'ready' ? [] : [{ task, capability: task.capability }];
      })
      .sort((one, other) => other.task.priority - one.task.priority);
  }

  /** Also of work that there is no room or slot for now: bids that hang may be what takes it. */
  #judgeAll(): void {
    const { ledger, view } = this.#desk;
    for (const id of Object.keys(ledger.works)) {
      const task = view.team.tasks.get(id);
      const auction = task === undefined ? undefined : this.#auctionOf(task);
      if (task?.capability === undefined || auction?.state !== 'called' || !this.#isAnswered(task, auction)) continue;
      this.#judge({ task, capability: task.capability }, auction);
      if (this.#desk.isOver) return;
    }
  }

  /** What has ended, or is for an agent by its name by now, needs no auction. */
  #forget(): void {
    const { ledger, view } = this.#desk;
    for (const id of Object.keys(ledger.works)) {
      const task = view.team.tasks.get(id);
      if (task?.capability === undefined || hasEnded(task)) delete ledger.works[id];
    }
  }

  #hearCalls(): void {
    const desk = this.#desk;
    const refused = desk.refused('announce');
    if (refused === undefined) return;
    if (refused.code === 'REPRISE_MESSAGE_INVALID') {
      desk.ledger.crowded = desk.view.now + CROWDED_MS;
      return desk.note(`no place for another call: ${refused.message}`);
    }
    if (refused.code !== 'REPRISE_TASK_EXISTS')
      return desk.giveUp(refused.code, `The team cannot call for bids: ${refused.message}`);
    desk.ledger.taken += 1;
    desk.note(`another id: ${refused.message}`);
  }

  #auctionOf({ id, again }: TeamTask): Auction | undefined {
    const found = this.#desk.ledger.works[id];
    return found?.again === again ? found : undefined;
  }

  /** Who has not answered when the call expires has refused: the engine says so. */
  #isAnswered({ id }: TeamTask, { bids }: Auction): boolean {
    const { team } = this.#desk.view;
    const known = team.bids(id);
    return Object.keys(bids).every((one) => known.has(one));
  }

  /** Least by `award`, then by estimate, then by name. Nothing that is not on record is asked: load and clock are not. */
  #judge(work: Work, auction: Auction): void {
    const desk = this.#desk;
    const { task } = work;
    const offers = this.#offers(work, auction);
    const late = Object.keys(auction.bids).filter((one) => this.#hangs(one, offers));
    if (late.length > 0) desk.drop(late, 'no bid came in time');
    let [best, ...rest] = offers;
    if (best !== undefined && this.#isVoid) {
      this.#isVoid = false;
      auction.void.push(best.bid);
      desk.note(`the bid '${best.bid}' cannot be taken`);
      [best, ...rest] = rest;
    }
    if (best === undefined) return this.#noOffer(task, auction);
    const next = rest.slice(0, MOST_NEXT).map(({ agent }) => agent);
    Object.assign(auction, { state: 'awarded', to: best.agent, next, bids: {}, void: [] });
    desk.say({ kind: 'award', task: task.id, bid: best.bid, why: `${best.agent} bids ${best.score}` });
  }

  #hangs(id: string, offers: readonly Offer[]): boolean {
    const task = this.#desk.view.team.tasks.get(id);
    return task !== undefined && !hasEnded(task) && !offers.some((offer) => offer.bid === id);
  }

  #offers({ task, capability }: Work, auction: Auction): readonly Offer[] {
    const known = this.#desk.view.team.bids(task.id);
    const work = shownWork({ task, capability });
    return Object.entries(auction.bids)
      .flatMap(([id, agent]): readonly Offer[] => {
        const said = known.get(id);
        const score = said === undefined || auction.void.includes(id) ? undefined : this.#score(said, work);
        if (score === undefined) return [];
        const estimate = isBag(said) ? said['estimateMs'] : undefined;
        const estimateMs = typeof estimate === 'number' && estimate >= 0 ? estimate : Number.MAX_VALUE;
        return [{ bid: id, agent, score, estimateMs }];
      })
      .sort(
        (one, other) =>
          compare(one.score, other.score) ||
          compare(one.estimateMs, other.estimateMs) ||
          compare(one.agent, other.agent),
      );
  }

  /** undefined: that is no bid. */
  #score(said: Json, work: Json): number | undefined {
    const { award } = this.#spec;
    const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
    if (award === undefined) {
      const price = isBag(said) ? said['price'] : undefined;
      return isNumber(price) && price >= 0 ? price : undefined;
    }
    try {
      const score = this.#desk.view.team.evaluate(award, { bid: said, work });
      return isNumber(score) ? score : undefined;
    } catch {
      return undefined;
    }
  }

  /** Who could not be asked because a budget is used up cannot be asked again. */
  #noOffer(task: TeamTask, auction: Auction): void {
    const { tasks } = this.#desk.view.team;
    const broke = Object.keys(auction.bids).flatMap((id) => tasks.get(id) ?? []);
    const one = broke.find(isOutOfBudget);
    if (one === undefined) return this.#nobody(task, auction);
    this.#desk.giveUp(codeOf(one), `Nobody could bid for '${task.id}': ${one.error?.message ?? ''}`, one.id);
  }

  /** Nobody bid: asked again after 1 s, 2 s, 4 s …, as often as there are rounds. */
  #nobody({ id }: TeamTask, auction: Auction): void {
    const desk = this.#desk;
    const { onNoBid = 'assign' } = this.#spec;
    const asked = this.#asked(auction);
    // Who proposed what counts for nothing waits for an answer, and a call is over before the next one.
    const known = desk.view.team.bids(id);
    const isOpen = Object.keys(auction.bids).some((bid) => known.get(bid) !== undefined);
    if (isOpen) desk.say({ kind: 'award', task: id, why: 'no bid counts' });
    Object.assign(auction, { bids: {}, void: [], next: [], to: null });
    if (auction.round < this.#rules.rounds) {
      Object.assign(auction, { state: 'waiting', until: desk.view.now + 1000 * 2 ** (auction.round - 1) });
      return desk.note(`nobody bids for '${id}' in round ${auction.round}`);
    }
    if (onNoBid === 'fail') {
      const calls = auction.round === 1 ? 'once' : `${auction.round} times`;
      return desk.giveUp('REPRISE_NO_BID', `Nobody bids for '${id}', which was called ${calls}: ${asked}.`);
    }
    Object.assign(auction, onNoBid === 'assign' ? { state: 'order' } : { state: 'awarded', to: onNoBid.agent });
    desk.note(`nobody bids for '${id}': ${onNoBid === 'assign' ? 'assigned in order' : `for ${onNoBid.agent}`}`);
  }

  /** Who was asked in this round, with the reasons that are known. */
  #asked({ bids }: Auction): string {
    const { tasks } = this.#desk.view.team;
    const asked = Object.entries(bids).map(([id, agent]) => {
      const { output, error } = tasks.get(id) ?? {};
      const why = isBag(output) ? output['refuse'] : error?.message;
      return typeof why === 'string' ? `${agent} (${clip(why, MOST_REASON)})` : agent;
    });
    return asked.length === 0 ? 'there was nobody to ask' : `asked were ${listed(asked)}`;
  }

  /** `due`: is to be called again. */
  #assign(one: Work, due: Work[], inOrder: Work[]): void {
    const desk = this.#desk;
    const auction = this.#auctionOf(one.task);
    if (auction === undefined) return void due.push(one);
    if (auction.state === 'order') return void inOrder.push(one);
    if (auction.state === 'waiting' && (auction.until ?? 0) <= desk.view.now) return void due.push(one);
    if (auction.state !== 'awarded' || auction.to === null) return;
    const { onNoBid } = this.#spec;
    const isNamed = isBag(onNoBid) && onNoBid['agent'] === auction.to && auction.round >= this.#rules.rounds;
    if (!isNamed && !this.#stands(auction.to, one)) this.#next(one, auction);
    const { state, to } = auction as Auction;
    if (state === 'awarded' && to !== null) desk.assign(one, to);
    else if (state === 'order') inOrder.push(one);
  }

  /** It has not failed at the task, and is there. */
  #stands(agent: string, { task: { tried }, capability }: Work): boolean {
    const there = this.#desk.view.agents.get(agent);
    return there?.rested === false && there.capabilities.includes(capability) && !tried.includes(agent);
  }

  /** The winner failed: the next bid that stands, or another round. */
  #next(one: Work, auction: Auction): void {
    const { to } = auction;
    const at = auction.next.findIndex((agent) => this.#stands(agent, one));
    if (at === -1) return this.#nobody(one.task, auction);
    auction.to = auction.next[at] ?? null;
    auction.next = auction.next.slice(at + 1);
    this.#desk.note(`'${one.task.id}' comes back from ${to}: the next bid is that of ${auction.to}`);
  }

  #call(one: Work): void {
    const desk = this.#desk;
    const { ledger, view } = desk;
    const { task } = one;
    const { again } = task;
    const round = (this.#auctionOf(task)?.round ?? 0) + 1;
    const { members = [...view.agents.keys()].sort() } = this.#spec;
    const asked = members.filter((agent) => this.#stands(agent, one)).slice(0, MOST_BIDDERS);
    const auction: Auction = { state: 'called', again, round, bids: {}, to: null, next: [], void: [], until: null };
    ledger.works[task.id] = auction;
    if (asked.length === 0) return this.#nobody(task, auction);
    ledger.calls += 1;
    const bids = asked.map((agent, index) => {
      const id = desk.freeId(`bid-${ledger.calls}-${agent}`);
      return { id: isId(id) ? id : desk.freeId(`bid-${ledger.calls}-${index + 1}`), agent };
    });
    auction.bids = Object.fromEntries(bids.map(({ id, agent }) => [id, agent]));
    const { input: given = null } = task;
    const data = { work: { ...shownWork(one), input: told(given) }, input: told(view.team.input), round };
    const deadlineMs = this.#rules.bidMs;
    desk.say({ kind: 'announce', task: task.id, bids, data, deadlineMs, why: `round ${round}` });
  }

  /** When the first of all that is to be called again is, or there may be a place for calls. */
  #wake(): void {
    const { ledger, view } = this.#desk;
    const { now } = view;
    const { wakeAt } = view.team;
    const times = Object.values(ledger.works).flatMap(({ state, until }) =>
      state === 'waiting' && until !== null ? [until] : [],
    );
    if (ledger.crowded > now) times.push(ledger.crowded);
    if (times.length === 0) return;
    const at = Math.max(now + 1000, Math.min(...times));
    if (wakeAt !== undefined && wakeAt > now && wakeAt <= at) return;
    this.#desk.say({ kind: 'note', wakeInMs: at - now });
  }
}

const compare = (one: number | string, other: number | string): number => (one < other ? -1 : one > other ? 1 : 0);
