import { didYouMean, parseQuery, type RunMessage, type RunReader, systemClock } from '@reprise/core';
import { shortId } from '../dead-letters/message-names.ts';
import { usageError } from '../errors/usage-error.ts';
import { tableOrFolded } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { briefJson, count, localTime, plain } from '../output/text.ts';
import { messageShape } from '../runs/message-shapes.ts';
import { aboutOf, becameOf, senderOf, whereTo } from '../runs/message-text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { withReader } from '../store/with-reader.ts';
import { readAgents } from './read-agents.ts';

export interface AgentMessagesFlags extends Whereabouts {
  readonly query?: string | undefined;
  readonly data?: boolean | undefined;
  readonly runs: number;
  readonly limit: number;
}

/** A message of a run, and what the agent had to do with it. */
interface OfAgent {
  readonly runId: string;
  readonly how: 'sent' | 'had';
  readonly message: RunMessage;
}

interface Found {
  readonly messages: readonly OfAgent[];
  /** Runs that were read, and whether there are more that fit. */
  readonly read: number;
  readonly more: boolean;
}

/** Prints what an agent sent and had in the newest runs that fit, the oldest of a run first. What they say is shown only when it is asked for. */
export async function agentMessages(agent: string, flags: AgentMessagesFlags, terminal: Terminal): Promise<void> {
  const { out, err, json } = terminal;
  const { data = false, limit } = flags;
  const { messages, read, more } = await withReader(flags, async ({ reader }) => findMessages(reader, agent, flags));
  if (messages.length === 0) await assertAgent(agent, flags, terminal);
  const shown = messages.slice(0, limit);
  const isMore = more || shown.length < messages.length;
  if (json)
    return out.json({
      agent,
      messages: shown.map(({ runId, how, message }) => ({ runId, how, ...messageShape(message) })),
      runs: read,
      more: isMore,
    });
  if (shown.length === 0) return err.line(`'${plain(agent)}' sent and had no message in ${count(read, 'run')}.`);
  const columns = [
    { title: 'RUN', flexible: true },
    { title: 'MESSAGE', flexible: true },
    { title: 'SENT' },
    { title: 'HOW' },
    { title: 'FROM', flexible: true },
    { title: 'TO', flexible: true },
    { title: 'ABOUT', flexible: true },
    { title: 'BECAME', flexible: true },
    ...(data ? [{ title: 'DATA', flexible: true }] : []),
  ];
  const cells = shown.map(({ runId, how, message }) => [
    plain(runId),
    plain(shortId(runId, message.id)),
    localTime(message.sentAt),
    how,
    senderOf(message),
    whereTo(message),
    aboutOf(message),
    becameOf(message),
    ...(data ? [plain(briefJson(message.data ?? null, 200))] : []),
  ]);
  for (const line of tableOrFolded(out, columns, cells)) await out.line(line);
  if (isMore) await err.line(err.style('dim', `Of ${count(read, 'run')}; there is more: --runs, --limit, --query.`));
}

async function findMessages(
  reader: RunReader,
  agent: string,
  { query = '', data = false, runs, limit }: AgentMessagesFlags,
): Promise<Found> {
  const where = parseQuery(query, { now: systemClock.now() });
  const page = await reader.list({ where, limit: runs + 1 });
  const messages: OfAgent[] = [];
  let read = 0;
  for (const { runId } of page.slice(0, runs)) {
    if (messages.length > limit) break;
    read += 1;
    const all = await reader.messages(runId, { data });
    // Most runs have none.
    if (all.length > 0) messages.push(...ofAgent(runId, all, await attemptsOf(reader, runId, agent)));
  }
  return { messages, read, more: page.length > read };
}

/** The attempts that an agent was given in a run: `TASK/ATTEMPT`. */
async function attemptsOf(reader: RunReader, runId: string, agent: string): Promise<ReadonlySet<string>> {
  const attempts = new Set<string>();
  for await (const { event } of reader.history(runId))
    if (event.type === 'TaskScheduled' && event.agent === agent) attempts.add(`${event.taskId}/${event.attempt}`);
  return attempts;
}

function ofAgent(runId: string, all: readonly RunMessage[], attempts: ReadonlySet<string>): readonly OfAgent[] {
  const isOwn = (task: string | undefined, attempt: number | undefined): boolean =>
    task !== undefined && attempt !== undefined && attempts.has(`${task}/${attempt}`);
  return all.flatMap((message) => [
    ...(message.from.task !== undefined &&
    message.from.run === undefined &&
    isOwn(message.from.task, message.from.attempt)
      ? [{ runId, how: 'sent' as const, message }]
      : []),
    ...(message.deliveries.some(({ task, attempt }) => isOwn(task, attempt))
      ? [{ runId, how: 'had' as const, message }]
      : []),
  ]);
}

/** Throws REPRISE_USAGE for a name that neither the project nor the store has. */
async function assertAgent(agent: string, where: Whereabouts, terminal: Terminal): Promise<void> {
  const names = (await readAgents(where, terminal)).agents.map(({ name }) => name);
  if (!names.includes(agent))
    throw usageError(
      `There is no agent '${agent}'${didYouMean(agent, names)} (there are ${names.join(', ') || 'none'}).`,
    );
}
