import type { Json, JsonObject } from '@reprise/core';
import type { Decision, TeamSchedulingView, TeamStrategy } from '@reprise/core/plugin';
import { type GivenCommand, seededRandom } from '@reprise/core/testing';
import { readyTasks } from '../../../core/src/orchestration/workflow/ready-tasks.ts';
import type { RunState } from '../../../core/src/orchestration/workflow/state.ts';

type Dice = () => number;

// biome-ignore lint/suspicious/noTemplateCurlyInString: CEL in a value, as in a workflow.
const FEEDBACK = '${ feedback }';

/** What decisions are made from, wherever they are. */
interface Seen {
  readonly decisions: number;
  /** Ids of its tasks. */
  readonly tasks: readonly string[];
  /** Paths of what is ready. */
  readonly ready: readonly string[];
  readonly agents: readonly string[];
  /** Tasks that bids are about. */
  readonly called: readonly { readonly task: string; readonly bid: string }[];
}

/** Something that a strategy might decide: mostly what may be, sometimes what may not. */
function randomDecision(seen: Seen, dice: Dice): JsonObject {
  const pick = <T>(from: readonly T[], none: T): T =>
    dice() < 0.05 ? none : (from[Math.floor(dice() * from.length)] ?? none);
  const task = pick(seen.tasks, 'nobody');
  const agent = pick(seen.agents, 'nobody');
  const id = `n${seen.decisions}`;
  const said: JsonObject = {
    ...(dice() < 0.3 && { why: `because of ${seen.decisions}` }),
    ...(dice() < 0.4 && {
      ledger: { n: seen.decisions, list: seen.tasks.slice(0, 3), ...(dice() < 0.3 && { more: { a: [1] } }) },
    }),
  };
  const added: JsonObject = { agent, input: pick<Json>([{ of: id }, FEEDBACK], null), retry: 2 };
  const kinds: readonly (() => JsonObject)[] = [
    () => ({
      kind: 'add',
      tasks: { [id]: added, ...(dice() < 0.4 && { [`${id}b`]: { ...added, after: dice() < 0.9 ? id : task } }) },
    }),
    () => ({ kind: 'add', tasks: { [id]: { scope: {}, strategy: { name: 'random-team', inner: true } } } }),
    () => ({ kind: 'ask', id, role: 'plan', agent, input: { of: id } }),
    () => ({
      kind: 'announce',
      task,
      bids: [
        { id, agent },
        { id: `${id}b`, agent },
      ],
      data: id,
      deadlineMs: dice() < 0.3 ? 1 : 60_000,
    }),
    () => {
      const { task: about = task, bid = 'nobody' } = seen.called[Math.floor(dice() * seen.called.length)] ?? {};
      return { kind: 'award', task: about, ...(dice() < 0.8 && { bid }) };
    },
    () => ({ kind: 'accept', task }),
    () => ({ kind: 'reject', task, feedback: { of: id } }),
    () => ({ kind: 'drop', tasks: [task] }),
    () => ({ kind: 'handOver', task, agent, ...(dice() < 0.5 && { input: id }) }),
    () => ({ kind: 'note', ...(dice() < 0.3 && { wakeInMs: 1_000 }) }),
    () => ({ kind: 'assign', taskId: pick(seen.ready, 'nobody'), agent }),
    () => (dice() < 0.3 ? { kind: 'finish', output: { at: seen.decisions } } : { kind: 'note' }),
    () =>
      dice() < 0.2
        ? { kind: 'giveUp', message: 'as the dice said', task }
        : { kind: dice() < 0.1 ? 'nonsense' : 'note' },
  ];
  return { ...pick(kinds, () => ({ kind: 'note' }))(), ...said };
}

/** A decision of a team of the run. */
export function randomDecide(state: RunState, dice: Dice): GivenCommand {
  const paths = [...state.teams.keys()];
  const scope = dice() < 0.95 ? (paths[Math.floor(dice() * paths.length)] ?? '') : 'nobody';
  const { team } = state.scopes.get(scope) ?? {};
  const inside = (path: string): boolean => path.startsWith(scope === '' ? '' : `${scope}/`);
  const tasks = [...state.tasks.values()].filter((one) => one.scope === scope && one.index === undefined);
  const seen: Seen = {
    decisions: team?.n ?? 0,
    tasks: tasks.map(({ id }) => (scope === '' ? id : id.slice(scope.length + 1))),
    ready: [...readyTasks(state)].map(({ id }) => id).filter(inside),
    agents: ['worker', 'helper'],
    called: Object.entries(team?.bids ?? {}).flatMap(([task, bids]) => Object.keys(bids).map((bid) => ({ task, bid }))),
  };
  const base = { type: 'Decide', scope, strategy: 'random-team', format: 1, seen: state.revision } as const;
  return dice() < 0.02 ? base : { ...base, decision: randomDecision(seen, dice) };
}

/** A strategy that decides by chance, which follows from what it sees: the same is decided when it is asked again. All that it leads ends. */
export const randomStrategy: TeamStrategy = {
  name: 'random-team',
  team: { writes: 1 },
  select: (view: TeamSchedulingView): readonly Decision[] => {
    const { team, region, agents, slots } = view;
    const { decisions, news, idle } = team;
    const dice = seededRandom(decisions * 31 + region.length * 7 + news.length);
    const ready = [...view.ready];
    const assigned = ready
      .slice(0, slots)
      .flatMap(({ taskId, agent }) => (agent !== undefined && agents.has(agent) ? [{ taskId, agent }] : []));
    if (decisions > 25 || (team.depth > 0 && decisions > 6)) return [{ kind: 'finish', output: decisions }];
    if (news.length === 0 && !idle) return assigned;
    const tasks = [...team.tasks.keys()];
    const called = tasks.flatMap((task) => [...team.bids(task).keys()].map((bid) => ({ task, bid })));
    const seen: Seen = {
      decisions,
      tasks,
      ready: ready.map(({ taskId }) => taskId),
      agents: [...agents.keys()],
      called,
    };
    const decision = randomDecision(seen, dice) as unknown as Decision;
    // Nothing to do about nothing would be the end of it.
    return idle && decision.kind === 'note'
      ? [{ kind: 'note', wakeInMs: 1_000 }, ...assigned]
      : [decision, ...assigned];
  },
};
