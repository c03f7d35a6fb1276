import { blocksOf } from '../../definition/blocks.ts';
import type { WorkflowDefinition } from '../../definition/definition.ts';
import { didYouMean } from '../../definition/did-you-mean.ts';
import type { DefinitionProblem } from '../../definition/problem.ts';
import type { KnownAgent } from '../../definition/validation/agent-rules.ts';
import { sourceProblems } from '../../definition/validation/expression-rules.ts';
import type { JsonObject } from '../../shared/json.ts';
import { thrownText } from '../../shared/thrown-text.ts';
import { type AnyStrategy, leadsTeams, type TeamExpression } from './scheduler-strategy.ts';

/** What is wrong with how a strategy is named: those that only assign go by their name, those that lead teams by an object that they accept. */
export function spokenProblems(strategy: AnyStrategy, team: JsonObject | undefined): readonly string[] {
  const { name } = strategy;
  if (!leadsTeams(strategy)) return team === undefined ? [] : [`'${name}' leads no teams; write strategy: ${name}`];
  if (team === undefined) return [`'${name}' leads teams; write strategy: { name: ${name}, … }`];
  try {
    const { check, expressionsOf } = strategy.team;
    const problems = check?.(team) ?? [];
    const all = problems.length > 0 ? problems : (expressionsOf?.(team) ?? []).flatMap(expressionProblems);
    return all.map((problem) => `'${name}': ${problem.replace(/\.$/, '')}`);
  } catch (error) {
    return [`'${name}' cannot say whether it accepts what is said of it: ${thrownText(error)}`];
  }
}

/** `'panle'; did you mean 'panel'? (installed: …)`, and where others come from. */
export const noStrategy = (name: string, installed: readonly string[]): string =>
  `'${name}'${didYouMean(name, installed)} (installed: ${installed.join(', ')}; a plugin in \`plugins\` of the configuration brings others: docs/scheduling-strategies.md)`;

/** What every expression of a strategy may read. */
const OF_TEAMS = ['input', 'round', 'runId'];

function expressionProblems({ place, source, names }: TeamExpression): readonly string[] {
  const known = [...names, ...OF_TEAMS];
  const elsewhere = (name: string): string =>
    `'${name}' is not available here${didYouMean(name, known)}; there are ${known.join(', ')}`;
  return sourceProblems(source, new Set(known), elsewhere).problems.map((problem) => `${place}: ${problem}`);
}

/** What a team asks for. A plugin that cannot say it says nothing. */
export function askedByTeam(
  strategy: AnyStrategy | undefined,
  team: JsonObject | undefined,
): readonly { readonly agent?: string; readonly capability?: string }[] {
  if (strategy === undefined || team === undefined || !leadsTeams(strategy)) return [];
  try {
    return strategy.team.agentsOf?.(team) ?? [];
  } catch {
    return [];
  }
}

/**
 * What is wrong with the strategies of a definition and its blocks: each is one of `strategies`, said as it has to be. With `agents`, also whom a team asks
 * for that is not there (REPRISE_AGENT_UNKNOWN).
 */
export function strategyProblems(
  definition: WorkflowDefinition,
  strategies: Iterable<AnyStrategy>,
  agents?: Iterable<KnownAgent>,
): readonly DefinitionProblem[] {
  const known = new Map([...strategies].map((strategy) => [strategy.name, strategy]));
  const there = agents === undefined ? undefined : [...agents];
  return blocksOf(definition).flatMap(({ block, path: of }) => {
    const { strategy: name, team } = block;
    const path = [...of, 'strategy'];
    if (name === undefined) return [];
    const strategy = known.get(name);
    if (strategy === undefined) {
      const names = [...known.keys()];
      return [{ path, message: `there is no strategy ${noStrategy(name, names)}` }];
    }
    const said = spokenProblems(strategy, team).map((message): DefinitionProblem => ({ path, message }));
    if (said.length > 0 || there === undefined) return said;
    return askedByTeam(strategy, team).flatMap(({ agent, capability }): DefinitionProblem[] => {
      const isThere = there.some((one) =>
        agent === undefined ? one.capabilities?.includes(capability ?? '') === true : one.name === agent,
      );
      if (isThere) return [];
      const names = there.map((one) => one.name);
      const message =
        agent === undefined
          ? `no agent has the capability '${capability}', for which the team asks`
          : `there is no agent '${agent}', for which the team asks${didYouMean(agent, names)}`;
      return [{ path, message, code: 'REPRISE_AGENT_UNKNOWN' }];
    });
  });
}
