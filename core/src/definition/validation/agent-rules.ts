import type { StandardSchemaV1 } from '@standard-schema/spec';
import { fitsAsked } from '../../shared/agent-version.ts';
import type { BlockPlace } from '../blocks.ts';
import { cheaperIn } from '../definition.ts';
import { didYouMean } from '../did-you-mean.ts';
import { fallbackPlaces } from '../fallbacks.ts';
import type { Path, Report } from '../problem.ts';

/** What validation needs to know of an agent. */
export interface KnownAgent {
  readonly name: string;
  readonly version?: string;
  readonly capabilities?: readonly string[];
  /** What it says of its input and output. */
  readonly inputSchema?: StandardSchemaV1 | undefined;
  readonly outputSchema?: StandardSchemaV1 | undefined;
}

/** Every agent and capability that is asked for must be there. */
export function checkAgents(blocks: readonly BlockPlace[], agents: readonly KnownAgent[], report: Report): void {
  const names = new Set(agents.map((agent) => agent.name));
  const capabilities = new Set(agents.flatMap((agent) => agent.capabilities ?? []));
  const unknown = (path: Path, message: string): void => report(path, message, 'REPRISE_AGENT_UNKNOWN');
  const checkName = (name: string | undefined, path: Path): void => {
    if (name === undefined || names.has(name)) return;
    if (agents.some((agent) => fitsAsked(agent, name))) return;
    unknown(path, `there is no agent '${name}'${didYouMean(name, names)}${list(names)}`);
  };
  const checkCapability = (capability: string | undefined, path: Path): void => {
    if (capability === undefined || capabilities.has(capability)) return;
    const hint = didYouMean(capability, capabilities);
    unknown(path, `no agent has the capability '${capability}'${hint}${list(capabilities)}`);
  };
  const groups = blocks.flatMap((block) => block.groups);
  for (const { block, path } of blocks) {
    const cheaper = cheaperIn(block.budget?.onBudget);
    if (cheaper !== undefined) checkName(cheaper, [...path, 'budget', 'onBudget', 'agent']);
  }
  for (const { tasks, path } of groups) {
    for (const task of tasks) {
      const { id, agent, capability, compensate } = task;
      const at = (...slot: Path): Path => [...path, id, ...slot];
      checkName(agent, at('agent'));
      for (const [place, fallback] of fallbackPlaces(task))
        if (fallback.kind === 'agent') checkName(fallback.agent, at(...place, 'agent'));
      checkCapability(capability, at('capability'));
      checkName(compensate?.agent, at('compensate', 'agent'));
      checkCapability(compensate?.capability, at('compensate', 'capability'));
    }
  }
}

const list = (known: ReadonlySet<string>): string =>
  known.size === 0 ? ' (none is registered)' : ` (registered: ${[...known].slice(0, 20).join(', ')})`;
