import { relative } from 'node:path';
import {
  type AnyWorkflow,
  bothOf,
  OPEN_RUNS,
  parseQuery,
  type Query,
  type RunReader,
  runsWhere,
  systemClock,
} from '@reprise/core';
import { loadProject } from '../config/load-project.ts';
import { EXIT } from '../errors/exit-codes.ts';
import { usageError } from '../errors/usage-error.ts';
import type { Terminal } from '../output/terminal.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { type Hands, handsOf } from '../store/run-holds.ts';
import { withReader } from '../store/with-reader.ts';
import { compatLines } from './compat-lines.ts';
import type { CompatVerdict } from './compat-verdict.ts';
import { looksLikeFile, pickWorkflow } from './pick-workflow.ts';
import { verdictOf } from './verdict-of.ts';

export interface CompatFlags extends Whereabouts {
  readonly run?: string | undefined;
  readonly query?: string | undefined;
}

/** Says of a workflow which open runs can go on with it. Returns the exit code: 1 when one would be held, or cannot be read. */
export async function checkCompat(typed: string | undefined, flags: CompatFlags, terminal: Terminal): Promise<number> {
  const picked = await pickWorkflow(typed, flags.config);
  const { workflow, source } = picked;
  const { name, version } = workflow.definition;
  const hands = await handsFor(workflow, flags, typed !== undefined && looksLikeFile(typed));
  const { out, json } = terminal;
  return withReader(flags, async ({ reader, storage }) => {
    const ids =
      flags.run === undefined
        ? await openRuns(reader, name, flags.query)
        : [await resolveRun(storage, reader, flags.run)];
    const verdicts: CompatVerdict[] = [];
    for (const runId of ids) {
      const verdict = await verdictOf(reader, runId, hands);
      if (flags.run !== undefined && verdict.next !== 'unreadable' && verdict.workflow !== name)
        throw usageError(`Run '${runId}' is of the workflow ${verdict.workflow}@${verdict.version}, not of '${name}'.`);
      verdicts.push(verdict);
    }
    const shown = relative(process.cwd(), source) || source;
    if (json) {
      const head = { workflow: name, version, hash: workflow.hash, source: shown };
      await out.json({ ...head, runs: verdicts.map(verdictShape) });
    } else for (const line of compatLines(out, { name, version, source: shown }, verdicts, flags)) await out.line(line);
    return verdicts.some(({ next }) => next === 'held' || next === 'unreadable') ? EXIT.failed : EXIT.ok;
  });
}

/** What a process has that is started with the workflow: it stands in the place of that of its name and version. */
async function handsFor(workflow: AnyWorkflow, { config }: CompatFlags, isFile: boolean): Promise<Hands> {
  const { name, version } = workflow.definition;
  const hands = await projectHands(config, isFile);
  const others = hands.workflows.filter(({ definition }) => definition.name !== name || definition.version !== version);
  return { ...hands, agents: [...hands.agents, ...workflow.agents], workflows: [...others, workflow] };
}

/** A file can be checked without a configuration; who takes tasks is not known then. */
async function projectHands(config: string | undefined, isFile: boolean): Promise<Hands> {
  try {
    return handsOf(await loadProject(config, process.cwd()));
  } catch (error) {
    if (!isFile || config !== undefined) throw error;
    return { workflows: [], agents: [], more: true };
  }
}

async function openRuns(reader: RunReader, workflow: string, query: string | undefined): Promise<readonly string[]> {
  const given: Query = query === undefined ? { terms: [] } : parseQuery(query, { now: systemClock.now() });
  const where = bothOf(bothOf(OPEN_RUNS, runsWhere('workflow', [workflow])), given);
  const ids: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await reader.list({ where, limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { runId } of page) ids.push(runId);
    after = page.at(-1)?.cursor;
    if (after === undefined || page.length < PAGE) return ids;
  }
}

const PAGE = 500;

/** What `--json` prints of a run: see docs/reference/cli.md. */
const verdictShape = ({ why, fork, ...rest }: CompatVerdict): object => ({
  ...rest,
  why: why ?? null,
  fork: fork === undefined ? null : { at: fork.at ?? null },
});
