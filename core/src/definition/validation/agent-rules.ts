import type { TaskDefinition } from '../definition.ts';
import { didYouMean } from '../did-you-mean.ts';
import type { Path, Report } from '../problem.ts';

/** What validation needs to know of an agent. */
export interface KnownAgent {
  readonly name: string;
  readonly capabilities?: readonly string[];
}

/** Every agent and capability that is asked for must be there. */
export function checkAgents(tasks: readonly TaskDefinition[], agents: readonly KnownAgent[], report: Report): void {
  const names = new Set(agents.map((agent) => agent.name));
  const capabilities = new Set(agents.flatMap((agent) => agent.capabilities ?? []));
  const unknown = (path: Path, message: string): void => report(path, message, 'REPRISE_AGENT_UNKNOWN');
  const checkName = (name: string, path: Path): void => {
    if (!names.has(name)) unknown(path, `there is no agent '${name}'${didYouMean(name, names)}${list(names)}`);
  };
  for (const task of tasks) {
    const path = ['tasks', task.id];
    if (task.agent !== undefined) checkName(task.agent, [...path, 'agent']);
    if (task.fallback?.kind === 'agent') checkName(task.fallback.agent, [...path, 'fallback', 'agent']);
    if (task.capability !== undefined && !capabilities.has(task.capability)) {
      const hint = didYouMean(task.capability, capabilities);
      unknown([...path, 'capability'], `no agent has the capability '${task.capability}'${hint}${list(capabilities)}`);
    }
  }
}

const list = (known: ReadonlySet<string>): string =>
  known.size === 0 ? ' (none is registered)' : ` (registered: ${[...known].slice(0, 20).join(', ')})`;
