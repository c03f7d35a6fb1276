import type { ChildProcess } from 'node:child_process';
import { type Figure, figure } from './figures.ts';
import type { FromMember, ToMember } from './member.ts';
import type { Members } from './members.ts';
import { SESSION_MS } from './work.ts';

/** Steps of so many ms: what an orchestrator drives when it goes is still open when another has it. */
const STEP_MS = 300;
const RUNS_AT_ONCE = 40;
/** For how long it is waited for more runs that are driven elsewhere, in ms. */
const QUIET_MS = 4000;
const PLANNED_GOAL_MS = 1000;
const KILLED_GOAL_MS = SESSION_MS + 2000;

/** One of two orchestrators goes: until the other drives the first of its open runs, and the last of them. */
export async function measureTakeOver(how: 'planned' | 'killed', members: Members): Promise<readonly Figure[]> {
  const [leaving, heir] = members.orchestrators;
  if (leaving === undefined || heir === undefined) throw new Error('two orchestrators are needed');
  const open = openRuns(leaving);
  for (const one of [leaving, heir]) {
    one.send({ kind: 'watch' } satisfies ToMember);
    const job = {
      kind: 'run',
      workflow: 'chain',
      runs: 100_000,
      width: RUNS_AT_ONCE / 2,
      input: { n: 0, ms: STEP_MS },
    } as const;
    one.send(job satisfies ToMember);
  }
  await new Promise((resolve) => setTimeout(resolve, 10 * STEP_MS));
  while (open.size < RUNS_AT_ONCE / 4) await new Promise((resolve) => setTimeout(resolve, 50));
  const had = new Set(open);
  const taken = driven(heir, had);
  const since = performance.now();
  if (how === 'killed') leaving.kill('SIGKILL');
  else leaving.send({ kind: 'stop' } satisfies ToMember);
  const times = await taken(since);
  const goal = how === 'killed' ? KILLED_GOAL_MS : PLANNED_GOAL_MS;
  return [
    figure('until the first of its runs is driven elsewhere', Math.min(...times), 'ms'),
    figure('until the last of them is', Math.max(...times), 'ms', `≤ ${goal}`),
    figure('runs that it had', had.size, 'runs'),
    figure('  of which others were seen to drive', times.length, 'runs'),
  ];
}

/** The runs that it drives now. */
function openRuns(child: ChildProcess): ReadonlySet<string> {
  const open = new Set<string>();
  child.on('message', (message: FromMember) => {
    if (message.kind === 'drives') open.add(message.runId);
    if (message.kind === 'ended') open.delete(message.runId);
  });
  return open;
}

/** Listens from now on; resolves once all are driven, or nothing more comes. Runs whose last word was lost are not waited for beyond that. */
function driven(heir: ChildProcess, had: ReadonlySet<string>): (since: number) => Promise<readonly number[]> {
  const at: number[] = [];
  heir.on('message', (message: FromMember) => {
    if (message.kind === 'drives' && had.has(message.runId)) at.push(performance.now());
  });
  return async (since) => {
    const over = (): boolean =>
      at.length >= had.size || (at.length > 0 && performance.now() - (at.at(-1) ?? 0) > QUIET_MS);
    while (!over()) await new Promise((resolve) => setTimeout(resolve, 20));
    return at.map((one) => one - since);
  };
}
