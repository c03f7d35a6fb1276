import type { AgentView, ReadyGroup, ReadyTask, SchedulingView } from '@reprise/core/plugin';
import fc from 'fast-check';

/** What is ready for one agent, or for a capability. */
export interface Wanted {
  readonly agent?: string;
  readonly capability?: string;
  readonly priorities: readonly number[];
  /** Agents that have failed at each of the tasks. */
  readonly tried?: readonly string[];
}

/** What a view is made of: data, so that the same can be shown twice. */
export interface Situation {
  readonly agents: readonly AgentView[];
  readonly wanted: readonly Wanted[];
  readonly slots: number;
  readonly inFlight: number;
  /** By agent and capability (`x`, `x/read`); what is not named has room for as much as there are slots. */
  readonly rooms: Readonly<Record<string, number>>;
}

const NAMES = ['ada', 'ben', 'cleo'] as const;
const CAPABILITIES = ['read', 'write'] as const;

const agentsOf: fc.Arbitrary<readonly AgentView[]> = fc.subarray([...NAMES]).chain((names) =>
  fc.tuple(
    ...names.map((name) =>
      fc.record({
        name: fc.constant(name),
        capabilities: fc.subarray([...CAPABILITIES]),
        load: fc.nat(20),
        rested: fc.boolean(),
      }),
    ),
  ),
);

/** `zoe` and `fly` are what nobody has. */
const wanted: fc.Arbitrary<Wanted> = fc.oneof(
  fc.record({
    agent: fc.constantFrom(...NAMES, 'zoe'),
    priorities: fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 6 }),
  }),
  fc.record({
    capability: fc.constantFrom(...CAPABILITIES, 'fly'),
    priorities: fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 6 }),
    tried: fc.shuffledSubarray([...NAMES]),
  }),
);

const rooms = fc.dictionary(
  fc.constantFrom(...NAMES, ...NAMES.flatMap((name) => CAPABILITIES.map((capability) => `${name}/${capability}`))),
  fc.nat(4),
);

export const situation: fc.Arbitrary<Situation> = fc.record({
  agents: agentsOf,
  wanted: fc.uniqueArray(wanted, { maxLength: 5, selector: (one) => `${one.agent}/${one.capability}` }),
  slots: fc.integer({ min: 1, max: 8 }),
  inFlight: fc.nat(5),
  rooms,
});

/** The tasks of a situation, by whom they are for, each group in its order. */
export function tasksOf({ wanted: all }: Situation): readonly (readonly ReadyTask[])[] {
  let order = 0;
  return all.map(({ agent, capability, priorities, tried = [] }, group) =>
    priorities
      .map((priority, index): ReadyTask => {
        order += 1;
        return { taskId: `t${group}-${index}`, priority, readySince: 1000 + order, order, agent, capability, tried };
      })
      .sort((one, other) => other.priority - one.priority || one.order - other.order),
  );
}

/** How many ready tasks were read, and what of the view was used as it must not be. */
export interface Watched {
  readonly view: SchedulingView;
  readonly flaws: readonly string[];
  readonly read: number;
}

/** A view in which nothing can be changed and each list be read once, either by groups or as one, as the engine shows it. */
export function watched(situation: Situation, groups: Iterable<Iterable<ReadyTask>> = tasksOf(situation)): Watched {
  const flaws: string[] = [];
  const counts = { read: 0 };
  const used = new Set<string>();
  const once = <T>(what: 'groups' | 'ready', name: string, items: Iterable<T>): Iterable<T> => ({
    *[Symbol.iterator]() {
      if (used.has(name)) flaws.push(`${name} was read twice`);
      used.add(name).add(what);
      if (used.has('groups') && used.has('ready')) flaws.push('both the groups and all of them as one were read');
      for (const item of items) {
        counts.read += 1;
        yield item;
      }
    },
  });
  const lists = [...groups];
  const shown = situation.wanted.map(({ agent, capability }, index): ReadyGroup => {
    const tasks = once('groups', `group ${index}`, frozenOf(lists[index] ?? []));
    return Object.freeze({ agent, capability, tasks });
  });
  const view: SchedulingView = Object.freeze({
    runId: 'run-1',
    region: '',
    now: 5000,
    groups: Object.freeze(shown),
    ready: once('ready', 'what is ready', merged(lists)),
    slots: situation.slots,
    inFlight: situation.inFlight,
    agents: new FixedMap(situation.agents.map((agent) => [agent.name, deepFrozen(agent)])),
    room: (agent: string, capability?: string) => roomOf(situation, agent, capability),
  });
  return {
    view,
    flaws,
    get read() {
      return counts.read;
    },
  };
}

export const roomOf = ({ rooms: all, agents, slots }: Situation, agent: string, capability?: string): number =>
  agents.some(({ name, rested }) => name === agent && !rested)
    ? (all[capability === undefined ? agent : `${agent}/${capability}`] ?? slots)
    : 0;

const frozen = (task: ReadyTask): ReadyTask => Object.freeze({ ...task, tried: Object.freeze([...task.tried]) });

function* frozenOf(tasks: Iterable<ReadyTask>): Generator<ReadyTask> {
  for (const task of tasks) yield frozen(task);
}

/** Of all lists as one, lazily: the first by priority, then by age. */
function* merged(lists: readonly Iterable<ReadyTask>[]): Generator<ReadyTask> {
  const heads = lists.map((list) => {
    const rest = list[Symbol.iterator]();
    return { rest, next: rest.next() };
  });
  for (;;) {
    const left = heads.filter(({ next }) => next.done !== true);
    const [first] = left.sort((one, other) => rank(one.next.value, other.next.value));
    if (first === undefined) return;
    yield frozen(first.next.value as ReadyTask);
    first.next = first.rest.next();
  }
}

const rank = (one: ReadyTask, other: ReadyTask): number => other.priority - one.priority || one.order - other.order;

function deepFrozen(agent: AgentView): AgentView {
  return Object.freeze({ ...agent, capabilities: Object.freeze([...agent.capabilities]) });
}

/** A map that says no when it is to be changed. */
class FixedMap<K, V> extends Map<K, V> {
  readonly #fixed: boolean;

  constructor(entries: readonly (readonly [K, V])[]) {
    super();
    for (const [key, value] of entries) super.set(key, value);
    this.#fixed = true;
  }

  override set(key: K, value: V): this {
    if (this.#fixed) throw new Error('the view was changed');
    return super.set(key, value);
  }

  override delete(): boolean {
    throw new Error('the view was changed');
  }

  override clear(): void {
    throw new Error('the view was changed');
  }
}
