import { tableOrFolded } from '../output/table.ts';
import type { Screen, Terminal } from '../output/terminal.ts';
import { count, isoOrNull, isoTime, localTime, number, plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { type AgentStanding, readAgents } from './read-agents.ts';

export interface ListAgentsFlags extends Whereabouts {
  readonly capability?: string | undefined;
}

/** Prints the agents that there are, by name, and how each does. */
export async function listAgents(flags: ListAgentsFlags, terminal: Terminal): Promise<void> {
  const { out, err, json } = terminal;
  const { capability } = flags;
  const { agents: all, runs, more } = await readAgents(flags, terminal);
  const agents =
    capability === undefined ? all : all.filter(({ capabilities }) => capabilities?.includes(capability) === true);
  if (json) return out.json({ agents: agents.map(agentShape), openRuns: runs, more });
  if (agents.length === 0)
    return err.line(
      capability === undefined
        ? 'The project has no agent, and no attempt was handed to any.'
        : `No agent of the project has the capability '${plain(capability)}'.`,
    );
  const columns = [
    { title: 'AGENT' },
    { title: 'CAPABILITIES', flexible: true },
    { title: 'STATE' },
    { title: 'LOAD', align: 'right' },
    { title: 'WORKERS', flexible: true },
    { title: 'ATTEMPTS', align: 'right' },
    { title: 'FAILED', align: 'right' },
    { title: 'LAST FAILURE', flexible: true },
  ] as const;
  const rows = agents.map((agent) => [
    plain(agent.name),
    agent.capabilities === undefined ? '?' : plain(agent.capabilities.join(', ') || '-'),
    stateText(out, agent),
    number(agent.load),
    plain(agent.workers.join(', ') || '-'),
    number(agent.attempts),
    number(agent.failed),
    failureText(agent),
  ]);
  for (const line of tableOrFolded(out, columns, rows)) await out.line(line);
  if (more)
    await err.line(
      err.style('dim', `LOAD and WORKERS are those of the newest ${count(runs, 'open run')}: there are more.`),
    );
}

function stateText(screen: Screen, { state, restedUntil }: AgentStanding): string {
  if (state === 'rested') return screen.style('red', `rested until ${localTime(restedUntil ?? 0)}`);
  return state === 'trying' ? screen.style('yellow', 'trying again') : screen.style('green', 'ready');
}

function failureText({ lastFailure }: AgentStanding): string {
  if (lastFailure === undefined) return '-';
  const { at, runId, taskId, code, message } = lastFailure;
  return plain(`${localTime(at)} ${code}: ${message} (${taskId} of ${runId})`);
}

const agentShape = ({ capabilities, restedUntil, lastFailure, ...others }: AgentStanding): object => ({
  ...others,
  capabilities: capabilities ?? null,
  restedUntil: isoOrNull(restedUntil),
  lastFailure: lastFailure === undefined ? null : { ...lastFailure, at: isoTime(lastFailure.at) },
});
