import type { Json, JsonObject, ReadyGroup, ReadyTask, TeamSchedulingView, TeamTask } from '@reprise/core/plugin';

/** A task of the block that asks for a capability. */
export interface Work {
  readonly task: TeamTask;
  readonly capability: string;
}

/** A task, as expressions see it: what it is to be handed is computed when it is read. */
export function shownWork({ task, capability }: Work): JsonObject {
  const { id, priority, tries } = task;
  let input: Json | undefined;
  return {
    id,
    capability,
    priority,
    tries,
    get input() {
      input ??= task.input ?? null;
      return input;
    },
  };
}

const MOST_TOLD = 16 * 1024;

/** What bidders are told, each of them anew: null in place of what is longer than 16 KiB as JSON. */
export const told = (value: Json): Json => (JSON.stringify(value).length <= MOST_TOLD ? value : null);

/** What `assignInOrder` takes, of work that goes to whoever a graph would give it to. */
export const groupOf = ({ task: { taskId, priority, tried }, capability }: Work, order: number): ReadyGroup => ({
  agent: undefined,
  capability,
  tasks: [{ taskId, priority, readySince: 0, order, agent: undefined, capability, tried }],
});

interface Head {
  readonly group: ReadyGroup;
  readonly capability: string;
  readonly rest: Iterator<ReadyTask>;
  next: ReadyTask | undefined;
  /** What was read of the group, and is no work of the team: of blocks in it. */
  readonly others: ReadyTask[];
}

/** The work that is ready, of which no more is read than is asked for: there may be thousands. */
export class ReadyWork {
  readonly #view: TeamSchedulingView;
  readonly #named: readonly ReadyGroup[];
  readonly #heads: readonly Head[];

  /** `dropped`: is not wanted any more. */
  constructor(view: TeamSchedulingView, dropped: ReadonlySet<string>) {
    this.#view = view;
    const isOpen = ({ taskId }: ReadyTask): boolean => !dropped.has(localId(view, taskId));
    const named = view.groups.filter(({ capability }) => capability === undefined);
    this.#named =
      dropped.size === 0
        ? named
        : named.map((group) => ({ ...group, tasks: Iterator.from(group.tasks).filter(isOpen) }));
    this.#heads = view.groups.flatMap((group): readonly Head[] => {
      const { capability, tasks } = group;
      if (capability === undefined) return [];
      const rest = tasks[Symbol.iterator]();
      return [{ group, capability, rest, next: rest.next().value, others: [] }];
    });
  }

  /** By priority, then by what became ready first; of groups whose capability is wanted, which is asked before each. Goes on where it was left. */
  *read(isWanted: (capability: string) => boolean): Generator<Work> {
    for (;;) {
      let first: Head | undefined;
      for (const head of this.#heads)
        if (head.next !== undefined && isBefore(head.next, first?.next) && isWanted(head.capability)) first = head;
      if (first?.next === undefined) return;
      const { next, rest, capability, others } = first;
      first.next = rest.next().value;
      const task = this.#own(next);
      if (task === undefined) others.push(next);
      else yield { task, capability };
    }
  }

  /** What is for an agent by its name, and what was read that is no work of the team. */
  others(): readonly ReadyGroup[] {
    const read = this.#heads.filter(({ others }) => others.length > 0);
    return [...this.#named, ...read.map(({ group, others }) => ({ ...group, tasks: others }))];
  }

  #own({ taskId }: ReadyTask): TeamTask | undefined {
    const task = this.#view.team.tasks.get(localId(this.#view, taskId));
    return task?.role === undefined ? task : undefined;
  }
}

const localId = ({ region }: TeamSchedulingView, taskId: string): string =>
  region === '' ? taskId : taskId.slice(region.length + 1);

const isBefore = (one: ReadyTask, other: ReadyTask | undefined): boolean =>
  other === undefined || one.priority > other.priority || (one.priority === other.priority && one.order < other.order);
