// The messages of a run as a sequence diagram: who takes part (lanes), and what happened in which order (steps).

export interface Party {
  readonly task?: string;
  readonly client?: string;
  readonly run?: string;
}

/** A message as the API tells it; times are ms since the Unix epoch. */
export interface Message {
  readonly id: string;
  readonly revision: number;
  readonly sentAt: number;
  readonly from: Party;
  readonly mailbox: string;
  readonly run?: string;
  readonly topic?: string;
  readonly performative: string;
  readonly type?: string;
  readonly conversation?: string;
  readonly inReplyTo?: string;
  readonly deadline?: number;
  readonly size: number;
  readonly status: string;
  readonly since: number;
  readonly deliveries: readonly Delivery[];
  readonly death?: { readonly at: number; readonly code: string; readonly reason: string };
  readonly edited: number;
  readonly redriven: number;
}

export interface Delivery {
  readonly task?: string;
  readonly client?: string;
  readonly at: number;
  readonly outcome?: string;
  readonly endedAt?: number;
  readonly reason?: string;
  readonly code?: string;
}

/**
 * `sent`: said to a mailbox. `taken`: somebody else than the mailbox's own task has it. `returned`: whoever had it gave it back. `dead`, `expired`,
 * `discarded`: what became of it in the end.
 */
export type StepKind = 'sent' | 'taken' | 'returned' | 'dead' | 'expired' | 'discarded';

export interface Step {
  readonly key: string;
  readonly kind: StepKind;
  readonly message: Message;
  readonly time: number;
  /** Places of lanes; the same where it is about one only. */
  readonly from: number;
  readonly to: number;
}

export interface Lane {
  readonly name: string;
  readonly kind: 'task' | 'name' | 'client' | 'run' | 'others';
}

export interface Sequence {
  readonly lanes: readonly Lane[];
  /** In the order of time; of the same moment, in that of the history. */
  readonly steps: readonly Step[];
}

/** With more lanes than that, items of a list share one. */
const MOST_LANES = 16;
/** What comes after so many shares the last. */
const LAST_LANE = 32;
const OTHERS = 'others';

/** Whoever sent it, as a lane. */
export const senderOf = ({ from: { task, client = '?', run } }: Pick<Message, 'from'>): string =>
  elsewhere(task ?? `client:${client}`, run);
/** Where it was put, as a lane. */
export const receiverOf = ({ mailbox, run }: Pick<Message, 'mailbox' | 'run'>): string => elsewhere(mailbox, run);
const holderOf = ({ task, client }: Delivery): string | undefined =>
  task ?? (client === undefined ? undefined : `client:${client}`);
const elsewhere = (name: string, run: string | undefined): string =>
  run === undefined || name.startsWith('@') ? name : `${name} of ${run}`;

/** The diagram of some messages of a run. O(n log n). */
export function sequenceOf(messages: readonly Message[]): Sequence {
  const told = messages.flatMap(stepsOf).sort((a, b) => a.time - b.time || a.message.revision - b.message.revision);
  const names = new Set(told.flatMap(({ from, to }) => [from, to]));
  const shared = names.size > MOST_LANES;
  const laneOf = (name: string): string => (shared ? name.replaceAll(/\[\d+\]/g, '[…]') : name);
  const lanes = new Map<string, number>();
  const place = (name: string): number => {
    const lane = laneOf(name);
    const known = lanes.get(lane);
    if (known !== undefined) return known;
    const next = Math.min(lanes.size, LAST_LANE);
    lanes.set(lane, next);
    return next;
  };
  const steps = told.map((step) => ({ ...step, from: place(step.from), to: place(step.to) }));
  const shown: Lane[] = [];
  for (const [name, at] of lanes) if (at < LAST_LANE) shown.push({ name, kind: kindOf(name) });
  if (lanes.size > LAST_LANE) shown.push({ name: `${lanes.size - LAST_LANE} others`, kind: OTHERS });
  return { lanes: shown, steps };
}

function kindOf(name: string): Lane['kind'] {
  if (name.startsWith('client:')) return 'client';
  if (name.startsWith('#') || name.startsWith('@')) return 'name';
  return name.includes(' of ') ? 'run' : 'task';
}

type Named = Omit<Step, 'from' | 'to'> & { readonly from: string; readonly to: string };

function stepsOf(message: Message): readonly Named[] {
  const { id, deliveries, death, status, since } = message;
  const to = receiverOf(message);
  const step = (kind: StepKind, time: number, from: string, at: string, index = 0): Named => ({
    key: `${id} ${kind} ${index}`,
    kind,
    message,
    time,
    from,
    to: at,
  });
  const steps = [step('sent', message.sentAt, senderOf(message), to)];
  for (const [index, one] of deliveries.entries()) {
    const holder = holderOf(one) ?? to;
    if (holder !== to) steps.push(step('taken', one.at, to, holder, index));
    if (one.outcome === 'returned' && one.endedAt !== undefined)
      steps.push(step('returned', one.endedAt, holder, to, index));
  }
  if (death !== undefined) steps.push(step('dead', death.at, to, to));
  if (status === 'expired' || status === 'discarded') steps.push(step(status, since, to, to));
  return steps;
}

/** How a message was at a time: its status, and how long until somebody was done with it. */
export function fateOf(
  { status, since, sentAt, deliveries, death }: Message,
  until = Number.POSITIVE_INFINITY,
): { readonly status: string; readonly after?: number } {
  const done = deliveries.findLast(({ outcome }) => outcome === 'acknowledged')?.endedAt;
  if (status === 'acknowledged' && (done ?? since) <= until)
    return { status, after: Math.max(0, (done ?? since) - sentAt) };
  if (since <= until) return { status };
  if (death !== undefined && death.at <= until) return { status: 'dead' };
  const last = deliveries.findLast(({ at }) => at <= until);
  const isHeld = last !== undefined && (last.endedAt === undefined || last.endedAt > until);
  return { status: isHeld ? 'held' : 'open' };
}

export interface Conversation {
  readonly id: string;
  readonly between: readonly string[];
  readonly messages: number;
  /** What it began with. */
  readonly performative: string;
  /** Whether one of its messages is dead or has expired. */
  readonly wrong: boolean;
}

/** The conversations of a run in the order in which they began. */
export function conversationsOf(messages: readonly Message[]): readonly Conversation[] {
  const found = new Map<
    string,
    { id: string; between: Set<string>; messages: number; performative: string; wrong: boolean }
  >();
  for (const one of messages) {
    if (one.conversation === undefined) continue;
    const known = found.get(one.conversation) ?? {
      id: one.conversation,
      between: new Set<string>(),
      messages: 0,
      performative: one.performative,
      wrong: false,
    };
    known.between.add(senderOf(one)).add(receiverOf(one));
    known.messages += 1;
    known.wrong ||= one.status === 'dead' || one.status === 'expired';
    found.set(one.conversation, known);
  }
  return [...found.values()].map((one) => ({ ...one, between: [...one.between] }));
}

/** The part of `rows` rows of `height` px that is in sight, and a few around it. */
export function inSight(
  rows: number,
  height: number,
  top: number,
  seen: number,
  around = 6,
): readonly [number, number] {
  const first = Math.max(0, Math.floor(top / height) - around);
  return [Math.min(first, rows), Math.min(rows, first + Math.ceil(seen / height) + 2 * around)];
}
