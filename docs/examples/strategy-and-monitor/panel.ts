import {
  type Decision,
  definePlugin,
  type JsonObject,
  type Plugin,
  type ReadyTask,
  type TeamStrategy,
} from '@reprise/core/plugin';

interface Panel {
  readonly question: string;
  readonly members: readonly string[];
}

/** Each member of a team answers the question; what most of them say is what the team gives. Who fails has no vote. */
export const panel: TeamStrategy = {
  name: 'panel',
  team: {
    writes: 1,
    check: ({ question, members }: JsonObject) =>
      typeof question === 'string' && Array.isArray(members) && members.length > 0
        ? []
        : ['it needs a `question`, and `members`: a list of agents.'],
    agentsOf: (spec) => (spec as unknown as Panel).members.map((agent) => ({ agent })),
  },
  select: ({ team, ready, slots }) => {
    const { question, members } = team.spec as unknown as Panel;
    // Each decision is on record by itself: after a crash the rest is asked.
    const asked = Number(team.ledger?.['asked'] ?? 0);
    if (asked < members.length)
      return members.slice(asked).map((agent, index): Decision => {
        const n = asked + index + 1;
        const input = { question, about: team.input };
        return { kind: 'ask', id: `vote-${n}`, role: 'vote', agent, input, ledger: { asked: n } };
      });
    const assigned = [...ready]
      .slice(0, slots)
      .flatMap(({ taskId, agent }: ReadyTask) => (agent ? [{ taskId, agent }] : []));
    const votes = [...team.tasks.values()].filter(({ role }) => role === 'vote');
    if (votes.some(({ status }) => /ready|scheduled|running|waiting/.test(status))) return assigned;
    const count = new Map<string, number>();
    for (const { output } of votes)
      if (output !== undefined) count.set(String(output), (count.get(String(output)) ?? 0) + 1);
    const [first] = [...count].sort(([, one], [, other]) => other - one);
    if (first === undefined) return [{ kind: 'giveUp', message: 'Nobody voted.' }];
    return [{ kind: 'finish', output: first[0], why: `${first[1]} of ${members.length} say so` }];
  },
};

export const panelScheduler = (): Plugin<'scheduler'> =>
  definePlugin({ name: 'panel', kind: 'scheduler', create: () => panel });
